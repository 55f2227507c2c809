/** Decrypts private keys that are encrypted with a passphrase (RFC 8018 §6.2.2). @module */
import { Effect, Either } from "../../deps.ts";
import { tripleDes } from "../../crypto/triple_des.ts";
import { PemError } from "../../faults/errors/pem.ts";
import type { PrivateKey } from "../../ports/crypto.ts";
import { type Bytes, utf8 } from "../../wire/bytes.ts";
import { type EncryptedKey, type KeyDerivation, parseEncryptedKey } from "../../x509/keys/encrypted_key.ts";
import { parsePrivateKey } from "../../x509/keys/private_key.ts";
import { ENCRYPTED, keyOf, type PemBlock, privateKeyBlock } from "../../x509/pem.ts";
import { cbc, pbkdf2Async, scryptAsync } from "../crypto/noble/deps.ts";
import { nobleHashes } from "../crypto/noble/hash.ts";
import type { Passphrase } from "./options.ts";

/** The first private key in the text, decrypted with `passphrase` if it is encrypted. Fails with PemError. */
export const openedPrivateKeyFromPem = <E = never>(
  text: string,
  passphrase: Passphrase<E> | undefined,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.flatMap(
    privateKeyBlock(text),
    (block) =>
      block.label === ENCRYPTED && passphrase !== undefined ? opened(block, passphrase) : keyOf(block),
  );

const opened = <E>(
  { bytes, line }: PemBlock,
  passphrase: Passphrase<E>,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.gen(function* () {
    const parsed = parseEncryptedKey(bytes);
    if (Either.isLeft(parsed)) return yield* pemError("malformed", line, parsed.left.message);
    const encrypted = parsed.right;
    if (encrypted._tag === "unsupported") {
      const advice = "`openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW` converts it";
      return yield* pemError("unsupported", line, `${encrypted.detail}; ${advice}`);
    }
    const text = typeof passphrase === "string" ? passphrase : yield* passphrase;
    const der = yield* decryptKey(encrypted, text);
    const key = der && Either.getOrUndefined(parsePrivateKey("PRIVATE KEY", der));
    if (!key) {
      return yield* pemError("passphrase", line, "the private key does not open: the passphrase is wrong");
    }
    return key._tag === "unsupported" ? yield* pemError("unsupported", line, key.detail) : key;
  });

const pemError = (reason: PemError["reason"], line: number, detail: string) =>
  new PemError({ reason, line, detail });

/**
 * Decrypts a key to PKCS#8; `undefined` when the passphrase is certainly wrong. One in 256 wrong passphrases gives
 * bytes, which then are not a key.
 */
const decryptKey = (key: EncryptedKey, passphrase: string): Effect.Effect<Bytes | undefined> =>
  Effect.map(
    // Derives asynchronously, because this can take seconds.
    Effect.promise(() => derive(key.derivation, utf8(passphrase), key.keyLength)),
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

/** Removes the padding of RFC 1423 §1.1. Not in constant time: nobody who could profit can measure it. */
const unpadded = (padded: Bytes, block: number): Bytes | undefined => {
  const count = padded.at(-1)!;
  const rest = padded.length - count;
  return count > 0 && count <= block && padded.subarray(rest).every((byte) => byte === count)
    ? padded.subarray(0, rest)
    : undefined;
};
