/** Project Wycheproof's vectors for ECDSA, Ed25519, Ed448, and both kinds of RSA signature. @module */
import { assert, Effect, Either } from "../deps.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import type { HashName, PublicKey } from "../../src/ports/crypto.ts";
import { decodeDer } from "../../src/x509/der/der.ts";
import { subjectPublicKeyInfo } from "../../src/x509/keys/public_key.ts";
import { hex } from "../support/keys.ts";
import { hashIn, type Tried } from "../support/layers.ts";
import { byHash, ecdsa, pkcs1, pss } from "../support/signing.ts";
import { because, wycheproof } from "./wycheproof.ts";

/** A signature under a key; `sha` is there where the kind of key does not say it. */
interface Signed {
  readonly publicKeyDer: string;
  readonly sha: string;
  readonly msg: string;
  readonly sig: string;
}

type Schemes = ReadonlyMap<HashName, SignatureScheme>;

const holds = ({ crypto }: Tried, { publicKeyDer, msg, sig }: Signed, scheme: SignatureScheme) =>
  Effect.runPromise(crypto.verify(keyOf(publicKeyDer), scheme, hex(msg), hex(sig)));

/** Every key of these files is good. The same one is the same object, of which a layer may know the numbers. */
const keyOf = (der: string): PublicKey => {
  const key = keys.get(der) ?? Either.getOrThrow(decodeDer("key", subjectPublicKeyInfo, hex(der)));
  if (key._tag === "unsupported") assert.fail(key.detail);
  keys.set(der, key);
  return key;
};
const keys = new Map<string, PublicKey>();

/** Every curve goes with every hash, which alone chooses the scheme. */
const ecdsaSchemes: Schemes = new Map(byHash(ecdsa));
wycheproof<Signed>("ecdsa", {
  taken: (layer, vector) => holds(layer, vector, ecdsaSchemes.get(hashIn(vector.sha))!),
});

for (const kind of ["ed25519", "ed448"] as const) {
  wycheproof<Signed>(kind, {
    taken: (layer, vector) => holds(layer, vector, SignatureScheme[kind]),
  });
}

const pkcs1Schemes: Schemes = new Map(byHash(pkcs1));
wycheproof<Signed>("pkcs1", {
  expected: because({
    MissingNull: [false, "a block is compared whole, and has its NULL (RFC 8017 §8.2.2)"],
  }),
  taken: (layer, vector) => holds(layer, vector, pkcs1Schemes.get(hashIn(vector.sha))!),
});

const pssSchemes: Schemes = new Map(byHash(pss));
wycheproof<Signed & { readonly mgfSha: string; readonly sLen: number }>("pss", {
  leftOut: ({ sha }) => pssSchemes.has(hashIn(sha)) ? undefined : `no scheme of TLS has PSS with ${sha}`,
  expected: ({ result, sha, mgfSha, sLen }) =>
    result === "valid" && (mgfSha !== sha || 8 * sLen !== Number(sha.slice(4)))
      ? [false, "TLS has MGF1 of the same hash, and a salt as long (RFC 8446 §4.2.3)"]
      : undefined,
  taken: (layer, vector) => holds(layer, vector, pssSchemes.get(hashIn(vector.sha))!),
});
