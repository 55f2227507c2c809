/**
 * Compression of records before they are sealed (RFC 5246 §6.2.2): DEFLATE, in the format of zlib (RFC 3749 §2).
 *
 * The length of a compressed record reveals something of its content and of the data around it (CRIME). So only
 * `Policy.legacy`, or a policy of your own that names it, compresses.
 *
 * @module
 */
import { Pako } from "../../deps.ts";
import { DecompressionFailure, RecordOverflow } from "../../faults/errors/connection.ts";
import { CompressionMethod } from "../../names/protocol.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";
import { through } from "../../zlib.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";

/** How records are compressed. Each call makes a function for one direction under one key, which takes whole records. */
export interface Compression {
  /** Makes a function that compresses; its result is at most 1024 bytes longer than the record. */
  readonly compressor: () => (fragment: Bytes) => Bytes;
  /** Makes a function that decompresses. It throws `DecompressionFailure`, and must not be used after that. */
  readonly decompressor: () => (fragment: Bytes) => Bytes;
}

/** The most bytes by which a compressed fragment may exceed a plain one (RFC 5246 §6.2.2). */
const MAX_GROWTH = 1024;
const MAX_COMPRESSED = MAX_PLAINTEXT + MAX_GROWTH;

/** The bit of zlib's `data_type` that says that inflating stopped at the end of a block. */
const BETWEEN_BLOCKS = 128;

const deflate: Compression = {
  compressor: () => {
    const stream = new Pako.ZStream();
    Pako.zlibDeflateInit(stream, 6); // zlib's default
    return (fragment) => {
      // Every record is flushed, so each ends a block. Data that does not shrink is stored as it is, and grows by a few
      // bytes only.
      const output = new Uint8Array(fragment.length + MAX_GROWTH);
      through(stream, Pako.zlibDeflate, Pako.Z_SYNC_FLUSH, fragment, output);
      return output.subarray(0, stream.next_out);
    };
  },
  decompressor: () => {
    const stream = new Pako.ZStream();
    Pako.zlibInflateInit(stream);
    // One byte more than is allowed: inflating stops there, however much would follow.
    const output = new Uint8Array(MAX_PLAINTEXT + 1);
    return (fragment) => {
      // This is how zlib answers an empty input after a flush.
      if (fragment.length === 0) return EMPTY;
      const status = through(stream, Pako.zlibInflate, Pako.Z_SYNC_FLUSH, fragment, output);
      const whole = status === Pako.Z_STREAM_END ||
        status === Pako.Z_OK && (stream.data_type & BETWEEN_BLOCKS) !== 0;
      if (!whole || stream.avail_in > 0 || stream.avail_out === 0) throw new DecompressionFailure();
      return output.slice(0, stream.next_out);
    };
  },
};

/** The compression methods that can be agreed on; `undefined` for null, which changes nothing. */
export const compressions: ReadonlyMap<CompressionMethod, Compression | undefined> = new Map([
  [CompressionMethod.null, undefined],
  [CompressionMethod.DEFLATE, deflate],
]);

/** A protection whose records are compressed first, by a method of `compressions`. */
export const compressed = (protection: Protection, method: CompressionMethod): Protection => {
  if (method === CompressionMethod.null) return protection;
  const { compressor, decompressor } = compressions.get(method)!; // an unknown method must not pass as null
  // Each direction needs only one of the two, and a compressor takes 270 kB.
  let compress: ReturnType<typeof compressor> | undefined;
  let decompress: ReturnType<typeof decompressor> | undefined;
  return {
    ...protection,
    limit: protection.limit + MAX_GROWTH,
    seal: (type, fragment) => protection.seal(type, (compress ??= compressor())(fragment)),
    open: (type, sealed) => {
      const opened = protection.open(type, sealed);
      const { length } = opened.fragment;
      if (length > MAX_COMPRESSED) throw new RecordOverflow({ length, limit: MAX_COMPRESSED });
      return { ...opened, fragment: (decompress ??= decompressor())(opened.fragment) };
    },
  };
};

/** Whether a compression method can be agreed on. */
export const canCompress = (method: CompressionMethod): boolean => compressions.has(method);
