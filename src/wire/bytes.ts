/** Byte strings and the basic operations on them. @module */

/** A byte string. The alias drops the type of the buffer, so that a view of any buffer can be assigned to it. */
export type Bytes = Uint8Array;

/** The empty byte string. */
export const EMPTY: Bytes = new Uint8Array(0);

/** Joins byte strings into one new buffer. */
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

/** Bytes as lower-case hexadecimal, two digits per byte. */
export const toHex = (bytes: Bytes): string => {
  let s = "";
  for (let i = 0; i < bytes.length; i++) s += HEX[bytes[i]!];
  return s;
};

/** Encodes ASCII text, one byte per character. A character above 0xff keeps only its low byte. */
export const ascii = (text: string): Bytes => {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) out[i] = text.charCodeAt(i);
  return out;
};

const encoder = new TextEncoder();

/** Encodes text as UTF-8. Half a surrogate pair becomes U+FFFD. */
export const utf8 = (text: string): Bytes => {
  // Most texts here are short and ASCII, for which the platform's encoder is slow.
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return encoder.encode(text);
    out[i] = code;
  }
  return out;
};

/** Whether two public byte strings are equal. Stops at the first difference, so never use it on secrets. */
export const sameBytes = (a: Bytes, b: Bytes): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Whether a value is a Uint8Array, of this realm or another. Other typed arrays are not. */
export const isBytes = (data: unknown): data is Bytes =>
  ArrayBuffer.isView(data) && (data as Uint8Array)[Symbol.toStringTag] === "Uint8Array";
