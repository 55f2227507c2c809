/** The unpadding of an RSA-encrypted premaster secret that tells nobody anything. @module */
import type { Bytes } from "../wire/bytes.ts";

/** Bytes in a premaster secret (RFC 5246 §7.4.7.1). */
export const PREMASTER_LENGTH = 48;

/**
 * The premaster secret in a decrypted RSAES-PKCS1-v1_5 block, or else `random`: 48 bytes either way, chosen by masks
 * in a time that does not depend on what the block holds (RFC 5246 §7.4.7.1, against Bleichenbacher's attack and that
 * of Klima, Pokorny and Rosa). Good is `00 02`, eight or more non-zero bytes, `00`, and 48 bytes that begin with the
 * version that the client *offered*. `random` is drawn before the decryption, so that drawing it tells nothing either.
 */
export const unpadPremaster = (block: Bytes, version: number, random: Bytes): Bytes => {
  if (random.length !== PREMASTER_LENGTH) throw new RangeError(`random has ${random.length} bytes, not 48`);
  const start = block.length - PREMASTER_LENGTH;
  // The length is the modulus's and so is public.
  if (start < 2 + 8 + 1) return random.slice();
  let bad = block[0]! | (block[1]! ^ 0x02) | block[start - 1]!;
  for (let i = 2; i < start - 1; i++) bad |= (block[i]! - 1) >> 8; // all ones when the byte is zero
  bad |= (block[start]! ^ (version >> 8)) | (block[start + 1]! ^ (version & 0xff));
  const useRandom = (bad | -bad) >> 31; // all ones unless `bad` is zero
  return random.map((byte, i) => (byte & useRandom) | (block[start + i]! & ~useRandom));
};
