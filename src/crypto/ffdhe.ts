/** The finite fields that have names (RFC 7919 §A), each derived from the number e as the RFC derives it. @module */
import { NamedGroup } from "../names/named_group.ts";
import { type Bytes, sameBytes } from "../wire/bytes.ts";

/** A prime, a generator of the subgroup of order (p - 1) / 2, and how long a secret exponent need be. */
export interface FiniteField {
  /** Big-endian, without leading zeros; so is the generator. */
  readonly prime: Bytes;
  readonly generator: Bytes;
  /** Twice the strength that the RFC gives the group, and a margin. */
  readonly exponentBits: number;
}

/** Bits of the prime, the number X that makes it safe (RFC 7919 §A), and bits of the exponent (§5.2). */
const parameters = new Map<NamedGroup, readonly [bits: number, x: bigint, exponentBits: number]>([
  [NamedGroup.ffdhe2048, [2048, 560316n, 256]],
  [NamedGroup.ffdhe3072, [3072, 2625351n, 288]],
  [NamedGroup.ffdhe4096, [4096, 5736041n, 336]],
  [NamedGroup.ffdhe6144, [6144, 15705020n, 384]],
  [NamedGroup.ffdhe8192, [8192, 10965728n, 416]],
]);

/** The groups whose field is known here, the fastest first. */
export const ffdheGroups: ReadonlyArray<NamedGroup> = [...parameters.keys()];

/** Whether a group's number is among those for finite fields, known here or not (RFC 7919 §2). */
export const isFfdhe = (group: NamedGroup): boolean => group >> 8 === 1;

const fields = new Map<NamedGroup, FiniteField>();

/** The field of a group; made when it is first asked for. */
export const ffdhe = (group: NamedGroup): FiniteField | undefined => {
  const known = fields.get(group);
  const row = parameters.get(group);
  if (known || !row) return known;
  const [bits, x, exponentBits] = row;
  const field = { prime: primeOf(bits, x), generator: Uint8Array.of(2), exponentBits };
  fields.set(group, field);
  return field;
};

/** The group whose field a peer names by its numbers. */
export const ffdheGroupOf = (prime: Bytes, generator: Bytes): NamedGroup | undefined =>
  ffdheGroups.find((group) => {
    // Length first: most fields need not be made to be told apart.
    if (parameters.get(group)![0] !== 8 * prime.length) return false;
    const field = ffdhe(group)!;
    return sameBytes(field.prime, prime) && sameBytes(field.generator, generator);
  });

/** Bits in a big-endian number, leading zeros apart. */
export const bitLength = (number: Bytes): number => {
  const first = number.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : 8 * (number.length - first) - Math.clz32(number[first]!) + 24;
};

/** `2^b - 2^(b-64) + (floor(2^(b-130) e) + X) 2^64 - 1` (RFC 7919 §A). */
const primeOf = (bits: number, x: bigint): Bytes => {
  const b = BigInt(bits);
  const p = (1n << b) - (1n << (b - 64n)) + ((scaledE(b - 130n) + x) << 64n) - 1n;
  return Uint8Array.from(p.toString(16).match(/../g) ?? [], (byte) => parseInt(byte, 16));
};

/** `floor(2^n e)`, as the sum of 1/k! with bits to spare for what each division drops. */
const scaledE = (n: bigint): bigint => {
  const spare = 64n;
  let [sum, term] = [0n, 1n << (n + spare)];
  for (let k = 1n; term > 0n; k++) {
    sum += term;
    term /= k;
  }
  return sum >> spare;
};
