/**
 * Credentials that can make only some signatures: with which schemes they sign, and when another certificate is shown.
 *
 * @module
 */
import { assert, Context, Effect, Either, Layer } from "../deps.ts";
import { layer as credentials } from "../../src/layers/credentials/credentials.ts";
import * as N from "../../src/names/mod.ts";
import { legacy12 } from "../support/policies.ts";
import * as Golden from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import { bothHandshake, build, credentialOf } from "../support/handshake.ts";

for (
  const [what, schemes, outcome] of [
    ["all that its key can make", undefined, N.SignatureScheme.rsa_pss_rsae_sha256],
    ["one of them", [N.SignatureScheme.rsa_pkcs1_sha384], N.SignatureScheme.rsa_pkcs1_sha384],
    [
      "two in its own order",
      [N.SignatureScheme.rsa_pkcs1_sha512, N.SignatureScheme.rsa_pss_rsae_sha256],
      N.SignatureScheme.rsa_pkcs1_sha512,
    ],
    ["none that policy allows", [N.SignatureScheme.rsa_pkcs1_sha1], undefined],
  ] as const
) {
  sync(
    `a server's credential that signs with ${what}`,
    Effect.gen(function* () {
      const built = yield* build({ kind: "rsa" });
      const credential = { ...credentialOf(Golden.server("rsa")), schemes };
      const server = Context.merge(built.server, yield* Layer.build(credentials([credential])));
      const met = yield* bothHandshake({ ...built, server });
      if (outcome === undefined) {
        assert.equal(Either.isLeft(met.server) && met.server.left._tag, "Refused");
        return;
      }
      const { negotiated } = Either.getOrThrow(met.client);
      assert.equal((yield* negotiated).signatureScheme, outcome);
    }),
  );
}

for (
  const [what, schemes] of [["can", [N.SignatureScheme.rsa_pkcs1_md5_sha1]], ["can't", [
    N.SignatureScheme.rsa_pss_rsae_sha256,
  ]]] as const
) {
  sync(
    `before TLS 1.2 a credential serves only if its signer ${what} sign as that wants`,
    Effect.gen(function* () {
      for (
        const version of [N.ProtocolVersion.TLS_1_1, N.ProtocolVersion.TLS_1_0, N.ProtocolVersion.SSL_3_0]
      ) {
        const policy = {
          ...legacy12,
          versions: [version],
          cipherSuites: [N.CipherSuite.TLS_DHE_RSA_WITH_AES_128_CBC_SHA],
        };
        const built = yield* build({ kind: "rsa" });
        const server = Context.merge(
          built.server,
          yield* Layer.build(credentials([{ ...credentialOf(Golden.server("rsa")), schemes }])),
        );
        const met = yield* bothHandshake({ ...built, server }, { client: { policy }, server: { policy } });
        const refused = Either.isLeft(met.server) && met.server.left._tag;
        assert.equal(refused, what === "can" ? false : "Refused");
      }
    }),
  );
}
