/** HKDF (RFC 5869), and the labelled form that TLS 1.3 has of it (RFC 8446 §7.1). @module */
import type { Hash } from "../ports/crypto.ts";
import { type Bytes, EMPTY } from "../wire/bytes.ts";

/** Expands one secret to `length` bytes, which `info` tells from others of the same secret. */
export type Expand = (info: Bytes, length: number) => Bytes;

/** Expands one secret to `length` bytes, those of the hash unless given, under a label and a context. */
export type ExpandLabel = (label: string, context: Bytes, length?: number) => Bytes;

/** `HKDF-Extract(salt, IKM)` (RFC 5869 §2.2): a secret as long as the hash. */
export const extract = (hash: Hash, salt: Bytes, keyMaterial: Bytes): Bytes => hash.hmac(salt)([keyMaterial]);

/**
 * `HKDF-Expand(PRK, info, L)` of one secret (RFC 5869 §2.3). Its HMAC key is prepared when it is first used, and then
 * kept. Throws RangeError for more than 255 times the length of the hash.
 */
export const expand = (hash: Hash, secret: Bytes): Expand => {
  let hmac: ReturnType<Hash["hmac"]> | undefined;
  return (info, length) => {
    if (length > MOST_BLOCKS * hash.length) throw new RangeError(`${length} bytes of HKDF with ${hash.name}`);
    hmac ??= hash.hmac(secret);
    const out = new Uint8Array(length);
    let block = EMPTY;
    for (let at = 0, n = 1; at < length; at += hash.length, n++) {
      block = hmac([block, info, Uint8Array.of(n)]);
      out.set(block.subarray(0, length - at), at);
    }
    return out;
  };
};

/** Blocks are counted in one byte. */
const MOST_BLOCKS = 255;

/** `HKDF-Expand-Label(Secret, Label, Context, Length)` of one secret (RFC 8446 §7.1). Throws RangeError as `expand`. */
export const expandLabel = (hash: Hash, secret: Bytes): ExpandLabel => {
  const expanded = expand(hash, secret);
  return (label, context, length = hash.length) => expanded(hkdfLabel(label, context, length), length);
};

/** `struct { uint16 length; opaque label<7..255>; opaque context<0..255>; } HkdfLabel` (RFC 8446 §7.1). */
const hkdfLabel = (label: string, context: Bytes, length: number): Bytes => {
  const full = PREFIX + label;
  const out = new Uint8Array(4 + full.length + context.length);
  out[0] = length >> 8;
  out[1] = length;
  out[2] = full.length;
  for (let i = 0; i < full.length; i++) out[3 + i] = full.charCodeAt(i);
  out[3 + full.length] = context.length;
  out.set(context, 4 + full.length);
  return out;
};

const PREFIX = "tls13 ";
