/** The ciphers that predate AEAD: CBC and stream ciphers. @module */
import { cbc as nobleCbc } from "./deps.ts";
import { rc4 } from "../../../crypto/rc4.ts";
import { tripleDes } from "../../../crypto/triple_des.ts";
import type { Cbc, CbcName, StreamCipher, StreamName } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";

/** A block cipher in CBC mode under a key. Throws RangeError for a key of the wrong length. */
export const cbc = (name: CbcName, key: Bytes): Cbc => {
  const { keyLength, make } = blockCiphers[name];
  return make(checked(name, key, keyLength));
};

/** A stream cipher under a key. Throws RangeError for a key of the wrong length. */
export const stream = (name: StreamName, key: Bytes): StreamCipher => rc4(checked(name, key, 16));

/** A copy of a key, because the caller may overwrite its own. Throws RangeError for a key of the wrong length. */
export const checked = (name: string, key: Bytes, length: number): Bytes => {
  if (key.length !== length) throw new RangeError(`a key of ${name} has ${length} bytes, not ${key.length}`);
  return key.slice();
};

const noPadding = { disablePadding: true };

const aes = (key: Bytes): Cbc => ({
  blockLength: 16,
  encrypt: (iv, plaintext) => nobleCbc(key, iv, noPadding).encrypt(plaintext),
  decrypt: (iv, ciphertext) => nobleCbc(key, iv, noPadding).decrypt(ciphertext),
});

const blockCiphers = {
  aes_128_cbc: { keyLength: 16, make: aes },
  aes_256_cbc: { keyLength: 32, make: aes },
  "3des_ede_cbc": { keyLength: 24, make: tripleDes },
} as const satisfies Record<CbcName, { keyLength: number; make: (key: Bytes) => Cbc }>;
