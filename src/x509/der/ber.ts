/**
 * BER as some programs write PKCS#7 and PKCS#12: indefinite lengths, and strings in pieces (X.690 §8). It is rewritten
 * as DER, so that only one reader judges it.
 *
 * @module
 */
import { Either } from "../../deps.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import { decodeDer, type Der, type DerError } from "./der.ts";
import * as Writer from "./writer.ts";

/** Decodes a whole value of DER or BER. Fails with DerError, as `decodeDer` does. */
export const decodeBer = <A>(subject: string, shape: Der<A>, bytes: Bytes): Either.Either<A, DerError> =>
  Either.orElse(decodeDer(subject, shape, bytes), (error) => {
    const der = derOf(bytes);
    return der ? decodeDer(subject, shape, der) : Either.left(error);
  });

/** How deep values may be nested, and how many there may be. A PKCS#12 file has less than 20 levels. */
const MOST_LEVELS = 32;
const MOST_VALUES = 16_384;

/** One value of BER as DER; `undefined` when it is not one whole value. */
export const derOf = (ber: Bytes): Bytes | undefined => {
  let [at, values] = [0, 0];
  const value = (end: number, level: number): Bytes | undefined => {
    const tag = ber[at++];
    const first = ber[at++];
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
    if (at > end || level > MOST_LEVELS || ++values > MOST_VALUES) return undefined;
    const constructed = (tag & 0x20) !== 0;
    let length = first;
    if (first === 0x80) length = Infinity;
    else if (first > 0x80) {
      length = 0;
      for (let n = first & 0x7f; n > 0; n--) length = length * 256 + (ber[at++] ?? Infinity);
    }
    if (first === 0x80 && !constructed) return undefined;
    if (first !== 0x80 && length > end - at) return undefined;
    const stop = Math.min(at + length, end);
    if (!constructed) return Writer.element(tag, ber.subarray(at, at = stop));
    const inside: Array<Bytes> = [];
    const open = first === 0x80;
    while (open ? !(ber[at] === 0 && ber[at + 1] === 0) : at < stop) {
      const one = value(stop, level + 1);
      if (!one) return undefined;
      inside.push(one);
    }
    if (open) at += 2;
    return tag === PIECES ? joined(inside) : Writer.element(tag, ...inside);
  };
  const whole = value(ber.length, 0);
  return at === ber.length ? whole : undefined;
};

/** An OCTET STRING in pieces. */
const PIECES = 0x24;

const joined = (pieces: ReadonlyArray<Bytes>): Bytes | undefined => {
  if (pieces.some((piece) => piece[0] !== 0x04)) return undefined;
  return Writer.octetString(
    concat(...pieces.map((piece) => piece.subarray(piece[1]! < 0x80 ? 2 : 2 + (piece[1]! & 0x7f)))),
  );
};
