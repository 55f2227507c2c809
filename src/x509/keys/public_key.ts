/** Public keys in certificates: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). @module */
import { Either } from "../../deps.ts";
import { NamedGroup } from "../../names/named_group.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { any, decodeDer, type Der, map, sequence } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { bitString, objectIdentifier, unsigned } from "../der/types.ts";
import { algorithmIdentifier, pssHash } from "./algorithms.ts";

/** A key that is not supported. */
export interface UnsupportedKey {
  readonly _tag: "unsupported";
  /** The object identifier of the key's algorithm. */
  readonly algorithm: string;
  readonly detail: string;
}

/** The supported elliptic curves, with the length of their field elements and scalars in bytes. */
export const curves: ReadonlyArray<{
  readonly oid: string;
  readonly group: NamedGroup;
  readonly length: number;
}> = [
  { oid: oids.secp256r1, group: NamedGroup.secp256r1, length: 32 },
  { oid: oids.secp384r1, group: NamedGroup.secp384r1, length: 48 },
  { oid: oids.secp521r1, group: NamedGroup.secp521r1, length: 66 },
];

/** `SubjectPublicKeyInfo`. */
export const subjectPublicKeyInfo: Der<PublicKey | UnsupportedKey> = map(
  sequence({ algorithm: algorithmIdentifier, key: bitString }),
  ({ algorithm: { oid, parameters }, key }, fail) => {
    if (key.unused > 0) fail("a key that is no whole number of bytes");
    const read = readers[oid];
    return read
      ? read(key.bytes, parameters, fail)
      : unsupportedKey(oid, `the key algorithm ${oid} is unknown`);
  },
);

const keyOnly = sequence({ algorithm: any, key: bitString });

/** The content of the BIT STRING in a SubjectPublicKeyInfo, which OCSP hashes (RFC 6960 §4.1.1). */
export const keyBits = (spki: Bytes): Bytes =>
  Either.getOrThrow(decodeDer("SubjectPublicKeyInfo", keyOnly, spki)).key.bytes;

type Fail = (reason: string) => never;
type ReadKey = (key: Bytes, parameters: Bytes | undefined, fail: Fail) => PublicKey | UnsupportedKey;

/** An unsupported key, with its algorithm and what is wrong with it. */
export const unsupportedKey = (algorithm: string, detail: string): UnsupportedKey => ({
  _tag: "unsupported",
  algorithm,
  detail,
});

/**
 * The bounds on RSA keys. Verifying with a larger key would only cost time, and a shorter one has no room for a
 * signature or a premaster secret. Such keys are not in use, so no provider of cryptography needs to judge them.
 */
const MAX_MODULUS_BYTES = 1024;
const MIN_MODULUS_BITS = 512;
const MAX_EXPONENT_BYTES = 4;

/** `RSAPublicKey` (RFC 8017 §A.1.1). */
const rsaNumbers = sequence({ modulus: unsigned, publicExponent: unsigned });

const rsa: ReadKey = (key, _parameters, fail) => {
  const read = decodeDer("RSAPublicKey", rsaNumbers, key);
  if (Either.isLeft(read)) return fail(read.left.message);
  const { modulus, publicExponent } = read.right;
  if (modulus.length > MAX_MODULUS_BYTES || publicExponent.length > MAX_EXPONENT_BYTES) {
    return unsupportedKey(oids.rsaEncryption, "the RSA key is too large");
  }
  if (8 * modulus.length + 24 - Math.clz32(modulus[0]!) < MIN_MODULUS_BITS) {
    return unsupportedKey(oids.rsaEncryption, "the RSA key is too short");
  }
  const even = [modulus, publicExponent].some((number) => (number.at(-1)! & 1) === 0);
  const one = publicExponent.length === 1 && publicExponent[0] === 1;
  return even || one ? fail("no RSA key: its numbers cannot be") : { _tag: "rsa", modulus, publicExponent };
};

/**
 * `RSASSA-PSS-params` of a key, if present, restrict the hash and give the least length of the salt (RFC 4055 §3.3).
 */
const rsaPss: ReadKey = (key, parameters, fail) => {
  const read = rsa(key, undefined, fail);
  const hash = parameters && pssHash(parameters, true);
  if (read._tag !== "rsa") return read;
  return parameters && !hash
    ? unsupportedKey(oids["id-RSASSA-PSS"], "the key's RSASSA-PSS parameters are not those of TLS")
    : { ...read, _tag: "rsa_pss", hash };
};

/** RFC 5480 §2.2: compressed points are optional, and not in use. */
const ec: ReadKey = (key, parameters, fail) => {
  const named = parameters && Either.getOrUndefined(decodeDer("ECParameters", objectIdentifier, parameters));
  const curve = curves.find(({ oid }) => oid === named);
  if (!curve) {
    const detail = parameters?.[0] === 0x30
      ? "the curve is given by explicit parameters, which RFC 5480 §2.1.1 forbids in certificates"
      : `the curve ${named ?? "without a name"} is unknown`;
    return unsupportedKey(oids["id-ecPublicKey"], detail);
  }
  if (key[0] !== 4) return unsupportedKey(oids["id-ecPublicKey"], "the point is compressed");
  return key.length === 1 + 2 * curve.length
    ? { _tag: "ecdsa", group: curve.group, point: key }
    : fail(`a point of ${key.length} bytes`);
};

/** RFC 8410 §4. */
const edwards = (_tag: "ed25519" | "ed448", length: number): ReadKey => (key, parameters, fail) =>
  key.length === length && parameters === undefined ? { _tag, key } : fail(`no key of ${_tag}`);

const readers: Readonly<Record<string, ReadKey>> = {
  [oids.rsaEncryption]: rsa,
  [oids["id-RSASSA-PSS"]]: rsaPss,
  [oids["id-ecPublicKey"]]: ec,
  [oids["id-Ed25519"]]: edwards("ed25519", 32),
  [oids["id-Ed448"]]: edwards("ed448", 57),
};
