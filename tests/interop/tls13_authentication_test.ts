/** Certificates of clients in TLS 1.3 with OpenSSL, in the handshake and after it, in both roles. @module */
import { assert, Effect } from "../deps.ts";
import { type Errors, Policy } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { accept, client, exchange, type Talk } from "./ends.ts";
import { keys, sClient } from "./openssl.ts";
import { withPeer } from "./peers.ts";
import { only13, withClient, withServer } from "./tls13.ts";

const kinds = ["rsa", "p256", "ed25519"] as const;
const willing = only13({ renegotiation: "allow" });

/** How many certificates the peer has shown. */
const shownTo = ({ connection }: Talk) => Effect.map(connection.peerCertificates, (chain) => chain.length);

/** The fatal alert that a connection ended in. */
const alertOf = ({ end }: Talk) =>
  Effect.map(end, (error: Errors.TlsError | undefined) => `${error?._tag}: ${error?.message}`);

// ---- in the handshake ----

for (const kind of kinds) {
  withPeer(
    "openssl",
    `our client shows s_server -Verify a certificate of ${kind} in TLS 1.3`,
    Effect.gen(function* () {
      const { peer, us } = yield* withServer(["-Verify", "1", "-verify_return_error"]);
      yield* exchange(us, peer, "once");
      assert.match(peer.output(), /CN = test client\nverify return:1/);
      yield* us.connection.close;
      const { messages } = yield* peer.trace;
      assert.equal(messages.filter((name) => name === "CertificateVerify").length, 2);
    }).pipe(Effect.provide(client(Golden.root, kind))),
  );

  for (const clientAuth of ["request", "require"] as const) {
    withPeer(
      "openssl",
      `our server that asks (${clientAuth}) gets a certificate of ${kind} from s_client in TLS 1.3`,
      Effect.gen(function* () {
        const { peer, us } = yield* withClient(keys(`client-${kind}`), { clientAuth });
        yield* exchange(us, peer, "once");
        assert.ok((yield* shownTo(us)) > 0);
      }),
    );
  }
}

withPeer(
  "openssl",
  "our server takes s_client without a certificate if it only requests one, in TLS 1.3",
  Effect.gen(function* () {
    const { peer, us } = yield* withClient([], { clientAuth: "request" });
    yield* exchange(us, peer, "once");
    assert.equal(yield* shownTo(us), 0);
    const { messages } = yield* peer.trace;
    assert.deepEqual(messages.filter((name) => name === "Certificate").length, 2);
  }),
);

withPeer(
  "openssl",
  "our client without a certificate is taken by s_server -verify, in TLS 1.3",
  Effect.gen(function* () {
    const { peer, us } = yield* withServer(["-verify", "1"]);
    yield* exchange(us, peer, "once");
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our client without a certificate hears certificate_required of s_server -Verify when it reads, in TLS 1.3",
  Effect.gen(function* () {
    const { us } = yield* withServer(["-Verify", "1"]);
    assert.equal(yield* alertOf(us), "PeerAlert: the peer sent the fatal alert certificate_required");
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "s_client without a certificate hears certificate_required of our server that requires one, in TLS 1.3",
  Effect.gen(function* () {
    const { port } = yield* accept("p256", { policy: only13(), clientAuth: "require" });
    const peer = yield* sClient(port, "-tls1_3");
    yield* peer.until(/alert certificate required:.*SSL alert number 116/);
  }),
);

// ---- after it (RFC 8446 §4.6.2) ----

for (const kind of kinds) {
  withPeer(
    "openssl",
    `our client, asked later by s_server, shows a certificate of ${kind}, and the connection goes on`,
    Effect.gen(function* () {
      const { peer, us } = yield* withServer([], { policy: willing });
      yield* exchange(us, peer, "before");
      yield* peer.say("c\n");
      yield* peer.until(/CN = test client\nverify return:1/);
      yield* exchange(us, peer, "after");
      yield* us.connection.updateKeys({ request: true });
      yield* exchange(us, peer, "updated");
    }).pipe(Effect.provide(client(Golden.root, kind))),
  );

  withPeer(
    "openssl",
    `our server asks s_client -enable_pha later, and gets a certificate of ${kind}`,
    Effect.gen(function* () {
      const { peer, us } = yield* withClient(["-enable_pha", ...keys(`client-${kind}`)]);
      yield* exchange(us, peer, "before");
      assert.equal(yield* shownTo(us), 0);
      yield* us.connection.requestClientCertificate("require");
      assert.ok((yield* shownTo(us)) > 0);
      yield* exchange(us, peer, "after");
      const { messages } = yield* peer.trace;
      assert.deepEqual(
        messages.slice(messages.indexOf("CertificateRequest")),
        ["CertificateRequest", "Certificate", "CertificateVerify", "Finished"],
      );
    }),
  );
}

withPeer(
  "openssl",
  "our client without a certificate, asked later by s_server, says so, and the connection goes on",
  Effect.gen(function* () {
    const { peer, us } = yield* withServer([], { policy: willing });
    yield* exchange(us, peer, "before");
    yield* peer.say("c\n");
    yield* peer.until(/SSL_do_handshake -> 1/);
    yield* exchange(us, peer, "after");
    yield* us.connection.close;
    const { messages } = yield* peer.trace;
    assert.deepEqual(
      // s_server gives tickets of what it now knows.
      messages.slice(messages.indexOf("CertificateRequest")),
      ["CertificateRequest", "Certificate", "Finished", "NewSessionTicket", "NewSessionTicket"],
    );
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our server asks s_client later that has no certificate: none if it requests one, certificate_required if it requires it",
  Effect.gen(function* () {
    const { peer, us } = yield* withClient(["-enable_pha"]);
    yield* exchange(us, peer, "before");
    yield* us.connection.requestClientCertificate("request");
    assert.equal(yield* shownTo(us), 0);
    yield* exchange(us, peer, "between");
    yield* Effect.flip(us.connection.requestClientCertificate("require"));
    yield* peer.until(/SSL alert number 116/);
  }),
);

withPeer(
  "openssl",
  "our server may not ask s_client later that did not offer it: RenegotiationRefused, and the connection goes on",
  Effect.gen(function* () {
    const { peer, us } = yield* withClient(keys("client-rsa"));
    yield* exchange(us, peer, "before");
    const refused = yield* Effect.flip(us.connection.requestClientCertificate("require"));
    assert.equal(refused._tag, "RenegotiationRefused");
    yield* exchange(us, peer, "after");
  }),
);

withPeer(
  "openssl",
  "our client under the default policy does not offer to be asked later, and s_server does not ask",
  Effect.gen(function* () {
    assert.equal(Policy.modern.renegotiation, "refuse");
    const { peer, us } = yield* withServer([]);
    yield* exchange(us, peer, "before");
    yield* peer.say("c\n");
    yield* peer.until(/extension not received/);
    yield* exchange(us, peer, "after");
  }).pipe(Effect.provide(client(Golden.root, "rsa"))),
);
