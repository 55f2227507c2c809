/** The AEAD ciphers, on @noble/ciphers. @module */
import { cbc, chacha20poly1305, ctr, gcm } from "./deps.ts";
import { type Aead, type AeadName, tagLength } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { ccm } from "./ccm.ts";

/** An AEAD cipher under a key. Throws RangeError for a key of the wrong length. */
export const aead = (name: AeadName, key: Bytes): Aead =>
  guarded(name, ciphers[name].make(keyOf(name, key), tagLength[name]));

/** A cipher that throws RangeError for a nonce of the wrong length, and opens nothing shorter than a tag. */
export const guarded = (name: AeadName, { seal, open }: Aead): Aead => ({
  seal: (nonce, additionalData, plaintext) => {
    checkNonce(nonce);
    return seal(nonce, additionalData, plaintext);
  },
  open: (nonce, additionalData, sealed) => {
    checkNonce(nonce);
    return sealed.length < tagLength[name] ? undefined : open(nonce, additionalData, sealed);
  },
});

/**
 * A copy of an AEAD key, because the caller may overwrite its own. Throws RangeError for a key of the wrong length.
 */
export const keyOf = (name: AeadName, key: Bytes): Bytes => {
  const { keyLength } = ciphers[name];
  if (key.length === keyLength) return key.slice();
  throw new RangeError(`a key of ${name} has ${keyLength} bytes, not ${key.length}`);
};

const checkNonce = (nonce: Bytes): void => {
  if (nonce.length !== 12) throw new RangeError(`a nonce has 12 bytes, not ${nonce.length}`);
};

const ofNoble = (cipher: typeof gcm | typeof chacha20poly1305) => (key: Bytes): Aead => ({
  seal: (nonce, additionalData, plaintext) => cipher(key, nonce, additionalData).encrypt(plaintext),
  open: (nonce, additionalData, sealed) => {
    try {
      return cipher(key, nonce, additionalData).decrypt(sealed);
    } catch {
      return undefined; // nonce and length are valid by now, so only a wrong tag throws
    }
  },
});

const ofCcm = (key: Bytes, tag: number): Aead =>
  ccm({
    cbc: (blocks) => cbc(key, new Uint8Array(16), { disablePadding: true }).encrypt(blocks),
    ctr: (first, data) => ctr(key, first).encrypt(data),
  }, tag);

const ciphers = {
  aes_128_gcm: { keyLength: 16, make: ofNoble(gcm) },
  aes_256_gcm: { keyLength: 32, make: ofNoble(gcm) },
  chacha20_poly1305: { keyLength: 32, make: ofNoble(chacha20poly1305) },
  aes_128_ccm: { keyLength: 16, make: ofCcm },
  aes_256_ccm: { keyLength: 32, make: ofCcm },
  aes_128_ccm_8: { keyLength: 16, make: ofCcm },
  aes_256_ccm_8: { keyLength: 32, make: ofCcm },
} as const satisfies Record<AeadName, unknown>;
