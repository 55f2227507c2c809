/** The RSA operations and RSAES-PKCS1-v1_5 encryption (RFC 8017 §5, §7.2.1), with BigInt. @module */
import { bytesToNumberBE, invert, mod, numberToBytesBE, pow } from "./deps.ts";
import type { PrivateKey, PublicKey } from "../../../ports/crypto.ts";
import { type Bytes, concat } from "../../../wire/bytes.ts";

/** An RSA public key (plain or RSASSA-PSS), or the public part of a private key. */
export type RsaPublicKey = Pick<PublicKey & { readonly _tag: "rsa" }, "modulus" | "publicExponent">;
/** An RSA private key, plain or RSASSA-PSS. */
export type RsaPrivateKey = PrivateKey & { readonly _tag: "rsa" | "rsa_pss" };

/** An RSA public key as numbers, with the length of its modulus in bits and in bytes. */
export interface Modulus {
  readonly n: bigint;
  readonly e: bigint;
  readonly bits: number;
  readonly length: number;
}

/** The bounds on a modulus in bits. With a longer one, a certificate could cost us too much time. */
export const MODULUS_BITS = { min: 512, max: 8192 } as const;

/**
 * An RSA public key as numbers. `undefined` when the modulus is out of bounds or even, or the exponent is unusable.
 */
export const publicNumbers = (key: RsaPublicKey): Modulus | undefined => {
  let known = publicKeys.get(key);
  if (known === undefined) publicKeys.set(key, known = readPublic(key) ?? "bad");
  return known === "bad" ? undefined : known;
};

/** RSAVP1 and RSAEP (RFC 8017 §5.1.1, §5.2.2): x^e mod n. x must be below n. */
export const publicOperation = ({ n, e, length }: Modulus, x: bigint): Bytes =>
  numberToBytesBE(pow(x, e, n), length);

/** An RSA private key as numbers for the Chinese remainder theorem. `undefined` when they are inconsistent. */
export const privateNumbers = (key: RsaPrivateKey): PrivateNumbers | undefined => {
  let known = privateKeys.get(key);
  if (known === undefined) privateKeys.set(key, known = readPrivate(key) ?? "bad");
  return known === "bad" ? undefined : known;
};

/**
 * RSADP and RSASP1 with the Chinese remainder theorem (RFC 8017 §5.1.2): c^d mod n. c must be below n. The base is
 * blinded, because the time that BigInt takes depends on its numbers. The blinded result is checked with the public
 * exponent, because a result that is wrong modulo only one prime reveals the key. `undefined` when that check fails.
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

/** RSAES-PKCS1-v1_5 encryption (RFC 8017 §7.2.1). `undefined` when the modulus is too short for the message. */
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

/** An RSA private key as numbers. */
export interface PrivateNumbers extends Modulus {
  readonly p: bigint;
  readonly q: bigint;
  readonly dp: bigint;
  readonly dq: bigint;
  readonly qInverse: bigint;
}

// Keys are data and live as long as their owner keeps them. So do their numbers.
const publicKeys = new WeakMap<RsaPublicKey, Modulus | "bad">();
const privateKeys = new WeakMap<RsaPrivateKey, PrivateNumbers | "bad">();

const MAX_EXPONENT = 2n ** 32n;

const readPublic = (key: RsaPublicKey): Modulus | undefined => {
  // Longer values are refused before they become numbers. The modulus may have one leading zero byte.
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

/** A blinding: r^e and the inverse of r, for a random unit r modulo n. */
interface Blinding {
  readonly factor: bigint;
  readonly inverse: bigint;
  readonly uses: number;
}

/** How often a blinding is squared before a new unit is drawn. */
const BLINDING_USES = 32;

// Keyed by the source of randomness, too: providers do not share blindings.
const blindings = new WeakMap<Random, WeakMap<PrivateNumbers, Blinding>>();

/**
 * A blinding for one use. Mostly the square of the last one, because drawing anew costs up to a fifth of the RSA
 * operation.
 */
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
    const r = mod(bytesToNumberBE(random(length + 8)), n - 1n) + 1n; // eight extra bytes make it nearly uniform
    if (r % p !== 0n && r % q !== 0n) return { factor: pow(r, e, n), inverse: invert(r, n), uses: 1 };
  }
};

/**
 * Random non-zero bytes. Each comes from sixteen bits, so that none needs a second draw and all are almost equally
 * likely.
 */
const nonZero = (length: number, random: Random): Bytes => {
  const drawn = random(2 * length);
  return Uint8Array.from({ length }, (_, i) => ((drawn[2 * i]! << 8) | drawn[2 * i + 1]!) % 255 + 1);
};
