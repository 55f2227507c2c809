/** The simple types of ASN.1, in their DER encoding (X.690 §10, §11). @module */
import type { Bytes } from "../../wire/bytes.ts";
import { choice, type Der, map, type Reader, tagged } from "./der.ts";

/** `BOOLEAN`. */
export const boolean = tagged(0x01, (r) => {
  const [value, ...more] = r.rest();
  return more.length === 0 && (value === 0 || value === 0xff) ? value === 0xff : r.fail("no boolean of DER");
});

/** `INTEGER` of any size and sign, in two's complement. */
export const integer = tagged(0x02, (r) => {
  const start = r.position;
  const bytes = r.rest();
  const [first, second = 0] = bytes;
  if (first === undefined) r.fail("an empty integer", start);
  const idle = bytes.length > 1 && (first === 0 && second < 0x80 || first === 0xff && second >= 0x80);
  return idle ? r.fail("an integer that is not minimal", start) : bytes;
});

/** `ENUMERATED` with a value from 0 to 127. */
export const enumerated = tagged(0x0a, (r) => {
  const start = r.position;
  const [value = 0x80, ...more] = r.rest();
  return more.length === 0 && value < 0x80 ? value : r.fail("no small enumerated value of DER", start);
});

/** `OCTET STRING`. */
export const octetString = tagged(0x04, (r) => r.rest());

/** `NULL`. */
export const nullValue = tagged(0x05, () => null);

/** `BIT STRING`: its bytes, and how many bits at the end are unused. */
export const bitString = tagged(0x03, (r) => {
  const start = r.position;
  const unused = r.rest()[0] ?? r.fail("an empty bit string", start);
  const bytes = r.bytes.subarray(start + 1, r.end);
  if (unused > 7 || bytes.length === 0 && unused > 0) r.fail(`${unused} unused bits`, start);
  if ((bytes.at(-1) ?? 0) & (1 << unused) - 1) r.fail("unused bits that are set", start);
  return { bytes, unused };
});

/** `OBJECT IDENTIFIER`, in dotted form. */
export const objectIdentifier = tagged(0x06, (r) => {
  const start = r.position;
  const bytes = r.rest();
  // RFC 5280 §B requires support for no more than 100 bytes, and BigInt below takes quadratic time.
  if (bytes.length > 255) r.fail("an object identifier of more than 255 bytes", start);
  let dotted = "";
  let from = 0;
  let low = 0; // the arc, unless it is a long one
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    low = low * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (bytes[from] === 0x80) r.fail("an arc that is not minimal", start);
    const arc = i - from < 7 ? low : longArc(bytes.subarray(from, i + 1));
    if (from > 0) dotted += `.${arc}`;
    else dotted = arc < 40 ? `0.${arc}` : arc < 80 ? `1.${Number(arc) - 40}` : `2.${BigInt(arc) - 80n}`;
    from = i + 1;
    low = 0;
  }
  return from === bytes.length && from > 0 ? dotted : r.fail("half an object identifier", start);
});

/** Arcs can be 128-bit UUIDs (X.667). Seven bytes at a time fit a number exactly. */
const longArc = (bytes: Bytes): bigint => {
  let arc = 0n;
  for (let from = 0; from < bytes.length; from += 7) {
    const piece = bytes.subarray(from, from + 7);
    const low = piece.reduce((n, byte) => n * 128 + (byte & 0x7f), 0);
    arc = arc << BigInt(7 * piece.length) | BigInt(low);
  }
  return arc;
};

const time = (pattern: RegExp) => (r: Reader): number => {
  const start = r.position;
  const text = String.fromCharCode(...r.rest().subarray(0, 32));
  const [year = 0, ...rest] = (pattern.exec(text) ?? r.fail("no time of DER", start)).slice(1).map(Number);
  // RFC 5280 §4.1.2.5.1: two-digit years are 1950 to 2049.
  const [month = 0, day, hour, minute, second] = rest;
  const full = text.length === 13 ? year + (year < 50 ? 2000 : 1900) : year;
  const date = new Date(0);
  date.setUTCFullYear(full, month - 1, day);
  date.setUTCHours(hour!, minute, second);
  const written = date.toISOString().replace(/\.000|[-:T]/g, "");
  return written.endsWith(text) ? date.getTime() / 1000 : r.fail(`no time there ever is: ${text}`, start);
};

/** `GeneralizedTime`, only in the form of RFC 5280 §4.1.2.5.2, as seconds since the epoch. */
export const generalizedTime = tagged(0x18, time(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/));

const utcTime = tagged(0x17, time(/^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/));

/**
 * `Time ::= CHOICE { UTCTime, GeneralizedTime }`, only in the forms of RFC 5280 §4.1.2.5, as seconds since the epoch.
 */
export const anyTime: Der<number> = choice(utcTime, generalizedTime);

const unsignedOf = (of: Der<Bytes>): Der<Bytes> =>
  map(
    of,
    (bytes, fail) =>
      bytes[0]! >= 0x80
        ? fail("a negative integer")
        : bytes.length > 1 && bytes[0] === 0
        ? bytes.subarray(1)
        : bytes,
  );

/** `INTEGER (0..MAX)`: big-endian, without leading zeros. Zero is one zero byte. */
export const unsigned: Der<Bytes> = unsignedOf(integer);

/** An integer, which may have another tag, as a number of 0 and above. Values of 2^32 and above become Infinity. */
export const countOf = (of: Der<Bytes>): Der<number> =>
  map(
    unsignedOf(of),
    (bytes) => bytes.length > 4 ? Infinity : bytes.reduce((n, byte) => n * 256 + byte, 0),
  );

/** `INTEGER (0..MAX)` as a number. Values of 2^32 and above become Infinity. */
export const count: Der<number> = countOf(integer);

/** `IA5String` and its like: ASCII text. */
export const ia5String = tagged(0x16, (r) => {
  const start = r.position;
  let text = "";
  for (const byte of r.rest()) text += byte < 0x80 ? String.fromCharCode(byte) : r.fail("no ASCII", start);
  return text;
});
