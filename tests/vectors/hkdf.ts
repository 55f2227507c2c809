/** HKDF (RFC 5869) out of a layer's HMAC, for vectors alone: nothing before TLS 1.3 derives keys by it. @module */
import type { Hash } from "../../src/ports/crypto.ts";
import { type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";

/** RFC 5869 §2.2. */
export const extract = (hash: Hash, salt: Bytes, ikm: Bytes): Bytes => hash.hmac(salt)([ikm]);

/** RFC 5869 §2.3. */
export const expand = (hash: Hash, prk: Bytes, info: Bytes, length: number): Bytes => {
  const blocks: Array<Bytes> = [];
  const hmac = hash.hmac(prk);
  for (let n = 1; (n - 1) * hash.length < length; n++) {
    blocks.push(hmac([blocks.at(-1) ?? EMPTY, info, Uint8Array.of(n)]));
  }
  return concat(...blocks).subarray(0, length);
};
