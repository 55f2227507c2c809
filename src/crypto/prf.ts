/** The pseudorandom functions of TLS before 1.3. @module */
import type { Hash } from "../ports/crypto.ts";
import { ascii, type Bytes, concat } from "../wire/bytes.ts";
import { xor } from "./xor.ts";

/** Expands a secret with a label and a seed to `length` bytes. */
export type Prf = (secret: Bytes, label: string, seed: Bytes, length: number) => Bytes;

/** `PRF(secret, label, seed)` of TLS 1.2 (RFC 5246 §5): P_hash over the suite's hash. */
export const prf12 = (hash: Hash): Prf => (secret, label, seed, length) =>
  pHash(hash, secret, concat(ascii(label), seed), length);

/**
 * `PRF(secret, label, seed)` of TLS 1.0 and 1.1 (RFC 2246 §5): the exclusive or of P_MD5 over the first half of the
 * secret and P_SHA-1 over the second. If the secret has an odd length, both halves contain the middle byte.
 */
export const prf10 = (md5: Hash, sha1: Hash): Prf => (secret, label, seed, length) => {
  const half = Math.ceil(secret.length / 2);
  const labelled = concat(ascii(label), seed);
  return xor(
    pHash(md5, secret.subarray(0, half), labelled, length),
    pHash(sha1, secret.subarray(secret.length - half), labelled, length),
  );
};

/** `P_hash(secret, seed)`, which expands a secret to any length (RFC 5246 §5, RFC 2246 §5). */
export const pHash = (hash: Hash, secret: Bytes, seed: Bytes, length: number): Bytes => {
  const out = new Uint8Array(length);
  const hmac = hash.hmac(secret);
  let a = seed;
  for (let at = 0; at < length; at += hash.length) {
    a = hmac([a]);
    out.set(hmac([a, seed]).subarray(0, length - at), at);
  }
  return out;
};
