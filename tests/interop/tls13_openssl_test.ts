/** OpenSSL in TLS 1.3, in both roles: suites, groups, HelloRetryRequest, keys, ALPN, the change_cipher_spec of old. @module */
import { assert, Effect } from "../deps.ts";
import { Names, type Policy } from "../../mod.ts";
import { client, exchange } from "./ends.ts";
import { withPeer } from "./peers.ts";
import {
  agrees,
  type Expected,
  groups13,
  identity,
  type Kind,
  only13,
  schemes13,
  suites13,
  withClient,
  withServer,
} from "./tls13.ts";

const { CipherSuite: C, SignatureScheme } = Names;

/** One thing that both ends must have in common. */
interface Row {
  readonly what: string;
  readonly expected: Expected;
  readonly policy?: Partial<Policy.Policy>;
  readonly kind?: Kind;
  /** OpenSSL's flags, in either role. */
  readonly flags?: ReadonlyArray<string>;
}

const names = Object.keys(groups13) as ReadonlyArray<keyof typeof groups13>;

const rows: ReadonlyArray<Row> = [
  ...suites13.map((suite): Row => ({
    what: C.nameOf(suite),
    policy: { cipherSuites: [suite] },
    flags: ["-ciphersuites", C.nameOf(suite)],
    expected: { suite },
  })),
  ...names.map((name): Row => ({
    what: `the group ${name}`,
    policy: { groups: [groups13[name]] },
    flags: ["-groups", name],
    expected: { group: groups13[name] },
  })),
  ...Object.entries(schemes13).flatMap(([kind, schemes]) =>
    schemes.map((scheme): Row => ({
      what: `a certificate of ${kind} and ${SignatureScheme.nameOf(scheme)}`,
      kind: kind as Kind,
      policy: { signatureSchemes: [scheme, ...only13().signatureSchemes] },
      expected: { scheme },
    }))
  ),
  {
    what: "-no_middlebox, so no change_cipher_spec comes from OpenSSL",
    flags: ["-no_middlebox"],
    expected: {},
  },
];

const toServer = ["ClientHello", "ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify"];
/** A full handshake, and the two tickets after it. */
const full = [...toServer, "Finished", "Finished", "NewSessionTicket", "NewSessionTicket"];
const retried = ["ClientHello", "ServerHello", ...full];

for (const { what, expected, policy, kind = "p256", flags = [] } of rows) {
  withPeer(
    "openssl",
    `our server and s_client, TLS 1.3: ${what}`,
    Effect.gen(function* () {
      const { shown, rootFile } = yield* identity(kind);
      const trust = ["-CAfile", rootFile, "-verify_return_error", "-verify_hostname", "localhost"];
      const { peer, us } = yield* withClient([...flags, ...trust], { policy: only13(policy) }, shown);
      yield* exchange(us, peer, "once");
      yield* agrees(us.connection, expected);
      assert.match(peer.output(), /^New, TLSv1\.3, Cipher is TLS_/m);
      const { alerts, messages } = yield* peer.trace;
      assert.deepEqual(messages, full);
      assert.deepEqual(alerts, ["warning close notify"]);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, TLS 1.3: ${what}`,
    Effect.gen(function* () {
      const { roots, flags: own } = yield* identity(kind);
      const { peer, us } = yield* Effect.provide(
        withServer([...own, ...flags], { policy: only13(policy) }),
        client(roots),
      );
      yield* exchange(us, peer, "once");
      yield* agrees(us.connection, expected);
      yield* us.connection.close;
      const { messages } = yield* peer.trace;
      assert.deepEqual(messages, full);
    }),
  );
}

/** The one that has no share when the handshake begins, because the client puts another first. */
const others = names.map((name) => [name, name === "X25519" ? "P-256" : "X25519"] as const);

for (const [name, first] of others) {
  const [group, guessed] = [groups13[name], groups13[first]];

  withPeer(
    "openssl",
    `our server and s_client, TLS 1.3: a HelloRetryRequest for ${name}`,
    Effect.gen(function* () {
      const { peer, us } = yield* withClient(
        ["-groups", `${first}:${name}`],
        { policy: only13({ groups: [group] }) },
      );
      yield* exchange(us, peer, "once");
      yield* agrees(us.connection, { group, retried: true });
      assert.deepEqual((yield* peer.trace).messages, retried);
    }),
  );

  withPeer(
    "openssl",
    `our client and s_server, TLS 1.3: a HelloRetryRequest for ${name}`,
    Effect.gen(function* () {
      const { peer, us } = yield* withServer(
        ["-groups", name],
        { policy: only13({ groups: [guessed, group] }) },
      );
      yield* exchange(us, peer, "once");
      yield* agrees(us.connection, { group, retried: true });
      yield* us.connection.close;
      assert.deepEqual((yield* peer.trace).messages, retried);
    }).pipe(Effect.provide(client())),
  );
}

withPeer(
  "openssl",
  "our client and s_server, TLS 1.3: ALPN is agreed on, and what both have not is no_application_protocol",
  Effect.gen(function* () {
    const flags = ["-alpn", "h2,http/1.1"];
    const { peer, us } = yield* withServer(flags, { alpn: ["spdy/3", "http/1.1"] });
    assert.equal((yield* us.connection.negotiated).alpn, "http/1.1");
    yield* exchange(us, peer, "once");
    const refused = yield* Effect.flip(withServer(flags, { alpn: ["spdy/3"] }));
    assert.equal(refused.message, "the peer sent the fatal alert no_application_protocol");
  }).pipe(Effect.provide(client())),
);

withPeer(
  "openssl",
  "our server and s_client, TLS 1.3: ALPN is agreed on",
  Effect.gen(function* () {
    const { peer, us } = yield* withClient(["-alpn", "h2,http/1.1"], { alpn: ["http/1.1"] });
    yield* exchange(us, peer, "once");
    assert.equal((yield* us.connection.negotiated).alpn, "http/1.1");
    assert.match(peer.output(), /ALPN protocol: http\/1\.1/);
  }),
);
