/** The named finite-field groups (RFC 7919 §A), each computed from the number e as the RFC defines it. @module */
import { NamedGroup } from "../names/named_group.ts";
import { type Bytes, sameBytes } from "../wire/bytes.ts";

/** A finite field for Diffie-Hellman. */
export interface FiniteField {
  /** The prime and the generator of the subgroup of order (p - 1) / 2, big-endian without leading zeros. */
  readonly prime: Bytes;
  readonly generator: Bytes;
  /** How many bits a secret exponent needs: at least twice the strength that the RFC gives the group. */
  readonly exponentBits: number;
}

/**
 * For each group: the bits of its prime, the number X that makes the prime safe (RFC 7919 §A), and the bits of the
 * exponent (RFC 7919 §5.2).
 */
const parameters = new Map<NamedGroup, readonly [bits: number, x: bigint, exponentBits: number]>([
  [NamedGroup.ffdhe2048, [2048, 560316n, 256]],
  [NamedGroup.ffdhe3072, [3072, 2625351n, 288]],
  [NamedGroup.ffdhe4096, [4096, 5736041n, 336]],
  [NamedGroup.ffdhe6144, [6144, 15705020n, 384]],
  [NamedGroup.ffdhe8192, [8192, 10965728n, 416]],
]);

/** The supported finite-field groups, the fastest first. */
export const ffdheGroups: ReadonlyArray<NamedGroup> = [...parameters.keys()];

/** Whether a group's number is in the range for finite fields, supported or not (RFC 7919 §2). */
export const isFfdhe = (group: NamedGroup): boolean => group >> 8 === 1;

const fields = new Map<NamedGroup, FiniteField>();

/** The field of a group, computed on first use; `undefined` for a group that is not supported. */
export const ffdhe = (group: NamedGroup): FiniteField | undefined => {
  const known = fields.get(group);
  const row = parameters.get(group);
  if (known || !row) return known;
  const [bits, x, exponentBits] = row;
  const field = { prime: primeOf(bits, x), generator: Uint8Array.of(2), exponentBits };
  fields.set(group, field);
  return field;
};

/** The named group with a given prime and generator; `undefined` when there is none. */
export const ffdheGroupOf = (prime: Bytes, generator: Bytes): NamedGroup | undefined =>
  ffdheGroups.find((group) => {
    // Compares lengths first, so that most fields need not be computed.
    if (parameters.get(group)![0] !== 8 * prime.length) return false;
    const field = ffdhe(group)!;
    return sameBytes(field.prime, prime) && sameBytes(field.generator, generator);
  });

/** The number of bits in a big-endian number, not counting leading zeros. */
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

/** `floor(2^n e)`: the sum of 1/k!, with spare bits for what each division rounds off. */
const scaledE = (n: bigint): bigint => {
  const spare = 64n;
  let [sum, term] = [0n, 1n << (n + spare)];
  for (let k = 1n; term > 0n; k++) {
    sum += term;
    term /= k;
  }
  return sum >> spare;
};
