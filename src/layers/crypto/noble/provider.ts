/** The @noble packages' cryptography as one service. @module */
import { Effect } from "../../../deps.ts";
import { bytesToNumberBE } from "./deps.ts";
import { PrivateKeyError } from "../../../faults/errors/crypto.ts";
import type { CryptoService } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { aead } from "./aead.ts";
import { cbc, stream } from "./cbc.ts";
import { makeFiniteFieldShare } from "./dh.ts";
import { groups, makeKeyShare } from "./groups.ts";
import { hash } from "./hash.ts";
import { withHybrids } from "./hybrid.ts";
import { makeKem } from "./kem.ts";
import { encrypt, privateNumbers, privateOperation, publicNumbers } from "./rsa.ts";
import { makeSign, verify } from "./signatures.ts";

/** The provider with a given source of random bytes. */
export const makeNoble = (random: (length: number) => Bytes): CryptoService => ({
  random,
  hash,
  aead,
  cbc,
  stream,
  finiteFieldShare: makeFiniteFieldShare(random),
  groups,
  ...withHybrids(makeKeyShare(random), makeKem(random)),
  sign: makeSign(random),
  verify,
  rsaEncrypt: makeRsaEncrypt(random),
  rsaDecryptRaw: makeRsaDecryptRaw(random),
});

/** Random bytes from the platform. */
export const platformRandom = (length: number): Bytes => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += QUOTA) crypto.getRandomValues(bytes.subarray(at, at + QUOTA));
  return bytes;
};

/** The most bytes that the platform gives at once (W3C Web Cryptography §10.1.1). */
const QUOTA = 65536;

/**
 * RSA encryption. An unusable key, or one too short for the message, is a defect: the code that accepts the peer's
 * key checks it first.
 */
const makeRsaEncrypt = (random: (length: number) => Bytes): CryptoService["rsaEncrypt"] => (key, message) =>
  Effect.suspend(() => {
    const numbers = publicNumbers(key);
    const sealed = numbers && encrypt(numbers, message, random);
    return sealed ? Effect.succeed(sealed) : Effect.die(
      new RangeError(
        numbers ? "the RSA modulus has no room for the message" : "the RSA public key is out of bounds",
      ),
    );
  });

/**
 * The raw RSA private-key operation. A ciphertext that has the wrong length, or is not below the modulus, costs the
 * same work and gives a block of zeros, which is never valid padding. So its sender learns no more than from bad
 * padding (RFC 5246 §7.4.7.1). Only faults of our own key are errors.
 */
const makeRsaDecryptRaw =
  (random: (length: number) => Bytes): CryptoService["rsaDecryptRaw"] => (key, ciphertext) =>
    Effect.suspend(() => {
      if (key._tag !== "rsa") return fail(`a key of ${key._tag} does not decrypt`);
      const numbers = privateNumbers(key);
      if (numbers === undefined) {
        return fail("the RSA key's numbers contradict each other or are out of bounds");
      }
      const c = ciphertext.length === numbers.length ? bytesToNumberBE(ciphertext) : numbers.n;
      const good = c < numbers.n;
      const block = privateOperation(numbers, good ? c : numbers.n - 2n, random);
      if (block === undefined) return fail("the result did not verify: a fault, or a wrong key");
      return Effect.succeed(good ? block : new Uint8Array(numbers.length));
    });

const fail = (reason: string) => Effect.fail(new PrivateKeyError({ operation: "decrypt", reason }));
