/**
 * Compression of records before they are sealed (RFC 5246 §6.2.2): DEFLATE, in the format of zlib (RFC 3749 §2).
 *
 * A record's length then tells of its content, and of what else stands in the window beside it (CRIME): so it is in no
 * policy but one that names it.
 *
 * @module
 */
import { Pako } from "../../deps.ts";
import { DecompressionFailure, RecordOverflow } from "../../faults/errors/connection.ts";
import { CompressionMethod } from "../../names/protocol.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";

/** How records are compressed. What each call makes serves one direction under one key, a whole record at a time. */
export interface Compression {
  /** Gives all that it takes, and at most 1024 bytes more than that. */
  readonly compressor: () => (fragment: Bytes) => Bytes;
  /** Throws `DecompressionFailure`, after which there is no going on. */
  readonly decompressor: () => (fragment: Bytes) => Bytes;
}

/** By how much a compressed fragment may be longer than a plain one (RFC 5246 §6.2.2). */
const MAX_GROWTH = 1024;
const MAX_COMPRESSED = MAX_PLAINTEXT + MAX_GROWTH;

/** In zlib's `data_type`: what was inflated last is the end of a block. */
const BETWEEN_BLOCKS = 128;

/** Puts a record through a stream, which would else keep alive all that the record is a view of. */
const through = (
  stream: Pako.ZStream,
  step: typeof Pako.zlibInflate,
  input: Bytes,
  output: Pako.ZStream["output"],
) => {
  stream.input = input;
  stream.next_in = 0;
  stream.avail_in = input.length;
  stream.output = output;
  stream.next_out = 0;
  stream.avail_out = output.length;
  const status = step(stream, Pako.Z_SYNC_FLUSH);
  stream.input = EMPTY;
  return status;
};

const deflate: Compression = {
  compressor: () => {
    const stream = new Pako.ZStream();
    Pako.zlibDeflateInit(stream, 6); // zlib's default
    return (fragment) => {
      // Every record is flushed, so that each block lies in the window whole: what does not shrink is stored in it as
      // it is, and grows by a few bytes only.
      const output = new Uint8Array(fragment.length + MAX_GROWTH);
      through(stream, Pako.zlibDeflate, fragment, output);
      return output.subarray(0, stream.next_out);
    };
  },
  decompressor: () => {
    const stream = new Pako.ZStream();
    Pako.zlibInflateInit(stream);
    // One byte more than may come: inflating ends there, whatever is still to come.
    const output = new Uint8Array(MAX_PLAINTEXT + 1);
    return (fragment) => {
      // What zlib makes of nothing, when it has flushed before.
      if (fragment.length === 0) return EMPTY;
      const status = through(stream, Pako.zlibInflate, fragment, output);
      const whole = status === Pako.Z_STREAM_END ||
        status === Pako.Z_OK && (stream.data_type & BETWEEN_BLOCKS) !== 0;
      if (!whole || stream.avail_in > 0 || stream.avail_out === 0) throw new DecompressionFailure();
      return output.slice(0, stream.next_out);
    };
  },
};

/** What can be agreed on; `undefined`: records stay as they are. */
export const compressions: ReadonlyMap<CompressionMethod, Compression | undefined> = new Map([
  [CompressionMethod.null, undefined],
  [CompressionMethod.DEFLATE, deflate],
]);

/** One direction under one key whose records are compressed too, by a method of `compressions`. */
export const compressed = (protection: Protection, method: CompressionMethod): Protection => {
  if (method === CompressionMethod.null) return protection;
  const { compressor, decompressor } = compressions.get(method)!; // what is unknown may not pass as it is
  // A direction needs but one of them, and a compressor takes 270 kB.
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

/** Whether a method can be agreed on. */
export const canCompress = (method: CompressionMethod): boolean => compressions.has(method);
