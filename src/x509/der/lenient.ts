/**
 * Values of ASN.1 that are not strict DER: lengths that are too long, integers without the zero that makes them
 * positive. Only for what is not judged by its encoding, such as the key of a certificate.
 *
 * @module
 */
import { type Bytes, concat } from "../../wire/bytes.ts";
import { element, integer } from "./writer.ts";

/** A value: its tag, its content, and all of its bytes. */
export interface Value {
  readonly tag: number;
  readonly content: Bytes;
  readonly raw: Bytes;
}

/** Longer lengths have no use here. */
const MOST_OCTETS = 4;

/** The values that make up the bytes; `undefined` when these are no sequence of values. Indefinite lengths are not read. */
export const valuesIn = (bytes: Bytes): ReadonlyArray<Value> | undefined => {
  const values: Array<Value> = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const tag = bytes[at++]!;
    let length = bytes[at++] ?? 0x80;
    if ((tag & 0x1f) === 0x1f || length === 0x80) return undefined;
    if (length > 0x80) {
      const octets = bytes.subarray(at, at += length & 0x7f);
      if (octets.length > MOST_OCTETS) return undefined;
      length = octets.reduce((n, octet) => n * 256 + octet, 0);
    }
    if (at + length > bytes.length) return undefined;
    values.push({ tag, content: bytes.subarray(at, at += length), raw: bytes.subarray(start, at) });
  }
  return values;
};

const CONSTRUCTED = 0x20;
const INTEGER = 0x02;
const MOST_DEPTH = 8;

/** The values as DER, with every integer positive; `undefined` when they are no values, or nested too deeply. */
export const asDer = (bytes: Bytes, depth = 0): Bytes | undefined => {
  const values = depth > MOST_DEPTH ? undefined : valuesIn(bytes);
  const parts = values?.map(({ tag, content }) => {
    const inner = tag & CONSTRUCTED ? asDer(content, depth + 1) : content;
    return inner && (tag === INTEGER ? integer(content) : element(tag, inner));
  });
  return parts?.every((part) => part !== undefined) ? concat(...parts) : undefined;
};
