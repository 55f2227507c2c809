/** The RSA signature schemes: how a message becomes a block, and how a block is checked (RFC 8017 §8). @module */
import { pkcs1Encode, pkcs1EncodePair, pssEncode, pssVerify } from "../../../crypto/emsa.ts";
import { equal } from "../../../crypto/equal.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import type { HashName, PrivateKey, PublicKey } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { hash } from "./hash.ts";

/** A scheme, apart from the operations with the key. */
export interface RsaScheme {
  /** Whether a key may be used for it: then it is one of RSA. */
  readonly fits: (key: PublicKey | PrivateKey) => boolean;
  /** The block to sign, for a modulus of so many bits; `undefined` when that is too short. */
  readonly encode: (data: Bytes, bits: number, random: (length: number) => Bytes) => Bytes | undefined;
  /** Whether a block is one of the message. */
  readonly holds: (data: Bytes, block: Bytes, bits: number) => boolean;
}

/** Why a key cannot sign. */
export const BAD_KEY = "the RSA key's numbers contradict each other or are out of bounds";
/** Why a key cannot sign by a scheme. */
export const TOO_SHORT = "the modulus is too short for the hash";

const pkcs1 = (encodeIn: (data: Bytes, length: number) => Bytes | undefined): RsaScheme => {
  const encode = (data: Bytes, bits: number) => encodeIn(data, Math.ceil(bits / 8));
  return {
    fits: (key) => key._tag === "rsa",
    encode,
    holds: (data, block, bits) => {
      const expected = encode(data, bits);
      return expected !== undefined && equal(block, expected);
    },
  };
};

const pkcs1With = (name: HashName): RsaScheme =>
  pkcs1((data, length) => pkcs1Encode(hash(name), data, length));

const pss = (tag: "rsa" | "rsa_pss", name: HashName): RsaScheme => ({
  fits: (key) => key._tag === tag && (!("hash" in key) || key.hash === undefined || key.hash === name),
  encode: (data, bits, random) => pssEncode(hash(name), data, random(hash(name).length), bits - 1),
  // The block is one byte shorter than the modulus when the modulus has one bit more than whole bytes
  // (RFC 8017 §8.1.2).
  holds: (data, block, bits) =>
    bits % 8 === 1
      ? block[0] === 0 && pssVerify(hash(name), data, block.subarray(1), bits - 1)
      : pssVerify(hash(name), data, block, bits - 1),
});

/** Every scheme of RSA. */
export const rsaSchemes: ReadonlyMap<SignatureScheme, RsaScheme> = new Map([
  [SignatureScheme.rsa_pkcs1_sha1, pkcs1With("sha1")],
  [SignatureScheme.rsa_pkcs1_sha224, pkcs1With("sha224")],
  [SignatureScheme.rsa_pkcs1_sha256, pkcs1With("sha256")],
  [SignatureScheme.rsa_pkcs1_sha384, pkcs1With("sha384")],
  [SignatureScheme.rsa_pkcs1_sha512, pkcs1With("sha512")],
  [SignatureScheme.rsa_pss_rsae_sha256, pss("rsa", "sha256")],
  [SignatureScheme.rsa_pss_rsae_sha384, pss("rsa", "sha384")],
  [SignatureScheme.rsa_pss_rsae_sha512, pss("rsa", "sha512")],
  [SignatureScheme.rsa_pss_pss_sha256, pss("rsa_pss", "sha256")],
  [SignatureScheme.rsa_pss_pss_sha384, pss("rsa_pss", "sha384")],
  [SignatureScheme.rsa_pss_pss_sha512, pss("rsa_pss", "sha512")],
  [SignatureScheme.rsa_pkcs1_md5_sha1, pkcs1(pkcs1EncodePair)],
]);
