/** AES-CCM with nonces of 12 bytes (RFC 3610, RFC 6655 §3), over AES in two other modes. @module */
import { equal } from "../../../crypto/equal.ts";
import type { Aead } from "../../../ports/crypto.ts";
import { type Bytes, concat, EMPTY } from "../../../wire/bytes.ts";

/** AES under one key, in the modes that CCM is made of. */
export interface Modes {
  /** Encrypts whole blocks in CBC mode, from an IV of zeros. */
  readonly cbc: (blocks: Bytes) => Bytes;
  /** Encrypts or decrypts in CTR mode, from a first block. */
  readonly ctr: (first: Bytes, data: Bytes) => Bytes;
}

const BLOCK = 16;
/** The bytes of a block that a nonce of 12 bytes leaves for a length or a counter. */
const COUNTER = 3;
const MAX_PLAINTEXT = 2 ** (8 * COUNTER) - 1;

/** CCM with tags of a given length. The tag's key stream is that of block 0, so it is encrypted before the text. */
export const ccm = ({ cbc, ctr }: Modes, tag: number): Aead => {
  const macOf = (nonce: Bytes, additionalData: Bytes, plaintext: Bytes): Bytes =>
    cbc(concat(
      Uint8Array.of((additionalData.length > 0 ? 64 : 0) + 4 * (tag - 2) + COUNTER - 1),
      nonce,
      bigEndian(plaintext.length, COUNTER),
      padded(concat(lengthOf(additionalData), additionalData)),
      padded(plaintext),
    )).slice(-BLOCK);
  const first = (nonce: Bytes): Bytes => concat(Uint8Array.of(COUNTER - 1), nonce, new Uint8Array(COUNTER));
  return {
    seal: (nonce, additionalData, plaintext) => {
      if (plaintext.length > MAX_PLAINTEXT) throw new RangeError("a plaintext of CCM has less than 16 MiB");
      const sealed = ctr(first(nonce), concat(macOf(nonce, additionalData, plaintext), plaintext));
      return concat(sealed.subarray(BLOCK), sealed.subarray(0, tag));
    },
    open: (nonce, additionalData, sealed) => {
      const length = sealed.length - tag;
      if (length < 0 || length > MAX_PLAINTEXT) return undefined;
      const opened = ctr(first(nonce), concat(padded(sealed.subarray(length)), sealed.subarray(0, length)));
      const plaintext = opened.slice(BLOCK);
      const mac = macOf(nonce, additionalData, plaintext);
      return equal(mac.subarray(0, tag), opened.subarray(0, tag)) ? plaintext : undefined;
    },
  };
};

/** The length in front of additional data (RFC 3610 §2.2). TLS has no more of it than two bytes can tell. */
const lengthOf = ({ length }: Bytes): Bytes => {
  if (length >= 0xff00) throw new RangeError("additional data of CCM has less than 65,280 bytes here");
  return length === 0 ? EMPTY : bigEndian(length, 2);
};

const bigEndian = (n: number, length: number): Bytes =>
  Uint8Array.from({ length }, (_, i) => n >>> 8 * (length - 1 - i));

/** Zeros up to the next whole block. */
const padded = (data: Bytes): Bytes => {
  const blocks = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  blocks.set(data);
  return blocks;
};
