/** Byte strings and the few things done with them everywhere. @module */

/** A run of bytes. A named alias, so that a view over any buffer is assignable everywhere. */
export type Bytes = Uint8Array;

/** No bytes at all. */
export const EMPTY: Bytes = new Uint8Array(0);

/** The parts, one after another, in a buffer of their own. */
export const concat = (...parts: ReadonlyArray<Bytes>): Bytes => {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  length = 0;
  for (const part of parts) {
    out.set(part, length);
    length += part.length;
  }
  return out;
};

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal, two digits a byte. */
export const toHex = (bytes: Bytes): string => {
  let s = "";
  for (let i = 0; i < bytes.length; i++) s += HEX[bytes[i]!];
  return s;
};

/** The bytes of ASCII text; a character above 0xff keeps its low byte. */
export const ascii = (text: string): Bytes => {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

/** Whether two public byte strings are the same; it stops at the first difference, so never use it on secrets. */
export const sameBytes = (a: Bytes, b: Bytes): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Whether a value is bytes, of this realm or another, and no other typed array. */
export const isBytes = (data: unknown): data is Bytes =>
  ArrayBuffer.isView(data) && (data as Uint8Array)[Symbol.toStringTag] === "Uint8Array";
