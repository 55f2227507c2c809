/** The AEAD ciphers, on @noble/ciphers. @module */
import { chacha20poly1305, gcm } from "./deps.ts";
import type { Aead, AeadName } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";

/** An AEAD cipher under a key. Throws RangeError for a key of the wrong length. */
export const aead = (name: AeadName, key: Bytes): Aead => {
  const { cipher } = ciphers[name];
  const own = keyOf(name, key);
  return {
    seal: (nonce, additionalData, plaintext) => {
      checkNonce(nonce);
      return cipher(own, nonce, additionalData).encrypt(plaintext);
    },
    open: (nonce, additionalData, sealed) => {
      checkNonce(nonce);
      if (sealed.length < TAG) return undefined;
      try {
        return cipher(own, nonce, additionalData).decrypt(sealed);
      } catch {
        return undefined; // nonce and length are valid by now, so only a wrong tag throws
      }
    },
  };
};

/** The length of a tag in bytes. */
export const TAG = 16;

/**
 * A copy of an AEAD key, because the caller may overwrite its own. Throws RangeError for a key of the wrong length.
 */
export const keyOf = (name: AeadName, key: Bytes): Bytes => {
  const { keyLength } = ciphers[name];
  if (key.length === keyLength) return key.slice();
  throw new RangeError(`a key of ${name} has ${keyLength} bytes, not ${key.length}`);
};

/** Throws RangeError unless a nonce has 12 bytes. */
export const checkNonce = (nonce: Bytes): void => {
  if (nonce.length !== 12) throw new RangeError(`a nonce has 12 bytes, not ${nonce.length}`);
};

const ciphers = {
  aes_128_gcm: { keyLength: 16, cipher: gcm },
  aes_256_gcm: { keyLength: 32, cipher: gcm },
  chacha20_poly1305: { keyLength: 32, cipher: chacha20poly1305 },
} as const satisfies Record<AeadName, unknown>;
