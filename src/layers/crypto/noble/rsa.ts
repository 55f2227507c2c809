/** RSA's two operations and RSAES-PKCS1-v1_5 encryption (RFC 8017 §5, §7.2.1), on BigInt. @module */
import { bytesToNumberBE, invert, mod, numberToBytesBE, pow } from "./deps.ts";
import type { PrivateKey, PublicKey } from "../../../ports/crypto.ts";
import { type Bytes, concat } from "../../../wire/bytes.ts";

/** A public key of RSA, of either kind, or the public half of a private one. */
export type RsaPublicKey = Pick<PublicKey & { readonly _tag: "rsa" }, "modulus" | "publicExponent">;
/** A private key of RSA, of either kind. */
export type RsaPrivateKey = PrivateKey & { readonly _tag: "rsa" | "rsa_pss" };

/** A public key as numbers, with its modulus' length in bits and in bytes. */
export interface Modulus {
  readonly n: bigint;
  readonly e: bigint;
  readonly bits: number;
  readonly length: number;
}

/** The bounds on a modulus in bits: a longer one would let a certificate buy our time. */
export const MODULUS_BITS = { min: 512, max: 8192 } as const;

/** The key as numbers; `undefined` for one outside the bounds, an even one, or a public exponent that is no good. */
export const publicNumbers = (key: RsaPublicKey): Modulus | undefined => {
  let known = publicKeys.get(key);
  if (known === undefined) publicKeys.set(key, known = readPublic(key) ?? "bad");
  return known === "bad" ? undefined : known;
};

/** RSAVP1 and RSAEP (RFC 8017 §5.1.1, §5.2.2): x^e mod n, for x below n. */
export const publicOperation = ({ n, e, length }: Modulus, x: bigint): Bytes =>
  numberToBytesBE(pow(x, e, n), length);

/** The private numbers of a key, ready for the Chinese remainders; `undefined` when they contradict each other. */
export const privateNumbers = (key: RsaPrivateKey): PrivateNumbers | undefined => {
  let known = privateKeys.get(key);
  if (known === undefined) privateKeys.set(key, known = readPrivate(key) ?? "bad");
  return known === "bad" ? undefined : known;
};

/**
 * RSADP and RSASP1 by the Chinese remainder theorem (RFC 8017 §5.1.2): c^d mod n for c below n. The base is blinded
 * with a factor of its own, because the time that BigInt takes depends on its numbers; the result, still blinded, is put
 * to the public exponent, because one that is wrong modulo only one prime gives the key away. `undefined` is that fault.
 */
export const privateOperation = (
  key: PrivateNumbers,
  c: bigint,
  random: Random,
): Bytes | undefined => {
  const { n, e, p, q, dp, dq, qInverse } = key;
  const { factor, inverse } = blindingOf(key, random);
  const blinded = mod(c * factor, n);
  const m1 = pow(blinded, dp, p);
  const m2 = pow(blinded, dq, q);
  const m = m2 + q * mod((m1 - m2) * qInverse, p);
  return pow(m, e, n) === blinded ? numberToBytesBE(mod(m * inverse, n), key.length) : undefined;
};

/** RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1); `undefined` when the modulus has no room for the message. */
export const encrypt = (
  key: Modulus,
  message: Bytes,
  random: Random,
): Bytes | undefined => {
  const padding = key.length - message.length - 3;
  if (padding < 8) return undefined;
  const block = concat(Uint8Array.of(0x00, 0x02), nonZero(padding, random), Uint8Array.of(0x00), message);
  return publicOperation(key, bytesToNumberBE(block));
};

/** A private key as numbers. */
export interface PrivateNumbers extends Modulus {
  readonly p: bigint;
  readonly q: bigint;
  readonly dp: bigint;
  readonly dq: bigint;
  readonly qInverse: bigint;
}

// Keys are data and live as long as their owner keeps them; so do their numbers.
const publicKeys = new WeakMap<RsaPublicKey, Modulus | "bad">();
const privateKeys = new WeakMap<RsaPrivateKey, PrivateNumbers | "bad">();

const MAX_EXPONENT = 2n ** 32n;

const readPublic = (key: RsaPublicKey): Modulus | undefined => {
  // Leading zeros apart, more bytes than this are refused before they become a number.
  if (key.modulus.length > MODULUS_BITS.max / 8 + 1 || key.publicExponent.length > 8) return undefined;
  const [n, e] = [bytesToNumberBE(key.modulus), bytesToNumberBE(key.publicExponent)];
  const bits = n.toString(2).length;
  return bits >= MODULUS_BITS.min && bits <= MODULUS_BITS.max && odd(n) && odd(e) && e >= 3n &&
      e <= MAX_EXPONENT
    ? { n, e, bits, length: Math.ceil(bits / 8) }
    : undefined;
};

const readPrivate = (key: RsaPrivateKey): PrivateNumbers | undefined => {
  const modulus = publicNumbers(key);
  if (modulus === undefined) return undefined;
  const [p, q, dp, dq, qInverse] = [key.prime1, key.prime2, key.exponent1, key.exponent2, key.coefficient]
    .map(bytesToNumberBE) as [bigint, bigint, bigint, bigint, bigint];
  const { n, e } = modulus;
  const consistent = p > 1n && q > 1n && p * q === n &&
    (e * dp) % (p - 1n) === 1n && (e * dq) % (q - 1n) === 1n && (q * qInverse) % p === 1n;
  return consistent ? { ...modulus, p, q, dp, dq, qInverse } : undefined;
};

const odd = (x: bigint): boolean => (x & 1n) === 1n;

type Random = (length: number) => Bytes;

/** r^e and the inverse of r, for a random unit r modulo n. */
interface Blinding {
  readonly factor: bigint;
  readonly inverse: bigint;
  readonly uses: number;
}

/** Operations after which the unit is drawn anew; until then each takes the square of the last one's. */
const BLINDING_USES = 32;

// By the source of randomness as well: what one provider has drawn is not another's.
const blindings = new WeakMap<Random, WeakMap<PrivateNumbers, Blinding>>();

/** A blinding that was never used: an inversion costs as much as a fifth of the operation that it hides. */
const blindingOf = (key: PrivateNumbers, random: Random): Blinding => {
  let known = blindings.get(random);
  if (!known) blindings.set(random, known = new WeakMap());
  const last = known.get(key);
  const next = last && last.uses < BLINDING_USES
    ? {
      factor: mod(last.factor * last.factor, key.n),
      inverse: mod(last.inverse * last.inverse, key.n),
      uses: last.uses + 1,
    }
    : drawn(key, random);
  known.set(key, next);
  return next;
};

const drawn = ({ n, e, p, q, length }: PrivateNumbers, random: Random): Blinding => {
  for (;;) {
    const r = mod(bytesToNumberBE(random(length + 8)), n - 1n) + 1n; // eight bytes more: close to uniform
    if (r % p !== 0n && r % q !== 0n) return { factor: pow(r, e, n), inverse: invert(r, n), uses: 1 };
  }
};

/** Each byte from sixteen bits, so that none needs a second draw and none is noticeably likelier. */
const nonZero = (length: number, random: Random): Bytes => {
  const drawn = random(2 * length);
  return Uint8Array.from({ length }, (_, i) => ((drawn[2 * i]! << 8) | drawn[2 * i + 1]!) % 255 + 1);
};
