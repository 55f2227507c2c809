/** Diffie-Hellman over finite fields, on noble's modular arithmetic. @module */
import { Effect } from "../../../deps.ts";
import { bytesToNumberBE, numberToBytesBE, pow } from "./deps.ts";
import { bitLength, ffdhe, type FiniteField } from "../../../crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import type { NamedGroup } from "../../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";

/** The bounds on a prime that the peer chose, in bits. One of 8192 bits would cost us half a second. */
const PRIME_BITS = { min: 512, max: 4096 } as const;

type Random = (length: number) => Bytes;

const refuse = (group: NamedGroup | undefined, reason: string) =>
  Effect.fail(new InvalidKeyShare({ group, reason }));

/** A new share of a named finite field; `undefined` for any other group. */
export const namedFieldShare = (group: NamedGroup, random: Random): KeyShare | undefined => {
  const field = ffdhe(group);
  return field && shareOf(group, field, random);
};

/**
 * Makes a share for the peer's own prime and generator. The order of the generator is unknown, so the exponent has
 * full length.
 */
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
  // Not zero, and with no more bits than wanted.
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
        // Only shares from a subgroup of one or two elements give these results.
        if (z < 2n || z === p - 1n) return refuse(group, "the share lies in a small subgroup");
        return Effect.succeed(numberToBytesBE(z, length));
      }),
  };
};
