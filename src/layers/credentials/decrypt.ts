/** Derives keys from passphrases and decrypts with them (RFC 8018 §6.2.2, RFC 7292 §B). @module */
import { tripleDes } from "../../crypto/triple_des.ts";
import { Effect } from "../../deps.ts";
import { type Bytes, concat, utf8 } from "../../wire/bytes.ts";
import {
  type EncryptedKey,
  type KeyDerivation,
  unsupported,
  type UnsupportedEncryption,
} from "../../x509/keys/encrypted_key.ts";
import { cbc, pbkdf2Async, scryptAsync } from "../crypto/noble/deps.ts";
import { nobleHashes } from "../crypto/noble/hash.ts";

/** Why an encryption needs the option `legacy`; `undefined` when it does not. */
export const old = ({ derivation }: EncryptedKey): UnsupportedEncryption | undefined =>
  derivation._tag === "pkcs12"
    ? unsupported(
      "3DES under a key of PKCS#12 is only opened by choice (`legacy`, --policy legacy in the programs)",
    )
    : undefined;

/**
 * Decrypts; `undefined` when the passphrase is certainly wrong. One in 65,536 wrong passphrases gives bytes, which then
 * are not what they should be.
 */
export const decrypt = (key: EncryptedKey, passphrase: string): Effect.Effect<Bytes | undefined> =>
  Effect.gen(function* () {
    const { derivation, iv, blockLength, cipher, ciphertext } = key;
    const tries = derivation._tag !== "pkcs12"
      ? [utf8(passphrase)]
      : [bmpString(passphrase), ...(passphrase ? [] : [utf8("")])];
    for (const one of tries) {
      const derived = yield* derive(derivation, one, key.keyLength, CIPHER_KEY);
      const vector = iv ?? (yield* derive(derivation, one, blockLength, VECTOR));
      const plain = unpadded(decipher[cipher](derived, vector, ciphertext), blockLength);
      if (plain?.[0] === SEQUENCE) return plain;
    }
  });

/** The tag that all that is encrypted begins with. */
const SEQUENCE = 0x30;

/** What a key of PKCS#12 is derived for (RFC 7292 §B.3). */
const CIPHER_KEY = 1;
const VECTOR = 2;
export const MAC_KEY = 3;

/** Derives a key; asynchronously, because this can take seconds. */
export const derive = (
  how: KeyDerivation,
  passphrase: Bytes,
  length: number,
  purpose: number,
): Effect.Effect<Bytes> => {
  switch (how._tag) {
    case "pbkdf2":
      return Effect.promise(() =>
        pbkdf2Async(nobleHashes[how.prf], passphrase, how.salt, { c: how.iterations, dkLen: length })
      );
    case "scrypt":
      return Effect.promise(() =>
        scryptAsync(passphrase, how.salt, {
          N: how.cost,
          r: how.blockSize,
          p: how.parallelization,
          dkLen: length,
        })
      );
    case "pkcs12":
      return pkcs12Key(how, passphrase, length, purpose);
  }
};

/** A passphrase as PKCS#12 derives keys from it: UTF-16 and two zero bytes (RFC 7292 §B.1). */
export const bmpString = (text: string): Bytes => {
  const out = new Uint8Array(2 * text.length + 2);
  const view = new DataView(out.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i));
  return out;
};

/** How many hashes are computed before others get their turn. */
const AT_ONCE = 8192;

/** Not by the Clock: one that stands still in a test would stop it. */
const pause = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve, 0)));

/** RFC 7292 §B.2. */
const pkcs12Key = Effect.fnUntraced(function* (
  { salt, iterations, prf }: KeyDerivation & { readonly _tag: "pkcs12" },
  passphrase: Bytes,
  length: number,
  purpose: number,
) {
  const hash = nobleHashes[prf];
  const { blockLen } = hash;
  const diversifier = new Uint8Array(blockLen).fill(purpose);
  const input = concat(repeated(salt, blockLen), repeated(passphrase, blockLen));
  const out: Array<Bytes> = [];
  for (let made = 0; made < length; made += hash.outputLen) {
    let digest: Bytes = hash(concat(diversifier, input));
    for (let i = 1; i < iterations; i++) {
      digest = hash(digest);
      if (i % AT_ONCE === 0) yield* pause;
    }
    out.push(digest);
    const addend = repeated(digest, blockLen).subarray(0, blockLen);
    for (let at = 0; at < input.length; at += blockLen) addOne(input.subarray(at, at + blockLen), addend);
  }
  return concat(...out).subarray(0, length);
});

/** The bytes again and again, up to a multiple of `block`. */
const repeated = (bytes: Bytes, block: number): Bytes => {
  const length = Math.ceil(bytes.length / block) * block;
  return Uint8Array.from({ length }, (_, i) => bytes[i % bytes.length]!);
};

/** Adds a number and one to another of the same length, in its place. */
const addOne = (number: Bytes, addend: Bytes): void => {
  for (let i = number.length - 1, carry = 1; i >= 0; i--) {
    carry += number[i]! + addend[i]!;
    number[i] = carry;
    carry >>= 8;
  }
};

const decipher: Record<EncryptedKey["cipher"], (key: Bytes, iv: Bytes, ciphertext: Bytes) => Bytes> = {
  aes: (key, iv, ciphertext) => cbc(key, iv, { disablePadding: true }).decrypt(ciphertext),
  // With two keys, the first is also the third.
  "3des_ede": (key, iv, ciphertext) => tripleDes(concat(key, key).subarray(0, 24)).decrypt(iv, ciphertext),
};

/** Removes the padding of RFC 1423 §1.1. Not in constant time: nobody who could profit can measure it. */
const unpadded = (padded: Bytes, block: number): Bytes | undefined => {
  const count = padded.at(-1)!;
  const rest = padded.length - count;
  return count > 0 && count <= block && padded.subarray(rest).every((byte) => byte === count)
    ? padded.subarray(0, rest)
    : undefined;
};
