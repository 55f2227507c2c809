/** The AEAD ciphers, on @noble/ciphers. @module */
import type { Aead, AeadName } from "../services/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { chacha20poly1305 } from "./noble.ts";
import { gcm } from "./noble_gcm.ts";

/** The cipher of that name under a key; a key of another length is the program's mistake and throws. */
export const aead = (name: AeadName, key: Bytes): Aead => {
  const { keyLength, under } = ciphers[name];
  if (key.length !== keyLength) {
    throw new RangeError(`a key of ${name} has ${keyLength} bytes, not ${key.length}`);
  }
  return under(key.slice()); // the caller may wipe its own
};

/** ChaCha20 has no key schedule to keep: each record is noble's from start to end (RFC 8439 §2.8). */
const chacha20Poly1305 = (key: Bytes): Aead => ({
  seal: (nonce, additionalData, plaintext) => chacha20poly1305(key, nonce, additionalData).encrypt(plaintext),
  open: (nonce, additionalData, sealed) => {
    const cipher = chacha20poly1305(key, nonce, additionalData);
    if (sealed.length < 16) return undefined;
    try {
      return cipher.decrypt(sealed);
    } catch {
      return undefined; // nonce and length are good by now: what is left to throw is the tag
    }
  },
});

const ciphers: Readonly<
  Record<AeadName, { readonly keyLength: number; readonly under: (key: Bytes) => Aead }>
> = {
  aes_128_gcm: { keyLength: 16, under: gcm },
  aes_256_gcm: { keyLength: 32, under: gcm },
  chacha20_poly1305: { keyLength: 32, under: chacha20Poly1305 },
};
