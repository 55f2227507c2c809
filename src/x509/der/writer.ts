/** Writes DER (X.690 §10), for certificates made in memory. @module */
import { ascii, type Bytes, concat, utf8 } from "../../wire/bytes.ts";

/** Encodes a tag, the length in its shortest form, and the content. */
export const element = (tag: number, ...content: ReadonlyArray<Bytes>): Bytes => {
  const length = content.reduce((n, part) => n + part.length, 0);
  const octets = lengthOctets(length);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  return concat(Uint8Array.from(head), ...content);
};

/** `SEQUENCE` of the parts. */
export const sequence = (...parts: ReadonlyArray<Bytes>): Bytes => element(0x30, ...parts);

/** `SET OF` the parts, sorted as DER requires (X.690 §11.6). */
export const set = (...parts: ReadonlyArray<Bytes>): Bytes => element(0x31, ...parts.toSorted(compare));

/** `[n] EXPLICIT`, or any other constructed context tag. */
export const explicit = (n: number, ...parts: ReadonlyArray<Bytes>): Bytes => element(0xa0 | n, ...parts);

/** `[n] IMPLICIT` of a primitive type with the given content. */
export const context = (n: number, content: Bytes): Bytes => element(0x80 | n, content);

/** `BOOLEAN`. */
export const boolean = (value: boolean): Bytes => element(0x01, Uint8Array.of(value ? 0xff : 0));

/** `INTEGER`, not negative, from a number or from big-endian bytes. */
export const integer = (value: number | Bytes): Bytes => {
  const bytes = typeof value === "number" ? Uint8Array.from(lengthOctets(value)) : value;
  const first = bytes.findIndex((byte) => byte !== 0);
  const minimal = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  return minimal[0]! >= 0x80 ? element(0x02, Uint8Array.of(0), minimal) : element(0x02, minimal);
};

/** `BIT STRING` with `unused` bits at its end. */
export const bitString = (bytes: Bytes, unused = 0): Bytes => element(0x03, Uint8Array.of(unused), bytes);

/** `OCTET STRING`. */
export const octetString = (bytes: Bytes): Bytes => element(0x04, bytes);

/** `NULL`. */
export const nullValue: Bytes = Uint8Array.of(0x05, 0);

/** `OBJECT IDENTIFIER`, from its dotted form. */
export const objectIdentifier = (dotted: string): Bytes => {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
};

/** `UTF8String`. */
export const utf8String = (text: string): Bytes => element(0x0c, utf8(text));

/** `PrintableString`. The text must keep to its alphabet. */
export const printableString = (text: string): Bytes => element(0x13, ascii(text));

/** `IA5String`. The text must be ASCII. */
export const ia5String = (text: string): Bytes => element(0x16, ascii(text));

/** `UTCTime`, from seconds since the epoch, for the years 1950 to 2049. */
export const utcTime = (seconds: number): Bytes => element(0x17, ascii(digits(seconds).slice(2)));

/** `GeneralizedTime`, from seconds since the epoch. */
export const generalizedTime = (seconds: number): Bytes => element(0x18, ascii(digits(seconds)));

/** `Time`: UTCTime from 1950 through 2049, otherwise GeneralizedTime (RFC 5280 §4.1.2.5). */
export const time = (seconds: number): Bytes =>
  seconds >= START_1950 && seconds < START_2050 ? utcTime(seconds) : generalizedTime(seconds);

const START_1950 = Date.UTC(1950, 0) / 1000;
const START_2050 = Date.UTC(2050, 0) / 1000;

const digits = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(/\.\d+|[-:T]/g, "");

const lengthOctets = (n: number): Array<number> => {
  const out: Array<number> = [];
  for (; n > 0; n = Math.floor(n / 256)) out.unshift(n % 256);
  return out;
};

const base128 = (n: number): Array<number> => {
  const out = [n % 128];
  while ((n = Math.floor(n / 128)) > 0) out.unshift(0x80 | n % 128);
  return out;
};

const compare = (a: Bytes, b: Bytes): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
};
