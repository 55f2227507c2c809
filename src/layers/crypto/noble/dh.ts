/** Diffie-Hellman over finite fields, on noble's modular arithmetic. @module */
import { Effect } from "../../../deps.ts";
import { bytesToNumberBE, numberToBytesBE, pow } from "./deps.ts";
import { bitLength, ffdhe, type FiniteField } from "../../../crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import type { NamedGroup } from "../../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";

/** The bounds on a prime of the peer's in bits: at 8192 it would buy half a second of ours. */
const PRIME_BITS = { min: 512, max: 4096 } as const;

type Random = (length: number) => Bytes;

const refuse = (group: NamedGroup | undefined, reason: string) =>
  Effect.fail(new InvalidKeyShare({ group, reason }));

/** A fresh share of a named field; `undefined` for a group that is none. */
export const namedFieldShare = (group: NamedGroup, random: Random): KeyShare | undefined => {
  const field = ffdhe(group);
  return field && shareOf(group, field, random);
};

/** A fresh share for numbers of the peer's. The order of its generator is not known, so the exponent is full. */
export const makeFiniteFieldShare =
  (random: Random): CryptoService["finiteFieldShare"] => (prime, generator) =>
    Effect.suspend(() => {
      const bits = bitLength(prime);
      if (bits < PRIME_BITS.min || bits > PRIME_BITS.max || prime.at(-1)! % 2 === 0) {
        return refuse(undefined, `a number of ${bits} bits cannot be the prime`);
      }
      if (bitLength(generator) > bits) return refuse(undefined, "the generator is not between 1 and p - 1");
      const [p, g] = [bytesToNumberBE(prime), bytesToNumberBE(generator)];
      if (g < 2n || g > p - 2n) return refuse(undefined, "the generator is not between 1 and p - 1");
      return Effect.succeed(shareOf(undefined, { prime, generator, exponentBits: bits - 1 }, random));
    });

const shareOf = (group: NamedGroup | undefined, field: FiniteField, random: Random): KeyShare => {
  const [p, g] = [bytesToNumberBE(field.prime), bytesToNumberBE(field.generator)];
  const length = Math.ceil(bitLength(field.prime) / 8);
  // Not zero, and no more bits than were asked for.
  const secret = (bytesToNumberBE(random(Math.ceil(field.exponentBits / 8))) >>
    BigInt((8 - field.exponentBits % 8) % 8)) | 1n;
  return {
    publicKey: numberToBytesBE(pow(g, secret, p), length),
    agree: (theirs) =>
      Effect.suspend(() => {
        if (bitLength(theirs) > 8 * length) return refuse(group, "the share is longer than the prime");
        const y = bytesToNumberBE(theirs);
        if (y < 2n || y > p - 2n) return refuse(group, "the share is not between 1 and p - 1");
        const z = pow(y, secret, p);
        // Of these only a subgroup of one or two elements gives any.
        if (z < 2n || z === p - 1n) return refuse(group, "the share lies in a small subgroup");
        return Effect.succeed(numberToBytesBE(z, length));
      }),
  };
};
