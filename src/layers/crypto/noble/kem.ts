/** ML-KEM-768 (FIPS 203), on @noble/post-quantum. @module */
import { Effect } from "../../../deps.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { ml_kem768 } from "./deps.ts";

/** ML-KEM-768, whoever computes it. Lengths are checked by the caller. */
export interface Kem {
  /** A new encapsulation key, and the secret in a ciphertext made with it. */
  readonly keyPair: Effect.Effect<{
    readonly publicKey: Bytes;
    readonly decapsulate: (ciphertext: Bytes) => Effect.Effect<Bytes>;
  }>;
  /** A new secret and its ciphertext; `undefined` for an encapsulation key that fails its check (FIPS 203 §7.2). */
  readonly encapsulate: (
    publicKey: Bytes,
  ) => Effect.Effect<{ readonly ciphertext: Bytes; readonly secret: Bytes } | undefined>;
}

/** The lengths of an encapsulation key, of a ciphertext, and of what keys and encapsulations draw, in bytes. */
export const kemLengths = { publicKey: 1184, ciphertext: 1088, seed: 64, message: 32 } as const;

/** ML-KEM-768 in JavaScript, with keys and secrets from `random`. */
export const makeKem = (random: (length: number) => Bytes): Kem => ({
  keyPair: Effect.sync(() => {
    const { publicKey, secretKey } = ml_kem768.keygen(random(kemLengths.seed));
    return {
      publicKey,
      decapsulate: (ciphertext) => Effect.sync(() => ml_kem768.decapsulate(ciphertext, secretKey)),
    };
  }),
  encapsulate: (publicKey) =>
    Effect.sync(() => {
      const message = random(kemLengths.message);
      try {
        const { cipherText: ciphertext, sharedSecret: secret } = ml_kem768.encapsulate(publicKey, message);
        return { ciphertext, secret };
      } catch {
        return undefined; // the lengths are right by now, so only the check of the key throws
      }
    }),
});
