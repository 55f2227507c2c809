/** Byte streams over a Deno connection, over web streams, and in memory. @module */
import { Deferred, Effect, FiberId, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import { decodeOption, limit } from "../../options.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The parts of a `Deno.Conn` that are used here, so that the core needs no Deno types. */
export interface ConnLike {
  /** Reads into the array and returns the number of bytes; `null` at the end. */
  readonly read: (into: Uint8Array) => Promise<number | null>;
  /** Writes some of the bytes and returns how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Closes the connection. */
  readonly close: () => void;
  /** Turns Nagle's algorithm off. TCP connections have this method. */
  readonly setNoDelay?: (noDelay: boolean) => void;
}

/** Two web streams, one for each direction, as in a WebSocketStream, a TransformStream or a child process. */
export interface StreamsLike {
  /** The stream of bytes from the peer. */
  readonly readable: ReadableStream<Uint8Array>;
  /** The stream of bytes to the peer. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Makes a byte stream from promises. Only one read runs at a time, and interrupting it does not lose its bytes. */
const fromPromises = (source: {
  readonly read: () => Promise<Bytes | undefined>;
  readonly write: (bytes: Bytes) => Promise<void>;
  /** Closes the source. */
  readonly close: () => void;
}): ByteStream => {
  let closed = false;
  /** The read in progress; if its reader was interrupted, the next reader gets its bytes. */
  let reading: Promise<Bytes | undefined> | undefined;
  /** The writes in progress, because a source may have no way to cancel one. */
  const writing = new Set<(cause: unknown) => void>();
  const failure = (operation: "read" | "write") => (cause: unknown) =>
    new TransportError({ operation, cause });
  return {
    read: Effect.suspend(() => {
      if (closed) return Effect.succeed(undefined);
      reading ??= source.read();
      const taken = Effect.sync(() => void (reading = undefined));
      return Effect.tryPromise({ try: () => reading!, catch: failure("read") }).pipe(
        Effect.tapBoth({ onSuccess: () => taken, onFailure: () => taken }),
        Effect.catchIf(() => closed, () => Effect.succeed(undefined)),
      );
    }),
    write: (bytes) =>
      Effect.suspend(() =>
        closed ? Effect.fail(failure("write")("the stream is closed")) : Effect.async((resume) => {
          const fail = (cause: unknown) => resume(Effect.fail(failure("write")(cause)));
          writing.add(fail);
          source.write(bytes).then(() => resume(Effect.void), fail).finally(() => writing.delete(fail));
        })
      ),
    close: Effect.sync(() => {
      if (closed) return;
      closed = true;
      // A read that nobody waits for ends with the source, and its failure does not matter.
      reading?.catch(() => {});
      writing.forEach((fail) => fail("the stream was closed"));
      try {
        source.close();
      } catch { /* it was closed by another, who need not know of us */ }
    }),
  };
};

/** A little more than the longest record. */
const CHUNK = 2 ** 14 + 2048 + 5;

/**
 * A byte stream over a `Deno.Conn` or a similar object, which it owns from then on. Nagle's algorithm is turned off:
 * each flight is one write, and the algorithm would delay the next until an acknowledgement (RFC 896).
 */
export const fromConn = (conn: ConnLike): ByteStream => {
  conn.setNoDelay?.(true);
  return fromPromises({
    read: async () => {
      const into = new Uint8Array(CHUNK);
      const n = await conn.read(into);
      if (n === null) return undefined;
      // Copied, so that a short read does not keep the whole buffer alive.
      return n < CHUNK / 4 ? into.slice(0, n) : into.subarray(0, n);
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    close: () => conn.close(),
  });
};

/** A byte stream over two web streams. It locks both. */
export const fromStreams = ({ readable, writable }: StreamsLike): ByteStream => {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  // The user of the stream learns of its end from `read` and `write`.
  const ignore = () => {};
  reader.closed.catch(ignore);
  writer.closed.catch(ignore);
  return fromPromises({
    read: async () => {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        if (value.length > 0) return value;
      }
    },
    write: async (bytes) => {
      await writer.ready;
      await writer.write(bytes);
    },
    close: () => {
      reader.cancel().catch(ignore);
      // A pending write is aborted; an idle writer is closed normally.
      (writer.desiredSize !== null && writer.desiredSize > 0 ? writer.close() : writer.abort()).catch(ignore);
    },
  });
};

/** One direction of a pair of streams in memory. */
interface Pipe {
  readonly chunks: Array<Bytes>;
  length: number;
  ended: boolean;
  /** Completed when the pipe changes; `undefined` when nobody waits. */
  changed: Deferred.Deferred<void> | undefined;
}

/** Two byte streams, each of which reads what the other writes. */
export type Pair = readonly [ByteStream, ByteStream];

/** Options of a pair of streams in memory. */
export interface PairOptions {
  /** How many unread bytes may wait before a write waits; unlimited unless given. */
  readonly capacity?: number | undefined;
}

const pairOptions: Schema.Schema<PairOptions> = Schema.Struct({ capacity: Schema.optional(limit(1)) });
const decode = decodeOption(pairOptions);

/**
 * Makes two connected byte streams in memory, with no limit on unread bytes. Nothing is asynchronous unless a reader
 * waits, so two peers can run under `Effect.runSync`.
 */
export function makePair(): Effect.Effect<Pair>;
/**
 * Makes two connected byte streams in memory. A write waits while `capacity` bytes are unread. Fails with
 * InvalidOption.
 */
export function makePair(options: PairOptions): Effect.Effect<Pair, InvalidOption>;
export function makePair(options: PairOptions = {}): Effect.Effect<Pair, InvalidOption> {
  return Effect.map(decode(options), ({ capacity = Infinity }) => pairOf(capacity));
}

/** One value for every late write: an error costs its stack, and most connections end with such a write. */
const closed = Effect.fail(new TransportError({ operation: "write", cause: "the stream is closed" }));

const pairOf = (capacity: number): Pair => {
  const pipe = (): Pipe => ({ chunks: [], length: 0, ended: false, changed: undefined });
  const wake = (p: Pipe): void => {
    const waiting = p.changed;
    p.changed = undefined;
    if (waiting) Deferred.unsafeDone(waiting, Effect.void);
  };
  const change = (p: Pipe): Effect.Effect<void> =>
    // Registers at once, so that no change is missed before the wait itself.
    Deferred.await(p.changed ??= Deferred.unsafeMake(FiberId.none));
  const end = (from: Pipe, to: Pipe): ByteStream => {
    const read: ByteStream["read"] = Effect.suspend(() => {
      const chunk = from.chunks.shift();
      if (chunk) {
        from.length -= chunk.length;
        wake(from);
        return Effect.succeed(chunk);
      }
      return from.ended ? Effect.succeed(undefined) : Effect.zipRight(change(from), read);
    });
    const write: ByteStream["write"] = (bytes) =>
      Effect.suspend(() => {
        if (to.ended) {
          return closed;
        }
        if (to.length >= capacity) return Effect.zipRight(change(to), write(bytes));
        if (bytes.length > 0) {
          to.chunks.push(bytes);
          to.length += bytes.length;
          wake(to);
        }
        return Effect.void;
      });
    return {
      read,
      write,
      close: Effect.sync(() => {
        // Data that was written can still be read; data still to come is dropped.
        from.ended = to.ended = true;
        from.chunks.length = from.length = 0;
        wake(from);
        wake(to);
      }),
    };
  };
  const there = pipe();
  const back = pipe();
  return [end(back, there), end(there, back)];
};
