/**
 * Client certificates: each way to ask, each client key, each suite and version (RFC 5246 §7.4.4, §7.4.6, §7.4.8).
 *
 * @module
 */
import { assert, Effect, Either } from "../deps.ts";
import { CertificateRequest, CertificateRequestLegacy } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import {
  ClientCertificateType,
  CompressionMethod,
  ProtocolVersion,
  versionText,
} from "../../src/names/protocol.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { legacy12 } from "../support/policies.ts";
import { suites } from "../../src/tables/suites.ts";
import { codec } from "../../src/wire/codec.ts";
import type { ClientKind } from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import { covering } from "../support/exhaustive.ts";
import { bothHandshake, build, handshake, pingPong, recordsOf, type Setup } from "../support/handshake.ts";
import { withoutExtendedMasterSecret } from "../support/other_ends.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const C = CipherSuite;

/** One suite for each exchange and authentication, with a server's key for it. */
const cells = [
  [C.TLS_RSA_WITH_AES_128_CBC_SHA, "rsa"],
  [C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA, "rsa"],
  [C.TLS_DH_anon_WITH_AES_128_CBC_SHA, "rsa"],
  [C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "rsa"],
  [C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "p256"],
  [C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ed25519"],
  [C.TLS_ECDH_anon_WITH_AES_128_CBC_SHA, "rsa"],
] as const;

/** Which client keys can prove themselves in a version. */
const provable = (version: ProtocolVersion, kind: ClientKind | undefined): boolean =>
  kind !== undefined && (kind === "rsa" || version > SSL_3_0) && (kind !== "ed25519" || version === TLS_1_2);

const defined = (version: ProtocolVersion, suite: CipherSuite, kind: string): boolean =>
  suites.get(suite)!.since <= version && (kind !== "ed25519" || version === TLS_1_2);

/** All that client authentication meets in a flight. */
const rows = [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0].flatMap((version) =>
  cells.filter(([suite, kind]) => defined(version, suite, kind)) // refused: the matrix of suites says so
    .flatMap(([suite, kind]) =>
      (["none", "request", "require"] as const).flatMap((clientAuth) =>
        ([undefined, "rsa", "p256", "ed25519"] as const).flatMap((clientKind) =>
          (version > SSL_3_0 ? [true, false] : [false]).map((bound) => ({
            version,
            suite,
            kind,
            clientAuth,
            clientKind,
            bound,
          }))
        )
      )
    )
);
type Row = typeof rows[number];

/** Each policy with each client in each version, and each suite with each policy, with and without the extension. */
const traits = ({ version, suite, kind, clientAuth, clientKind, bound }: Row): ReadonlyArray<unknown> => [
  [version, clientAuth, clientKind],
  [version, suite, kind],
  [suite, clientAuth, clientKind !== undefined],
  [version, bound, clientAuth],
];

for (const row of covering("client authentication", rows, traits)) {
  const { version, suite, kind, clientAuth, clientKind, bound } = row;
  const anonymous = suites.get(suite)!.authentication === "anonymous";
  const policy: Policy = {
    ...legacy12,
    versions: [version],
    cipherSuites: [suite],
    compressionMethods: [CompressionMethod.null],
  };
  // What TLS 1.1 has of signatures TLS 1.0 has too: one of them is tried with toys.
  const toy = version === TLS_1_1;
  const setup: Setup = { kind, clientKind, toy, client: { policy }, server: { policy, clientAuth } };
  const shown = clientAuth !== "none" && !anonymous && provable(version, clientKind);
  const refused = clientAuth === "require" && !shown;
  const cell = [
    versionText(version),
    CipherSuite.nameOf(suite),
    kind,
    `a certificate is ${{ none: "not asked for", request: "asked for", require: "required" }[clientAuth]}`,
    `the client has ${clientKind ?? "none"}`,
    bound ? "extended master secret" : "master secret",
  ].join(", ");
  sync(
    `${cell}: ${refused ? "refused" : shown ? "shown, and kept when resumed" : "not shown"}`,
    Effect.gen(function* () {
      const built = yield* build(setup);
      const once = bound ? bothHandshake(built, setup) : withoutExtendedMasterSecret(built, setup);
      if (refused) {
        const { client, server } = yield* once;
        assert.equal(
          Either.isLeft(server) && server.left._tag === "Refused" && server.left.reason,
          anonymous ? "no_common_cipher_suite" : "no_client_certificate",
        );
        assert.equal(
          Either.isLeft(client) && client.left.message,
          "the peer sent the fatal alert handshake_failure",
        );
        return;
      }
      for (const resumed of [false, true]) {
        const { client, server } = yield* once;
        const [c, s] = [yield* client, yield* server];
        assert.equal((yield* s.peerCertificates).length, shown ? 1 : 0);
        assert.equal((yield* c.peerCertificates).length, anonymous ? 0 : 1);
        const n = yield* s.negotiated;
        assert.deepEqual([n.resumed, n.extendedMasterSecret], [resumed, bound]);
        assert.equal(yield* pingPong(c, s), "ping pong");
      }
    }),
  );
}

sync(
  "a server names the roots that it trusts, and the kinds and schemes that its version and policy have",
  Effect.gen(function* () {
    for (const version of [TLS_1_2, TLS_1_0, SSL_3_0]) {
      const policy: Policy = { ...legacy12, versions: [version] };
      const { tape } = yield* handshake({
        kind: "rsa",
        client: { policy },
        server: { policy, clientAuth: "request" },
      });
      const request = recordsOf(tape.flows[1]!.bytes).find((r) => r[5] === 13)!;
      const Class = version === TLS_1_2 ? CertificateRequest : CertificateRequestLegacy;
      const message: CertificateRequest | CertificateRequestLegacy = Either.getOrThrow(
        codec<CertificateRequest | CertificateRequestLegacy, never>(Class as never).decode(
          request.subarray(9),
        ),
      );
      const [name] = message.certificateAuthorities;
      assert.equal(message.certificateAuthorities.length, 1);
      assert.match(new TextDecoder("latin1").decode(name), /effect-tls test root/);
      assert.equal(message.certificateTypes.includes(ClientCertificateType.ecdsa_sign), version > SSL_3_0);
      if (message instanceof CertificateRequest) {
        assert.deepEqual(message.supportedSignatureAlgorithms, policy.signatureSchemes);
      }
    }
  }),
);
