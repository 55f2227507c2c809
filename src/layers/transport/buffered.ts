/** Reading a byte stream by lines and by lengths, and giving bytes back to it. @module */
import { Effect, Either } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { LineTooLong, StreamEnded, type TransportError } from "../../faults/errors/transport.ts";
import { decodeOption, whole } from "../../options.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";

/**
 * A byte stream that is read by lines and by lengths, for what a protocol says before TLS. One read runs at a time. A read
 * that is interrupted or fails loses no byte: the next read finds what had come.
 */
export interface Buffered {
  /**
   * Reads exactly so many bytes. Fails with `StreamEnded` if the stream ends before, and with `InvalidOption` if the length
   * is no whole number. All of them are held in memory: check a length that the peer has said.
   */
  readonly readExactly: (
    length: number,
  ) => Effect.Effect<Bytes, TransportError | StreamEnded | InvalidOption>;
  /**
   * Reads a line, which ends with LF or CRLF, and gives it without that end, as UTF-8. Fails with `LineTooLong` if it has
   * more than `limit` bytes, its end not counted; with `StreamEnded` if the stream ends before the line does; and with
   * `InvalidOption` if the limit is no whole number.
   */
  readonly readLine: (
    limit: number,
  ) => Effect.Effect<string, TransportError | StreamEnded | LineTooLong | InvalidOption>;
  /** How many bytes have come and are not yet read. */
  readonly unread: Effect.Effect<number>;
  /** The stream from here on: gives what has come and is not yet read, then goes on with the stream below. */
  readonly rest: ByteStream;
}

/** Reads a byte stream by lines and by lengths. `rest` is the stream again, for instance for TLS to run over. */
export const buffered = (stream: ByteStream): Buffered => reading(stream, EMPTY);

/** A stream that first gives these bytes, and then goes on with the given one. The bytes are copied. */
export const prepend = (bytes: Bytes, stream: ByteStream): ByteStream => reading(stream, bytes).rest;

const decodeLength = decodeOption(whole(0), "length");
const decodeLimit = decodeOption(whole(0), "limit");
const [CR, LF] = [13, 10];

const reading = (stream: ByteStream, first: Bytes): Buffered => {
  const store = makeStore(first);
  let closed = false;
  /** Takes what `found` says is complete, as soon as it is. What arrives is kept before anything can interrupt. */
  const gather = <A, E>(
    wanted: string,
    found: () => Either.Either<A, E> | undefined,
  ): Effect.Effect<A, E | TransportError | StreamEnded> =>
    Effect.uninterruptibleMask((restore) => {
      const next: Effect.Effect<A, E | TransportError | StreamEnded> = Effect.suspend(() =>
        found() ?? Effect.flatMap(restore(stream.read), (bytes) => {
          if (bytes === undefined) return new StreamEnded({ wanted, got: store.length() });
          store.push(bytes);
          return next;
        })
      );
      return next;
    });
  return {
    readExactly: (wanted) =>
      Effect.flatMap(decodeLength(wanted), (length) =>
        gather(
          `${length} bytes`,
          () => store.length() < length ? undefined : Either.right(store.take(length)),
        )),
    readLine: (wanted) =>
      Effect.flatMap(decodeLimit(wanted), (limit) => {
        let searched = 0;
        return gather("the end of a line", () => {
          const at = store.indexOf(LF, searched);
          const length = at < 0 ? searched = store.length() : at;
          // A CR may belong to the end of the line.
          const text = length - (length > 0 && store.at(length - 1) === CR ? 1 : 0);
          if (text > limit) return Either.left(new LineTooLong({ limit }));
          if (at < 0) return undefined;
          return Either.right(decoder.decode(store.take(at + 1).subarray(0, text)));
        });
      }),
    unread: Effect.sync(store.length),
    rest: {
      read: Effect.suspend(() =>
        closed || store.length() === 0 ? stream.read : Effect.succeed(store.take(store.length()))
      ),
      write: stream.write,
      close: Effect.suspend(() => {
        closed = true;
        return stream.close;
      }),
    },
  };
};

/** A byte order mark is a part of the line. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes that have come and nobody has taken. Its space doubles, so that many small arrivals cost no more than a large one. */
const makeStore = (first: Bytes) => {
  let space = first.slice();
  let [start, end] = [0, space.length];
  const length = (): number => end - start;
  return {
    length,
    at: (index: number): number | undefined => space[start + index],
    /** Where the byte stands, at the index or after it; -1 if it has not come. */
    indexOf: (byte: number, from: number): number => {
      const found = space.subarray(0, end).indexOf(byte, start + from);
      return found < 0 ? -1 : found - start;
    },
    push: (bytes: Bytes): void => {
      if (end + bytes.length > space.length) {
        const larger = new Uint8Array(Math.max(length() + bytes.length, 2 * length()));
        larger.set(space.subarray(start, end));
        [space, start, end] = [larger, 0, length()];
      }
      space.set(bytes, end);
      end += bytes.length;
    },
    take: (count: number): Bytes => {
      const taken = space.slice(start, start += count);
      if (start === end) [space, start, end] = [new Uint8Array(0), 0, 0];
      return taken;
    },
  };
};
