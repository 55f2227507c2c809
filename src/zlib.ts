/**
 * The format of zlib (RFC 1950), with bounds on what may come out.
 *
 * @module
 */
import { Pako } from "./deps.ts";
import { type Bytes, EMPTY } from "./wire/bytes.ts";

/**
 * Puts bytes through a stream, and then lets go of them: the stream would keep their whole buffer alive. No more comes
 * out than `output` has room for, and no more is computed.
 */
export const through = (
  stream: Pako.ZStream,
  step: typeof Pako.zlibInflate,
  flush: Parameters<typeof Pako.zlibInflate>[1],
  input: Bytes,
  output: Pako.ZStream["output"],
): ReturnType<typeof Pako.zlibInflate> => {
  stream.input = input;
  stream.next_in = 0;
  stream.avail_in = input.length;
  stream.output = output;
  stream.next_out = 0;
  stream.avail_out = output.length;
  const status = step(stream, flush);
  stream.input = EMPTY;
  return status;
};

/** A whole stream of the bytes, as small as zlib makes it. */
export const deflated = (bytes: Bytes): Bytes => Pako.deflate(bytes, { level: 9 });

/**
 * What a whole stream holds, if that is exactly `length` bytes and nothing follows; otherwise `undefined`. Inflating
 * stops after `length` bytes, however much would follow.
 */
export const inflated = (bytes: Bytes, length: number): Bytes | undefined => {
  const stream = new Pako.ZStream();
  Pako.zlibInflateInit(stream);
  const output = new Uint8Array(length);
  const ended = through(stream, Pako.zlibInflate, Pako.Z_FINISH, bytes, output) === Pako.Z_STREAM_END;
  return ended && stream.avail_in === 0 && stream.avail_out === 0 ? output : undefined;
};
