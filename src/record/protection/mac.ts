/** The MAC over a record, in the two forms that it has had. @module */
import { pads } from "../../crypto/ssl30.ts";
import type { Hash } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The MAC of one direction under its secret. */
export interface Mac {
  /** Bytes in a MAC. */
  readonly length: number;
  /** Over a record's header (`Sequence`) and its content, in parts. */
  readonly of: (parts: readonly [header: Bytes, ...content: Array<Bytes>]) => Bytes;
  /** How many blocks the hash works through for so many bytes of content, those of an outer hash apart. */
  readonly blocks: (length: number) => number;
  /** Works through so many blocks more, for nothing. */
  readonly waste: (blocks: number) => void;
}

/** A form of the MAC. */
export type MacForm = (hash: Hash, secret: Bytes) => Mac;

const macOf = (hash: Hash, prefix: number, of: Mac["of"]): Mac => {
  // What a hash of the MD family adds at its end: a byte and the length, 8 bytes or 16.
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
    // No version: 1.0 was to be told from it by the rest.
    const inner = hash.digest([secret, pad1, header.subarray(0, 9), header.subarray(11), ...content]);
    return hash.digest([secret, pad2, inner]);
  });
};
