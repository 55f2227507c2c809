/**
 * Renegotiations that succeed: each version, who begins, what changes, full or resumed; data before, during and after
 * them.
 *
 * @module
 */
import { assert, Effect, Fiber } from "../deps.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { sync } from "../support/effect.ts";
import { handshake, pingPong, readText, type Setup } from "../support/handshake.ts";
import { policyFor } from "../support/policies.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const C = CipherSuite;

/** Two suites of a version with different keys, hashes and exchanges. */
const suitesOf = (version: ProtocolVersion): readonly [CipherSuite, CipherSuite] =>
  version === TLS_1_2
    ? [C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, C.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256]
    : version === SSL_3_0
    ? [C.TLS_RSA_WITH_RC4_128_MD5, C.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA]
    : [C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, C.TLS_RSA_WITH_AES_256_CBC_SHA];

const speaks = (version: ProtocolVersion, ...cipherSuites: ReadonlyArray<CipherSuite>): Policy =>
  policyFor(version, {
    cipherSuites,
    compressionMethods: [CompressionMethod.null],
    renegotiation: "allow",
  });

/** What is different in the renegotiation. */
type Change = "nothing" | "suite" | "certificate";

for (const version of [SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2]) {
  const [first, second] = suitesOf(version);
  for (const who of ["client", "server"] as const) {
    for (const change of ["nothing", "suite", "certificate"] as const satisfies ReadonlyArray<Change>) {
      for (const resume of ["full", "by ID", "by ticket"] as const) {
        if (resume === "by ticket" && version === SSL_3_0) continue; // it has no extensions
        // What takes a full handshake: a certificate that was not shown, a suite that is not the session's.
        const resumed = resume !== "full" &&
          (change === "nothing" || (change === "certificate" && who === "client"));
        sync(
          `${versionText(version)}: ${who} renegotiates, ${change} changes, ${resume}${
            resume !== "full" && !resumed ? " in vain" : ""
          }: data before, during and after arrives in order, both ways, twice`,
          Effect.gen(function* () {
            const policy = speaks(version, first, second);
            const clientAuth = change === "certificate" && who === "client" ? "require" : "none";
            const setup: Setup = {
              kind: "rsa",
              clientKind: "rsa",
              toy: true,
              tickets: resume === "by ticket",
              client: { policy },
              server: { policy, clientAuth },
            };
            const { client, server } = yield* handshake(setup);
            const [asker, answerer] = who === "client" ? [client, server] : [server, client];
            const before = yield* client.negotiated;
            for (const round of ["1", "2"]) {
              const turned = change === "suite" && round === "1";
              const changes = {
                resume: resume !== "full",
                ...(change === "suite" ? { policy: speaks(version, turned ? second : first) } : {}),
                ...(change === "certificate" && who === "server" ? { clientAuth: "require" as const } : {}),
              };
              yield* client.write(ascii("before "));
              yield* server.write(ascii("before "));
              const asked = yield* Effect.fork(asker.renegotiateWith(changes));
              // Let it say its opening message, which the other has not read yet.
              yield* Effect.yieldNow();
              yield* answerer.write(ascii("during "));
              const late = yield* Effect.fork(asker.write(ascii("during ")));
              const heard = yield* Effect.fork(readText(answerer, 20));
              const now = yield* Fiber.join(asked);
              yield* Fiber.join(late);
              yield* client.write(ascii("after "));
              yield* server.write(ascii("after "));
              assert.equal(yield* Fiber.join(heard), "before during after ");
              assert.equal(yield* readText(asker, 20), "before during after ");
              for (const n of [now, yield* client.negotiated, yield* server.negotiated]) {
                assert.equal(n.version, version);
                // The session of the first round has the certificate that the second asks for.
                const has = change === "certificate" && resume !== "full" && round === "2";
                assert.equal(n.resumed, resumed || has);
                assert.equal(n.cipherSuite, turned ? second : first);
                assert.equal(n.secureRenegotiation, true);
                assert.equal(n.extendedMasterSecret, version > SSL_3_0);
                if (version > SSL_3_0) assert.equal(n.serverName, "localhost");
                assert.notDeepEqual(n.clientRandom, before.clientRandom);
              }
              assert.equal((yield* server.peerCertificates).length, change === "certificate" ? 1 : 0);
              assert.equal((yield* client.peerCertificates).length, 1);
              assert.equal(yield* pingPong(client, server), "ping pong");
            }
          }),
        );
      }
    }
  }
}
