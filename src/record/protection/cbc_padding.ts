/**
 * The padding of CBC records, and how it is removed without revealing anything about it (RFC 5246 §6.2.3.2; Lucky 13).
 *
 * No code here branches on the content of a record. A secret condition becomes a mask of all ones or all zeros, and the
 * order of reads from memory depends only on lengths that everybody sees. JavaScript engines give no guarantee beyond that.
 *
 * @module
 */
import type { Bytes } from "../../wire/bytes.ts";

/** The rule for padding: every byte of it holds its length (TLS), or only the last, and it is shorter than a block (SSL 3.0). */
export type PaddingForm = "tls" | "ssl30";

/** The shortest padding for content of a length: each byte holds the number of bytes, without the last. */
export const paddingFor = (length: number, block: number): Bytes => {
  const padding = block - 1 - length % block;
  return new Uint8Array(padding + 1).fill(padding);
};

/** All ones if `a` is less than `b`, else all zeros. Both must be below 2^30. */
const less = (a: number, b: number): number => (a - b) >> 31;

/** All ones if the padding is good and leaves room for a MAC of `macLength` bytes; else all zeros. */
const paddingMask = (plain: Bytes, macLength: number, form: PaddingForm, block: number): number => {
  const padding = plain[plain.length - 1]!;
  let good = ~less(plain.length, macLength + padding + 1);
  if (form === "ssl30") return good & less(padding, block);
  let bad = 0;
  const reach = Math.min(256, plain.length);
  for (let i = 0; i < reach; i++) {
    // All ones if this byte is padding.
    bad |= ~less(padding, i) & (plain[plain.length - 1 - i]! ^ padding);
  }
  good &= ~(-bad >> 31);
  return good;
};

/** Whether the padding is good. */
export const goodPadding = (plain: Bytes, macLength: number, form: PaddingForm, block: number): boolean =>
  paddingMask(plain, macLength, form, block) !== 0;

/**
 * Splits a plaintext into content and MAC; it must be at least a MAC and one byte long. Bad padding counts as none, so
 * that there is something to hash (RFC 5246 §6.2.3.2). `tag` is a copy.
 */
export const unpadded = (plain: Bytes, macLength: number, form: PaddingForm, block: number) => {
  const mask = paddingMask(plain, macLength, form, block);
  const padding = plain[plain.length - 1]! & mask;
  const length = plain.length - macLength - 1 - padding;
  // The MAC ends somewhere in the last 256 bytes. Each of these is read once; bytes of the MAC are stored at their position
  // modulo its length. Then the copy is rotated so that its first byte comes first.
  const start = Math.max(0, plain.length - macLength - 256);
  const turned = new Uint8Array(macLength);
  for (let i = start; i < plain.length; i++) {
    const inside = ~less(i, length) & less(i, length + macLength);
    turned[(i - start) % macLength]! |= plain[i]! & inside;
  }
  const tag = new Uint8Array(macLength);
  const shift = (length - start) % macLength;
  for (let i = 0; i < macLength; i++) {
    for (let j = 0; j < macLength; j++) {
      // All ones if byte `i` of the tag is at position `j`.
      const difference = j ^ ((i + shift) % macLength);
      tag[i]! |= turned[j]! & ~(-difference >> 31);
    }
  }
  return { length, good: mask !== 0, tag };
};
