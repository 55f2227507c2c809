/** Elliptic curves in keys: by name, or by all of their numbers (RFC 3279 §2.3.5, SEC 1 §C.2). @module */
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { choice, type Der, map, optional, sequence } from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { bitString, count, objectIdentifier, octetString, unsigned } from "../der/types.ts";

/** Stands for a curve whose numbers are not those of a supported one. */
export const UNNAMED = "of these explicit parameters";

const specified = sequence({
  version: count,
  fieldId: sequence({ fieldType: objectIdentifier, prime: unsigned }),
  curve: sequence({ a: octetString, b: octetString, seed: optional(bitString) }),
  base: octetString,
  order: unsigned,
  cofactor: optional(unsigned),
});

/**
 * `ECParameters` as an object identifier. Explicit parameters are the curve's whose numbers they all are, base point
 * and order included, because a base point of one's own would make keys for any public key.
 */
export const curveName: Der<string> = choice(
  objectIdentifier,
  map(specified, ({ fieldId: { fieldType, prime }, curve: { a, b }, base, order, cofactor }) => {
    const same = numbers.find((row) =>
      fieldType === oids["prime-field"] && isNumber(prime, row.p) && isNumber(a, row.a) &&
      isNumber(b, row.b) &&
      isBase(base, row) && isNumber(order, row.n) && (cofactor === undefined || isNumber(cofactor, "01"))
    );
    return same?.oid ?? UNNAMED;
  }),
);

/** Whether two numbers are the same, with leading zeros or without. */
const isNumber = (bytes: Bytes, hex: string): boolean =>
  sameBytes(withoutZeros(bytes), withoutZeros(Uint8Array.fromHex(hex)));

const withoutZeros = (bytes: Bytes): Bytes => {
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first < 0 ? bytes.length : first);
};

/** A point, compressed or not (SEC 1 §2.3.3). */
const isBase = (point: Bytes, { x, y }: Curve): boolean => {
  const sign = Number.parseInt(y.at(-1)!, 16) & 1;
  return [`04${x}${y}`, `0${2 + sign}${x}`].some((hex) => sameBytes(point, Uint8Array.fromHex(hex)));
};

/**
 * The numbers of a curve in hexadecimal (SEC 2 §2.4.2, §2.5.1, §2.6.1): y^2 = x^3 + ax + b over p, and the base point
 * (x, y) of order n.
 */
interface Curve {
  readonly oid: string;
  readonly p: string;
  readonly a: string;
  readonly b: string;
  readonly x: string;
  readonly y: string;
  readonly n: string;
}

const numbers: ReadonlyArray<Curve> = [
  {
    oid: oids.secp256r1,
    p: "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
    a: "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
    b: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
    x: "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    y: "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    n: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  },
  {
    oid: oids.secp384r1,
    p: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
    a: "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000fffffffc",
    b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
    x: "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
    y: "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
    n: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
  },
  {
    oid: oids.secp521r1,
    p: "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    a: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc",
    b: "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
    x: "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
    y: "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
    n: "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
  },
];
