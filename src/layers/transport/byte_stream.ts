/** Byte streams from what a program has: a Deno connection, web streams, memory. @module */
import { Deferred, Effect, FiberId, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import { decodeOption, limit } from "../../options.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** What is used of a `Deno.Conn`, named here so that the core needs no Deno types. */
export interface ConnLike {
  /** Reads into the array; `null` at the end. */
  readonly read: (into: Uint8Array) => Promise<number | null>;
  /** Writes some of the bytes, and gives how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Closes the connection. */
  readonly close: () => void;
  /** What a TCP connection has. */
  readonly setNoDelay?: (noDelay: boolean) => void;
}

/** Two directions of web streams, as a WebSocketStream, a TransformStream or a child process has them. */
export interface StreamsLike {
  /** What the peer sends. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What goes to the peer. */
  readonly writable: WritableStream<Uint8Array>;
}

/** How a source of promises becomes a stream: one read at a time, which an interruption does not undo. */
const fromPromises = (source: {
  readonly read: () => Promise<Bytes | undefined>;
  readonly write: (bytes: Bytes) => Promise<void>;
  /** Closes the connection. */
  readonly close: () => void;
}): ByteStream => {
  let closed = false;
  /** Waits for the next asker when the one before was interrupted. */
  let reading: Promise<Bytes | undefined> | undefined;
  /** Writes under way: a source may not know how to break one off. */
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
      // A read that nobody waits for any more ends with the source; its end is nobody's failure.
      reading?.catch(() => {});
      writing.forEach((fail) => fail("the stream was closed"));
      try {
        source.close();
      } catch { /* it was closed by another, who need not know of us */ }
    }),
  };
};

/** A little more than one record of the longest kind. */
const CHUNK = 2 ** 14 + 2048 + 5;

/**
 * A stream over a `Deno.Conn` (or what looks like one). It owns the connection from now on. A flight is one write, and
 * Nagle's algorithm would hold the next one back until it is acknowledged (RFC 896): it is turned off.
 */
export const fromConn = (conn: ConnLike): ByteStream => {
  conn.setNoDelay?.(true);
  return fromPromises({
    read: async () => {
      const into = new Uint8Array(CHUNK);
      const n = await conn.read(into);
      if (n === null) return undefined;
      // A short read keeps only its own bytes alive.
      return n < CHUNK / 4 ? into.slice(0, n) : into.subarray(0, n);
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    close: () => conn.close(),
  });
};

/** A stream over two web streams; it locks both. */
export const fromStreams = ({ readable, writable }: StreamsLike): ByteStream => {
  const reader = readable.getReader();
  const writer = writable.getWriter();
  // Whoever uses the stream learns of its end by `read` and `write`.
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
      // A pending write is broken off; a writer that is idle ends in order.
      (writer.desiredSize !== null && writer.desiredSize > 0 ? writer.close() : writer.abort()).catch(ignore);
    },
  });
};

/** One direction in memory. */
interface Pipe {
  readonly chunks: Array<Bytes>;
  length: number;
  ended: boolean;
  /** Whoever waits for the pipe to change. */
  changed: Deferred.Deferred<void> | undefined;
}

/** Two streams, each of which reads what the other writes. */
export type Pair = readonly [ByteStream, ByteStream];

/** How a pair is made. */
export interface PairOptions {
  /** Bytes that may wait unread; unlimited unless given. */
  readonly capacity?: number | undefined;
}

const pairOptions: Schema.Schema<PairOptions> = Schema.Struct({ capacity: Schema.optional(limit(1)) });
const decode = decodeOption(pairOptions);

/**
 * Two ends of a stream in memory, with no limit on what waits unread. Nothing is asynchronous where nobody waits, so
 * that two peers run under `Effect.runSync`.
 */
export function makePair(): Effect.Effect<Pair>;
/** Two ends of a stream in memory. A write waits while `capacity` bytes wait unread. */
export function makePair(options: PairOptions): Effect.Effect<Pair, InvalidOption>;
export function makePair(options: PairOptions = {}): Effect.Effect<Pair, InvalidOption> {
  return Effect.map(decode(options), ({ capacity = Infinity }) => pairOf(capacity));
}

const pairOf = (capacity: number): Pair => {
  const pipe = (): Pipe => ({ chunks: [], length: 0, ended: false, changed: undefined });
  const wake = (p: Pipe): void => {
    const waiting = p.changed;
    p.changed = undefined;
    if (waiting) Deferred.unsafeDone(waiting, Effect.void);
  };
  const change = (p: Pipe): Effect.Effect<void> =>
    // Waited for from here on: a change between this and the waiting itself is not missed.
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
          return Effect.fail(new TransportError({ operation: "write", cause: "the stream is closed" }));
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
        // What was written can still be read; what comes is nobody's any more.
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
