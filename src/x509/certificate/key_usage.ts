/** The bits of keyUsage (RFC 5280 §4.2.1.3). @module */
import type { Bytes } from "../../wire/bytes.ts";

/** The names of the bits of `KeyUsage ::= BIT STRING`, in order. */
export const keyUsages = [
  "digitalSignature",
  "nonRepudiation",
  "keyEncipherment",
  "dataEncipherment",
  "keyAgreement",
  "keyCertSign",
  "cRLSign",
  "encipherOnly",
  "decipherOnly",
] as const;

/** What a key may be used for. */
export type KeyUsage = typeof keyUsages[number];

/** The names of the bits that are set. */
export const usagesOf = (bits: Bytes): ReadonlySet<KeyUsage> =>
  new Set(keyUsages.filter((_, i) => (bits[i >> 3] ?? 0) & 0x80 >> (i & 7)));

/** Encodes names as bits. Trailing zero bits are marked unused, as DER requires for named bits (X.690 §11.2.2). */
export const bitsOf = (usages: Iterable<KeyUsage>): { readonly bytes: Bytes; readonly unused: number } => {
  const positions = [...usages].map((usage) => keyUsages.indexOf(usage));
  const last = Math.max(-1, ...positions);
  const bytes = new Uint8Array((last + 8) >> 3);
  for (const at of positions) bytes[at >> 3]! |= 0x80 >> (at & 7);
  return { bytes, unused: last < 0 ? 0 : 7 - (last & 7) };
};
