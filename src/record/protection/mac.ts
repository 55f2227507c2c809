/** The MAC of a record, in its two forms. @module */
import { pads } from "../../crypto/ssl30.ts";
import type { Hash } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The MAC of one direction, under its secret. */
export interface Mac {
  /** The length of a MAC in bytes. */
  readonly length: number;
  /** The MAC over the header of a record (`Sequence`) and its content, given in parts. */
  readonly of: (parts: readonly [header: Bytes, ...content: Array<Bytes>]) => Bytes;
  /** The number of blocks that the inner hash processes for content of a length in bytes. */
  readonly blocks: (length: number) => number;
  /** Makes the hash process some more blocks; the result is thrown away. */
  readonly waste: (blocks: number) => void;
}

/** A form of the MAC, given a hash and a secret. */
export type MacForm = (hash: Hash, secret: Bytes) => Mac;

const macOf = (hash: Hash, prefix: number, of: Mac["of"]): Mac => {
  // A hash of the MD family adds a byte and the length, 8 or 16 bytes, at its end.
  const end = 1 + hash.blockLength / 8;
  return {
    length: hash.length,
    of,
    blocks: (length) => Math.ceil((prefix + length + end) / hash.blockLength),
    waste: (blocks) => hash.create().update(new Uint8Array(blocks * hash.blockLength)),
  };
};

const HEADER = 13;

/** `HMAC(secret, seq_num + type + version + length + fragment)` (RFC 5246 §6.2.3.1). */
export const hmacForm: MacForm = (hash, secret) => macOf(hash, hash.blockLength + HEADER, hash.hmac(secret));

/** `hash(secret + pad_2 + hash(secret + pad_1 + seq_num + type + length + content))` (RFC 6101 §5.2.3.1). */
export const ssl30Form: MacForm = (hash, secret) => {
  const { pad1, pad2 } = pads(hash);
  return macOf(hash, secret.length + pad1.length + HEADER - 2, ([header, ...content]) => {
    // SSL 3.0 leaves out the version.
    const inner = hash.digest([secret, pad1, header.subarray(0, 9), header.subarray(11), ...content]);
    return hash.digest([secret, pad2, inner]);
  });
};
