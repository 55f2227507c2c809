/** Private keys in files: PKCS#8, PKCS#1 and SEC 1. @module */
import { Either } from "../../deps.ts";
import type { PrivateKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import {
  any,
  choice,
  decodeDer,
  type Der,
  type DerError,
  explicit,
  implicit,
  map,
  optional,
  sequence,
  setOf,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { bitString, count, octetString, unsigned } from "../der/types.ts";
import { algorithmIdentifier } from "./algorithms.ts";
import { curveName } from "./explicit_curve.ts";
import { curves, type UnsupportedKey, unsupportedKey } from "./public_key.ts";

/** The supported PEM labels of unencrypted private keys: that of RFC 7468 §10, and the older ones of OpenSSL. */
export const privateKeyLabels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"] as const;

/** The label of a PEM block that holds a private key. */
export type PrivateKeyLabel = typeof privateKeyLabels[number];

/** Parses a private key in the format that its label names. */
export const parsePrivateKey = (
  label: PrivateKeyLabel,
  der: Bytes,
): Either.Either<PrivateKey | UnsupportedKey, DerError> => decodeDer(label, forms[label], der);

type Key = Der<PrivateKey | UnsupportedKey>;

/** `RSAPrivateKey` (RFC 8017 §A.1.2). */
const rsaNumbers = sequence({
  /** Version 1 would have more than two primes, which nobody uses. */
  version: map(count, (n, fail) => n === 0 ? n : fail(`version ${n}`)),
  modulus: unsigned,
  publicExponent: unsigned,
  privateExponent: unsigned,
  prime1: unsigned,
  prime2: unsigned,
  exponent1: unsigned,
  exponent2: unsigned,
  coefficient: unsigned,
});

const rsa = (_tag: "rsa" | "rsa_pss"): Key =>
  map(rsaNumbers, ({ version: _, ...numbers }) => ({ _tag, ...numbers }));

/** `ECPrivateKey` (RFC 5915 §3). `outer` is the curve that the enclosing PKCS#8 names. */
const ec = (outer?: string): Key =>
  map(
    sequence({
      version: map(count, (n, fail) => n === 1 ? n : fail(`version ${n}`)),
      privateKey: octetString,
      parameters: optional(explicit(0, curveName)),
      publicKey: optional(explicit(1, bitString)),
    }),
    ({ privateKey, parameters }, fail) => {
      const named = outer ?? parameters ?? fail("no curve");
      const curve = curves.find(({ oid }) => oid === named);
      if (!curve) return unsupportedKey(oids["id-ecPublicKey"], `the curve ${named} is unknown`);
      if (parameters !== undefined && parameters !== curve.oid) fail("two curves for one key");
      if (privateKey.length > curve.length) fail(`a scalar of ${privateKey.length} bytes`);
      // Old software omitted leading zeros.
      const scalar = new Uint8Array(curve.length);
      scalar.set(privateKey, curve.length - privateKey.length);
      return { _tag: "ecdsa", group: curve.group, privateKey: scalar };
    },
  );

/** `CurvePrivateKey` (RFC 8410 §7). */
const edwards = (_tag: "ed25519" | "ed448", length: number): Key =>
  map(
    octetString,
    (seed, fail) => seed.length === length ? { _tag, seed } : fail(`a seed of ${seed.length} bytes`),
  );

/** `OneAsymmetricKey` (RFC 5958 §2). */
const pkcs8: Key = map(
  sequence({
    version: map(count, (n, fail) => n <= 1 ? n : fail(`version ${n}`)),
    algorithm: algorithmIdentifier,
    privateKey: octetString,
    attributes: optional(implicit(0, setOf(any, 0))),
    // Old versions of ring wrote the tag as EXPLICIT.
    publicKey: optional(choice(implicit(1, bitString), explicit(1, bitString))),
  }),
  ({ algorithm: { oid, parameters }, privateKey }, fail) => {
    const curve = parameters && Either.getOrUndefined(decodeDer("curve", curveName, parameters));
    const inner = oid === oids["id-ecPublicKey"] ? ec(curve) : algorithms[oid];
    if (!inner) return unsupportedKey(oid, `the key algorithm ${oid} is unknown`);
    return Either.getOrElse(decodeDer("privateKey", inner, privateKey), (e) => fail(e.message));
  },
);

const algorithms: Readonly<Record<string, Key>> = {
  [oids.rsaEncryption]: rsa("rsa"),
  [oids["id-RSASSA-PSS"]]: rsa("rsa_pss"),
  [oids["id-Ed25519"]]: edwards("ed25519", 32),
  [oids["id-Ed448"]]: edwards("ed448", 57),
};

const forms: Record<PrivateKeyLabel, Key> = {
  "PRIVATE KEY": pkcs8,
  "RSA PRIVATE KEY": rsa("rsa"),
  "EC PRIVATE KEY": ec(),
};
