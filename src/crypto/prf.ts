/** The pseudorandom function of TLS 1.2. @module */
import type { Hash } from "../services/crypto.ts";
import { ascii, type Bytes, concat } from "../wire/bytes.ts";

/** `PRF(secret, label, seed)` of TLS 1.2, the first `length` bytes (RFC 5246 §5): P_hash over the suite's hash. */
export const prf12 = (hash: Hash, secret: Bytes, label: string, seed: Bytes, length: number): Bytes =>
  pHash(hash, secret, concat(ascii(label), seed), length);

/** `P_hash(secret, seed)`, which expands a secret to any length (RFC 5246 §5, RFC 2246 §5). */
export const pHash = (hash: Hash, secret: Bytes, seed: Bytes, length: number): Bytes => {
  const out = new Uint8Array(length);
  let a = seed;
  for (let at = 0; at < length; at += hash.length) {
    a = hash.hmac(secret, a);
    out.set(hash.hmac(secret, a, seed).subarray(0, length - at), at);
  }
  return out;
};
