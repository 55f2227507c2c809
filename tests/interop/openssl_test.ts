/** OpenSSL in TLS 1.2: suites, resumption, ALPN, client certificates. @module */
import { assert, Effect } from "../deps.ts";
import { Credentials, Names } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { ask, type Cell, cells, client, connect, listen, policyOf, suites } from "./ends.ts";
import { certificates, freePort, start, temporary, withPeer } from "./peers.ts";
import { bytesOf } from "../support/text.ts";

const nameOf = ({ suite, kind, group }: Cell): string => [suite, kind, ...(group ? [group] : [])].join(", ");
/** OpenSSL refuses TLS 1.2's smaller keys and hashes at its default level; none is used here. */
const root = `${certificates}/root.pem`;
const sClient = (port: number, ...more: ReadonlyArray<string>) =>
  start("openssl", [
    "s_client",
    ...["-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-tls1_2"],
    ...["-CAfile", root, "-verify_return_error", "-verify_hostname", "localhost"],
    ...more,
  ]);

/** Each cell in both roles; our policy's first group is the cell's, and makes the exchange. */
for (const cell of cells) {
  const { suite, kind, group } = cell;
  withPeer(
    "openssl",
    `our server and s_client: ${nameOf(cell)}`,
    Effect.gen(function* () {
      const port = yield* listen(kind, { policy: policyOf(cell) });
      // In TLS 1.2 the groups speak for the certificate's curve, too (RFC 8422 §5.1.1).
      const curve = { p256: "P-256", p384: "P-384", p521: "P-521" }[kind as string];
      const groups = group === undefined ? [] : ["-groups", [...new Set([group, curve ?? group])].join(":")];
      const peer = yield* sClient(port, "-cipher", suite, ...groups);
      yield* peer.until(/Verify return code: 0 \(ok\)/);
      assert.match(peer.output(), new RegExp(`Cipher is ${suite}\\b`));
      if (group !== undefined) {
        const named = {
          "X25519": "X25519",
          "P-256": "ECDH, prime256v1",
          "P-384": "ECDH, secp384r1",
          "P-521": "ECDH, secp521r1",
        };
        assert.match(peer.output(), new RegExp(`Server Temp Key: ${named[group as keyof typeof named]}`));
      }
      assert.match(peer.output(), /Extended master secret: yes/);
      assert.match(peer.output(), /Secure Renegotiation IS supported/);
      yield* peer.say("stressed\n");
      yield* peer.until(/desserts/);
      yield* peer.endInput;
      assert.equal(yield* peer.ended, 0);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server: ${nameOf(cell)}`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const peer = yield* start("openssl", [
        "s_server",
        ...["-accept", `127.0.0.1:${port}`, "-tls1_2", "-rev", "-cipher", suite],
        ...["-cert", `${certificates}/${kind}.pem`, "-key", `${certificates}/${kind}.key`],
        ...(group === undefined ? [] : ["-groups", group]),
      ]);
      yield* peer.until(/ACCEPT/);
      const connection = yield* connect(port, { policy: policyOf(cell) });
      const negotiated = yield* connection.negotiated;
      assert.equal(negotiated.cipherSuite, suites[suite]);
      assert.equal(
        negotiated.group && Names.NamedGroup.nameOf(negotiated.group),
        group && {
          "X25519": "x25519",
          "P-256": "secp256r1",
          "P-384": "secp384r1",
          "P-521": "secp521r1",
        }[group],
      );
      assert.equal(negotiated.extendedMasterSecret, true);
      assert.equal(yield* ask(connection, "stressed"), "desserts");
      yield* connection.close;
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our server: s_client -reconnect -no_ticket is Reused five times",
  Effect.gen(function* () {
    const port = yield* listen("p256");
    const peer = yield* sClient(port, "-reconnect", "-no_ticket");
    yield* peer.until(/(Reused,[^]*){5}/);
    yield* peer.endInput;
    assert.equal(yield* peer.ended, 0);
    assert.equal(peer.output().match(/^New, TLSv1.2/gm)?.length, 1);
  }),
);

withPeer(
  "openssl",
  "our server: a session that s_client kept in a file is resumed by the next, and one of another server is not",
  Effect.gen(function* () {
    const port = yield* listen("rsa");
    const other = yield* listen("rsa");
    const folder = yield* temporary;
    const file = `${folder}/session.pem`;
    const once = (port: number, ...args: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const peer = yield* sClient(port, "-no_ticket", ...args);
        yield* peer.until(/Verify return code: 0/);
        yield* peer.endInput;
        assert.equal(yield* peer.ended, 0);
        return /^Reused,/m.test(peer.output()) ? "reused" : "new";
      });
    assert.equal(yield* once(port, "-sess_out", file), "new");
    assert.equal(yield* once(port, "-sess_in", file), "reused");
    assert.equal(yield* once(other, "-sess_in", file), "new");
  }),
);

withPeer(
  "openssl",
  "our client: a session of s_server is resumed, and after s_server forgot it the handshake is full",
  Effect.gen(function* () {
    const port = yield* freePort;
    const serve = (...more: ReadonlyArray<string>) =>
      start("openssl", [
        "s_server",
        ...["-accept", `127.0.0.1:${port}`, "-tls1_2", "-rev", "-no_ticket", ...more],
        ...["-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`],
      ]);
    const resumed = Effect.scoped(Effect.gen(function* () {
      const connection = yield* connect(port);
      assert.equal(yield* ask(connection, "stressed"), "desserts");
      yield* connection.close;
      return (yield* connection.negotiated).resumed;
    }));
    yield* Effect.scoped(Effect.gen(function* () {
      yield* (yield* serve()).until(/ACCEPT/);
      assert.deepEqual(yield* Effect.all([resumed, resumed, resumed]), [false, true, true]);
    }));
    yield* (yield* serve()).until(/ACCEPT/);
    assert.deepEqual(yield* Effect.all([resumed, resumed]), [false, true]);
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our client: ALPN is agreed on with s_server",
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      "s_server",
      ...["-accept", `127.0.0.1:${port}`, "-tls1_2", "-rev", "-alpn", "h2,http/1.1"],
      ...["-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`],
    ]);
    yield* peer.until(/ACCEPT/);
    const connection = yield* connect(port, { alpn: ["spdy/3", "http/1.1"] });
    assert.equal((yield* connection.negotiated).alpn, "http/1.1");
    yield* connection.close;
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our server: ALPN is agreed on with s_client, and no overlap is no_application_protocol",
  Effect.gen(function* () {
    const port = yield* listen("p256", { alpn: ["http/1.1"], onFailure: () => Effect.void });
    const peer = yield* sClient(port, "-alpn", "h2,http/1.1");
    yield* peer.until(/ALPN protocol: http\/1.1/);
    const stranger = yield* sClient(port, "-alpn", "h2");
    yield* stranger.until(/alert number 120/);
  }),
);

withPeer(
  "openssl",
  "our client: a request of s_server to renegotiate is declined, and the connection goes on",
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      "s_server",
      ...["-accept", `127.0.0.1:${port}`, "-tls1_2", "-msg"],
      ...["-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`],
    ]);
    yield* peer.until(/ACCEPT/);
    const connection = yield* connect(port);
    yield* connection.write(bytesOf("hello\n"));
    yield* peer.until(/hello/);
    yield* Effect.fork(connection.read);
    yield* peer.say("r\n");
    yield* peer.until(/HelloRequest/);
    yield* peer.until(/<<< TLS 1.2, Alert[^]*warning no_renegotiation/);
  }).pipe(Effect.provide(client())),
);

for (const kind of ["rsa", "p256"] as const) {
  withPeer(
    "openssl",
    `our client: s_server that requires a certificate gets ours, ${kind}`,
    Effect.gen(function* () {
      const port = yield* freePort;
      const peer = yield* start("openssl", [
        ...[
          "s_server",
          "-accept",
          `127.0.0.1:${port}`,
          "-tls1_2",
          "-rev",
          "-Verify",
          "1",
          "-verify_return_error",
        ],
        ...["-CAfile", root, "-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`],
      ]);
      yield* peer.until(/ACCEPT/);
      const connection = yield* Effect.provide(connect(port), Credentials.fromPem(Golden.client(kind)));
      assert.equal(yield* ask(connection, "stressed"), "desserts");
      yield* peer.until(/verify return:1/);
      assert.match(peer.output(), /CN = test client/);
      yield* connection.close;
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our client: s_server that requires a certificate refuses us without one, and we say so",
  Effect.gen(function* () {
    const port = yield* freePort;
    const peer = yield* start("openssl", [
      ...["s_server", "-accept", `127.0.0.1:${port}`, "-tls1_2", "-Verify", "1", "-CAfile", root],
      ...["-cert", `${certificates}/p256.pem`, "-key", `${certificates}/p256.key`],
    ]);
    yield* peer.until(/ACCEPT/);
    const refused = yield* Effect.flip(connect(port));
    assert.equal(refused.message, "the peer sent the fatal alert handshake_failure");
  }).pipe(Effect.provide(client())),
);
