/** Generates private keys, and computes the public key of a private one. @module */
import { NamedGroup } from "../../names/named_group.ts";
import type { PrivateKey, PublicKey } from "../../ports/crypto.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { bytesToNumberBE, ed25519, ed448, invert, numberToBytesBE, pow } from "../crypto/noble/deps.ts";
import { nistCurves } from "../crypto/noble/groups.ts";
import { privateNumbers } from "../crypto/noble/rsa.ts";
import type { NewKey } from "./options.ts";

/** A source of random bytes. */
export type Random = (length: number) => Bytes;

/** The public key of a private one; `undefined` when the private key's numbers are inconsistent. */
export const publicKeyOf = (key: PrivateKey): PublicKey | undefined => {
  switch (key._tag) {
    case "rsa":
    case "rsa_pss":
      return privateNumbers(key) &&
        { _tag: key._tag, modulus: key.modulus, publicExponent: key.publicExponent };
    case "ecdsa": {
      const curve = nistCurves.get(key.group);
      return curve?.utils.isValidSecretKey(key.privateKey)
        ? { _tag: "ecdsa", group: key.group, point: curve.getPublicKey(key.privateKey, false) }
        : undefined;
    }
    case "ed25519":
      return { _tag: "ed25519", key: ed25519.getPublicKey(key.seed) };
    case "ed448":
      return { _tag: "ed448", key: ed448.getPublicKey(key.seed) };
  }
};

/** Whether two public keys have the same numbers. Plain RSA and RSASSA-PSS keys count as the same kind. */
export const sameKey = (a: PublicKey, b: PublicKey): boolean => {
  const [ours, theirs] = [numbersOf(a), numbersOf(b)];
  return ours.length === theirs.length && ours.every((part, i) => sameBytes(part, theirs[i]!));
};

const numbersOf = (key: PublicKey): ReadonlyArray<Bytes> =>
  key._tag === "ecdsa" ? [key.point] : "key" in key ? [key.key] : [key.modulus, key.publicExponent];

/** Generators of private keys, by kind. */
export const freshKey = {
  ecdsa_p256: (random: Random): PrivateKey => ecdsa(NamedGroup.secp256r1, random),
  ecdsa_p384: (random: Random): PrivateKey => ecdsa(NamedGroup.secp384r1, random),
  ecdsa_p521: (random: Random): PrivateKey => ecdsa(NamedGroup.secp521r1, random),
  ed25519: (random: Random): PrivateKey => ({ _tag: "ed25519", seed: random(32) }),
  ed448: (random: Random): PrivateKey => ({ _tag: "ed448", seed: random(57) }),
  /** RSA with 2048 bits. */
  rsa: (random: Random): PrivateKey => rsa(2048, random),
} satisfies Record<NewKey, (random: Random) => PrivateKey>;

const ecdsa = (group: NamedGroup, random: Random): PrivateKey => {
  const { utils, lengths } = nistCurves.get(group)!;
  return { _tag: "ecdsa", group, privateKey: utils.randomSecretKey(random(lengths.seed!)) };
};

const E = 65537n;

/** An RSA key: two probable primes, and the numbers that follow from them (RFC 8017 §3.2). */
const rsa = (bits: number, random: Random): PrivateKey => {
  const p = prime(bits / 2, random);
  let q = p;
  while (q === p) q = prime(bits / 2, random);
  const d = invert(E, (p - 1n) * (q - 1n));
  const bytes = (n: bigint) => numberToBytesBE(n, Math.ceil(n.toString(16).length / 2));
  return {
    _tag: "rsa",
    modulus: bytes(p * q),
    publicExponent: bytes(E),
    privateExponent: bytes(d),
    prime1: bytes(p),
    prime2: bytes(q),
    exponent1: bytes(d % (p - 1n)),
    exponent2: bytes(d % (q - 1n)),
    coefficient: bytes(invert(q, p)),
  };
};

/** A probable prime whose two highest bits are set, so that the product of two has full length. */
const prime = (bits: number, random: Random): bigint => {
  for (;;) {
    const n = bytesToNumberBE(random(bits / 8)) | (3n << BigInt(bits - 2)) | 1n;
    if (n % E !== 1n && smallPrimes.every((p) => n % p !== 0n) && isProbablePrime(n, random)) return n;
  }
};

const smallPrimes = Array.from({ length: 1000 }, (_, i) => 2 * i + 3)
  .filter((n) => {
    for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
    return true;
  })
  .map(BigInt);

/** The Miller-Rabin test with 8 random bases: far more than random numbers of this size need (FIPS 186-5 §B.3). */
const isProbablePrime = (n: bigint, random: Random): boolean => {
  let [odd, twos] = [n - 1n, 0];
  for (; (odd & 1n) === 0n; odd >>= 1n) twos++;
  for (let round = 0; round < 8; round++) {
    let x = pow(bytesToNumberBE(random(32)) + 2n, odd, n);
    if (x === 1n || x === n - 1n) continue;
    let i = 1;
    while (i < twos && (x = x * x % n) !== n - 1n) i++;
    if (i >= twos) return false;
  }
  return true;
};
