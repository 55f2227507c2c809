/** SSL 3.0's own constructions from MD5 and SHA-1, which predate HMAC (RFC 6101). @module */
import type { Hash } from "../ports/crypto.ts";
import { ascii, type Bytes, concat } from "../wire/bytes.ts";
import type { Snapshot } from "./transcript.ts";

/** The two hash functions of SSL 3.0. */
export interface HashPair {
  readonly md5: Hash;
  readonly sha1: Hash;
}

/** `pad_1` and `pad_2` (RFC 6101 §5.2.3.1): 48 bytes for MD5 and 40 for SHA-1. */
export const pads = (hash: Hash): { readonly pad1: Bytes; readonly pad2: Bytes } => {
  const length = hash.name === "md5" ? 48 : 40;
  return { pad1: new Uint8Array(length).fill(0x36), pad2: new Uint8Array(length).fill(0x5c) };
};

/**
 * The first `length` bytes of `MD5(secret + SHA('A' + secret + seed)) + MD5(secret + SHA('BB' + secret + seed)) + …`.
 * The master secret and the key block are computed so (RFC 6101 §6.1, §6.2.2).
 */
export const expand = ({ md5, sha1 }: HashPair, secret: Bytes, seed: Bytes, length: number): Bytes => {
  const out = new Uint8Array(length);
  for (let at = 0, round = 1; at < length; at += md5.length, round++) {
    const salt = ascii(String.fromCharCode(64 + round).repeat(round));
    const block = md5.digest([secret, sha1.digest([salt, secret, seed])]);
    out.set(block.subarray(0, length - at), at);
  }
  return out;
};

/**
 * `MD5(master + pad_2 + MD5(messages + sender + master + pad_1))` followed by the same with SHA-1: 36 bytes. It is
 * the content of Finished and, without a sender, what CertificateVerify signs (RFC 6101 §5.6.8, §5.6.9).
 */
export const keyedDigest = (hashes: HashPair, master: Bytes, transcript: Snapshot, sender: Bytes): Bytes => {
  const digest = (hash: Hash) => hash.digest([keyedContent(hash, master, transcript, sender)]);
  return concat(digest(hashes.md5), digest(hashes.sha1));
};

/** The input of `keyedDigest`'s outer hash: for signature schemes that hash their input themselves. */
export const keyedContent = (hash: Hash, master: Bytes, transcript: Snapshot, sender: Bytes): Bytes => {
  const { pad1, pad2 } = pads(hash);
  return concat(master, pad2, transcript.digest(hash, sender, master, pad1));
};
