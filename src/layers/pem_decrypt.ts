/** Opens private keys that are encrypted under a passphrase (RFC 8018 §6.2.2). @module */
import { Effect } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { EncryptedKey, KeyDerivation } from "../x509/encrypted_key.ts";
import { tripleDes } from "./des.ts";
import { cbc, pbkdf2Async, scryptAsync } from "./noble.ts";
import { nobleHashes } from "./noble_hash.ts";

/**
 * The key inside, as PKCS#8; `undefined` under a passphrase that cannot be the right one. One in 256 wrong passphrases
 * gives something, which is no key then.
 */
export const decryptKey = (key: EncryptedKey, passphrase: string): Effect.Effect<Bytes | undefined> =>
  Effect.map(
    // Lets others run in between: it takes up to some seconds.
    Effect.promise(() => derive(key.derivation, new TextEncoder().encode(passphrase), key.keyLength)),
    (derived) => unpadded(decipher[key.cipher](derived, key.iv, key.ciphertext), key.iv.length),
  );

const derive = (how: KeyDerivation, passphrase: Bytes, length: number): Promise<Bytes> =>
  how._tag === "pbkdf2"
    ? pbkdf2Async(nobleHashes[how.prf], passphrase, how.salt, { c: how.iterations, dkLen: length })
    : scryptAsync(passphrase, how.salt, {
      N: how.cost,
      r: how.blockSize,
      p: how.parallelization,
      dkLen: length,
    });

const decipher: Record<EncryptedKey["cipher"], (key: Bytes, iv: Bytes, ciphertext: Bytes) => Bytes> = {
  aes: (key, iv, ciphertext) => cbc(key, iv, { disablePadding: true }).decrypt(ciphertext),
  "3des_ede": (key, iv, ciphertext) => tripleDes(key).decrypt(iv, ciphertext),
};

/** RFC 1423 §1.1: as many bytes as each of them says. Nobody who could learn from it measures this. */
const unpadded = (padded: Bytes, block: number): Bytes | undefined => {
  const count = padded.at(-1)!;
  const rest = padded.length - count;
  return count > 0 && count <= block && padded.subarray(rest).every((byte) => byte === count)
    ? padded.subarray(0, rest)
    : undefined;
};
