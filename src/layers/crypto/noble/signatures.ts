/** Signatures by scheme: RSA with both encodings, ECDSA, Ed25519 and Ed448. @module */
import { Effect } from "../../../deps.ts";
import { bytesToNumberBE, ecdsa, ed25519, ed448 } from "./deps.ts";
import { PrivateKeyError } from "../../../faults/errors/crypto.ts";
import type { NamedGroup } from "../../../names/named_group.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import type { CryptoService, HashName, PrivateKey, PublicKey } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { nistCurves } from "./groups.ts";
import { nobleHashes } from "./hash.ts";
import {
  privateNumbers,
  privateOperation,
  publicNumbers,
  publicOperation,
  type RsaPublicKey,
} from "./rsa.ts";
import { BAD_KEY, type RsaScheme, rsaSchemes, TOO_SHORT } from "./rsa_schemes.ts";

/** Whether a signature is valid; `false` when key, scheme and signature do not fit. */
export const verify: CryptoService["verify"] = (key, scheme, data, signature) =>
  Effect.sync(() => algorithmOf(scheme)?.verify(key, data, signature) ?? false);

/**
 * Makes the signing function. PSS salts and blinding factors come from `random`; ECDSA is deterministic (RFC 6979).
 */
export const makeSign = (random: (length: number) => Bytes): CryptoService["sign"] => (key, scheme, data) =>
  Effect.suspend(() => {
    const signed = algorithmOf(scheme)?.sign(key, data, random) ??
      `${SignatureScheme.nameOf(scheme)} is not for a key of ${key._tag}`;
    return typeof signed === "string"
      ? Effect.fail(new PrivateKeyError({ operation: "sign", reason: signed }))
      : Effect.succeed(signed);
  });

/**
 * The operations of a scheme. They return `undefined` when the key does not fit; `sign` returns a sentence when it
 * fails.
 */
interface Algorithm {
  readonly verify: (key: PublicKey, data: Bytes, signature: Bytes) => boolean | undefined;
  readonly sign: (
    key: PrivateKey,
    data: Bytes,
    random: (length: number) => Bytes,
  ) => Bytes | string | undefined;
}

const algorithmOf = (scheme: SignatureScheme): Algorithm | undefined => algorithms.get(scheme);

const FAULT = "the signature did not verify: a fault, or a wrong key";

/** RSA signatures with BigInt. */
const rsa = ({ fits, encode, holds }: RsaScheme): Algorithm => ({
  verify: (key, data, signature) => {
    if (!fits(key)) return undefined;
    // `fits` has checked that the key is RSA, plain or PSS.
    const numbers = publicNumbers(key as RsaPublicKey);
    if (numbers === undefined || signature.length !== numbers.length) return false;
    const s = bytesToNumberBE(signature);
    return s < numbers.n && holds(data, publicOperation(numbers, s), numbers.bits);
  },
  sign: (key, data, random) => {
    if (!fits(key) || (key._tag !== "rsa" && key._tag !== "rsa_pss")) return undefined;
    const numbers = privateNumbers(key);
    if (numbers === undefined) return BAD_KEY;
    const block = encode(data, numbers.bits, random);
    if (block === undefined) return TOO_SHORT;
    return privateOperation(numbers, bytesToNumberBE(block), random) ?? FAULT;
  },
});

const DER = { format: "der", lowS: false } as const;

/**
 * ECDSA with a hash. In TLS 1.2 a scheme only fixes the hash, so any curve may be used with any hash (RFC 8422 §5.10,
 * RFC 5246 §4.7).
 */
const ecdsaWith = (name: HashName): Algorithm => {
  // RFC 6979 derives the nonce with the message's hash, so each pair has an instance of its own.
  const signers = new Map(
    Array.from(nistCurves, ([group, curve]) => [group, ecdsa(curve.Point, nobleHashes[name])]),
  );
  const signerOf = (key: { readonly group: NamedGroup }) => signers.get(key.group);
  return {
    verify: (key, data, signature) =>
      key._tag === "ecdsa" && key.point[0] === 0x04
        ? signerOf(key)?.verify(signature, data, key.point, DER)
        : undefined,
    sign: (key, data) => {
      if (key._tag !== "ecdsa") return undefined;
      const signer = signerOf(key);
      if (signer === undefined) return "no such curve";
      return key.privateKey.length === signer.lengths.secretKey &&
          signer.utils.isValidSecretKey(key.privateKey)
        ? signer.sign(data, key.privateKey, DER)
        : "the private key is not a number between 0 and the order of the curve";
    },
  };
};

/**
 * Ed25519 and Ed448 (RFC 8032 §5.1.7, §5.2.7), strictly: only canonical encodings are accepted. A key has `length`
 * bytes, and a signature twice as many.
 */
const edwards = (tag: "ed25519" | "ed448", curve: typeof ed25519, length: number): Algorithm => ({
  verify: (key, data, signature) =>
    key._tag === tag
      ? key.key.length === length && signature.length === 2 * length &&
        curve.verify(signature, data, key.key, { zip215: false })
      : undefined,
  sign: (key, data) =>
    key._tag !== tag
      ? undefined
      : key.seed.length === length
      ? curve.sign(data, key.seed)
      : `the seed is not ${length} bytes`,
});

const algorithms: ReadonlyMap<SignatureScheme, Algorithm> = new Map([
  ...Array.from(rsaSchemes, ([scheme, one]) => [scheme, rsa(one)] as const),
  [SignatureScheme.ecdsa_sha1, ecdsaWith("sha1")],
  [SignatureScheme.ecdsa_sha224, ecdsaWith("sha224")],
  [SignatureScheme.ecdsa_secp256r1_sha256, ecdsaWith("sha256")],
  [SignatureScheme.ecdsa_secp384r1_sha384, ecdsaWith("sha384")],
  [SignatureScheme.ecdsa_secp521r1_sha512, ecdsaWith("sha512")],
  [SignatureScheme.ed25519, edwards("ed25519", ed25519, 32)],
  [SignatureScheme.ed448, edwards("ed448", ed448, 57)],
]);
