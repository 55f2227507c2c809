/** Removes the padding of an RSA-encrypted premaster secret without revealing whether it was valid. @module */
import type { Bytes } from "../wire/bytes.ts";

/** The length of a premaster secret in bytes (RFC 5246 §7.4.7.1). */
export const PREMASTER_LENGTH = 48;

/**
 * Extracts the premaster secret from a decrypted RSAES-PKCS1-v1_5 block, or returns `random` if the block is invalid:
 * 48 bytes either way, selected with masks in constant time (RFC 5246 §7.4.7.1, against the attacks of Bleichenbacher
 * and of Klima, Pokorny and Rosa). A valid block is `00 02`, at least eight non-zero bytes, `00`, and 48 bytes that
 * start with the version that the client *offered*. `random` must be drawn before the decryption, so that drawing it
 * reveals nothing either. Throws RangeError unless `random` has 48 bytes.
 */
export const unpadPremaster = (block: Bytes, version: number, random: Bytes): Bytes => {
  if (random.length !== PREMASTER_LENGTH) throw new RangeError(`random has ${random.length} bytes, not 48`);
  const start = block.length - PREMASTER_LENGTH;
  // The length is that of the modulus, and so is public.
  if (start < 2 + 8 + 1) return random.slice();
  let bad = block[0]! | (block[1]! ^ 0x02) | block[start - 1]!;
  for (let i = 2; i < start - 1; i++) bad |= (block[i]! - 1) >> 8; // all ones when the byte is zero
  bad |= (block[start]! ^ (version >> 8)) | (block[start + 1]! ^ (version & 0xff));
  const useRandom = (bad | -bad) >> 31; // all ones unless `bad` is zero
  return random.map((byte, i) => (byte & useRandom) | (block[start + i]! & ~useRandom));
};
