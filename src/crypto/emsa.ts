/** How RSA signatures encode a message: EMSA-PKCS1-v1_5 and EMSA-PSS (RFC 8017 §9). @module */
import type { Hash, HashName } from "../ports/crypto.ts";
import { type Bytes, concat } from "../wire/bytes.ts";
import { equal } from "./equal.ts";
import { xor } from "./xor.ts";

/**
 * EMSA-PKCS1-v1_5 (RFC 8017 §9.2): encodes a message into a block of `length` bytes. The block is unique, so a
 * signature is verified by comparing whole blocks, and nothing is parsed. `undefined` when the modulus is too short
 * for the hash.
 */
export const pkcs1Encode = (hash: Hash, message: Bytes, length: number): Bytes | undefined =>
  block1(concat(digestInfo[hash.name], hash.digest([message])), length);

/** PKCS #1 block type 1: `00 01`, at least eight bytes `ff`, `00`, and the content. */
const block1 = (content: Bytes, length: number): Bytes | undefined => {
  const padding = length - content.length - 3;
  return padding < 8
    ? undefined
    : concat(Uint8Array.of(0x00, 0x01), new Uint8Array(padding).fill(0xff), Uint8Array.of(0x00), content);
};

/**
 * PKCS #1 block type 1 over an MD5 and a SHA-1 hash, 36 bytes together, without a DigestInfo (RFC 4346 §4.7).
 * `undefined` when `hashes` has another length or the modulus is too short.
 */
export const pkcs1EncodePair = (hashes: Bytes, length: number): Bytes | undefined =>
  hashes.length === MD5_AND_SHA1 ? block1(hashes, length) : undefined;

const MD5_AND_SHA1 = 16 + 20;

/** EMSA-PSS-ENCODE (RFC 8017 §9.1.1). `bits` is one less than the modulus has; `undefined` when that is too few. */
export const pssEncode = (hash: Hash, message: Bytes, salt: Bytes, bits: number): Bytes | undefined => {
  const length = Math.ceil(bits / 8);
  const zeros = length - salt.length - hash.length - 2;
  if (zeros < 0) return undefined;
  const h = pssHash(hash, message, salt);
  const masked = xor(
    concat(new Uint8Array(zeros), Uint8Array.of(0x01), salt),
    mgf1(hash, h, length - hash.length - 1),
  );
  masked[0]! &= 0xff >> (8 * length - bits);
  return concat(masked, h, Uint8Array.of(0xbc));
};

/** EMSA-PSS-VERIFY (RFC 8017 §9.1.2). The salt must be as long as the hash, as TLS requires (RFC 8446 §4.2.3). */
export const pssVerify = (hash: Hash, message: Bytes, encoded: Bytes, bits: number): boolean => {
  const length = Math.ceil(bits / 8);
  const zeros = length - 2 * hash.length - 2;
  if (zeros < 0 || encoded.length !== length || encoded[length - 1] !== 0xbc) return false;
  const maskedLength = length - hash.length - 1;
  const masked = encoded.subarray(0, maskedLength);
  const h = encoded.subarray(maskedLength, length - 1);
  const topBits = 0xff >> (8 * length - bits);
  if ((masked[0]! & ~topBits) !== 0) return false;
  const db = xor(masked, mgf1(hash, h, maskedLength));
  db[0]! &= topBits;
  if (db.subarray(0, zeros).some((byte) => byte !== 0) || db[zeros] !== 0x01) return false;
  return equal(h, pssHash(hash, message, db.subarray(zeros + 1)));
};

/** H of EMSA-PSS: the hash of eight zero bytes, the message's hash and the salt (RFC 8017 §9.1.1). */
const pssHash = (hash: Hash, message: Bytes, salt: Bytes): Bytes =>
  hash.digest([new Uint8Array(8), hash.digest([message]), salt]);

/** The mask generation function MGF1 (RFC 8017 §B.2.1). */
const mgf1 = (hash: Hash, seed: Bytes, length: number): Bytes => {
  const out = new Uint8Array(length);
  for (let at = 0, counter = 0; at < length; at += hash.length, counter++) {
    const count = Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter);
    out.set(hash.digest([seed, count]).subarray(0, length - at), at);
  }
  return out;
};

/**
 * A DigestInfo up to its digest, with parameters NULL (RFC 8017 §9.2, note 1). `oid` is the hash's encoded object
 * identifier.
 */
const der = (length: number, ...oid: ReadonlyArray<number>): Bytes => {
  const algorithm = [0x30, oid.length + 4, 0x06, oid.length, ...oid, 0x05, 0x00];
  return Uint8Array.of(0x30, algorithm.length + 2 + length, ...algorithm, 0x04, length);
};

const NIST = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02] as const;

const digestInfo: Readonly<Record<HashName, Bytes>> = {
  md5: der(16, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05),
  sha1: der(20, 0x2b, 0x0e, 0x03, 0x02, 0x1a),
  sha224: der(28, ...NIST, 4),
  sha256: der(32, ...NIST, 1),
  sha384: der(48, ...NIST, 2),
  sha512: der(64, ...NIST, 3),
};
