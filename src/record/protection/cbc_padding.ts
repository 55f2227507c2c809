/**
 * The padding of CBC records, and how it is taken off without a word about it (RFC 5246 §6.2.3.2; Lucky 13).
 *
 * Nothing below branches on what a record holds: what is secret becomes a mask, all ones or all zeros, and memory is
 * read in an order that depends on lengths that everybody sees. What an engine makes of it is another matter.
 *
 * @module
 */
import type { Bytes } from "../../wire/bytes.ts";

/** Whether every byte of padding says its length, or the last alone, which is then less than a block. */
export type PaddingForm = "tls" | "ssl30";

/** The shortest padding for so many bytes: each byte says how many there are besides the last. */
export const paddingFor = (length: number, block: number): Bytes => {
  const padding = block - 1 - length % block;
  return new Uint8Array(padding + 1).fill(padding);
};

/** All ones when `a` is less than `b`, both below 2^30; else all zeros. */
const less = (a: number, b: number): number => (a - b) >> 31;

/** All ones when the padding is good, with a MAC of `macLength` bytes before it; else all zeros. */
const paddingMask = (plain: Bytes, macLength: number, form: PaddingForm, block: number): number => {
  const padding = plain[plain.length - 1]!;
  let good = ~less(plain.length, macLength + padding + 1);
  if (form === "ssl30") return good & less(padding, block);
  let bad = 0;
  const reach = Math.min(256, plain.length);
  for (let i = 0; i < reach; i++) {
    // Those that are padding, if so much is.
    bad |= ~less(padding, i) & (plain[plain.length - 1 - i]! ^ padding);
  }
  good &= ~(-bad >> 31);
  return good;
};

/** Whether the padding is good. */
export const goodPadding = (plain: Bytes, macLength: number, form: PaddingForm, block: number): boolean =>
  paddingMask(plain, macLength, form, block) !== 0;

/**
 * Content and MAC of a plaintext that has at least a MAC and a byte. Bad padding is taken for none, so that there is
 * something to hash (RFC 5246 §6.2.3.2). `tag` is a copy.
 */
export const unpadded = (plain: Bytes, macLength: number, form: PaddingForm, block: number) => {
  const mask = paddingMask(plain, macLength, form, block);
  const padding = plain[plain.length - 1]! & mask;
  const length = plain.length - macLength - 1 - padding;
  // The MAC ends somewhere in the last 256 bytes: each byte there is read once, and those of the MAC are kept at their
  // place modulo its length. Then the copy is turned so that its first byte comes first.
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
      // All ones where `j` is the place of the tag's byte `i`.
      const difference = j ^ ((i + shift) % macLength);
      tag[i]! |= turned[j]! & ~(-difference >> 31);
    }
  }
  return { length, good: mask !== 0, tag };
};
