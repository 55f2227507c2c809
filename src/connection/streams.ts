/** A connection's streams: events, and the two web streams. @module */
import type { Effect } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Observers } from "./bounds/observers.ts";
import type { Connection } from "./connection.ts";

/** Runs an effect for the consumer of a stream. */
type Run = <A>(effect: Effect.Effect<A, TlsError>) => Promise<A>;

/** The readable stream. It reads on demand, so that a slow consumer holds back the peer. */
const readableOf = (
  connection: Pick<Connection, "read" | "close">,
  run: Run,
): ReadableStream<Uint8Array> =>
  new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const data = await run(connection.read);
      if (data) controller.enqueue(data);
      else controller.close();
    },
    cancel: () => run(connection.close),
  }, { highWaterMark: 0 });

/** The writable stream. It writes one chunk at a time. */
const writableOf = (
  connection: Pick<Connection, "write" | "closeWrite" | "abort">,
  run: Run,
): WritableStream<Uint8Array> =>
  new WritableStream<Uint8Array>({
    write: (chunk) => run(connection.write(chunk)),
    close: () => run(connection.closeWrite),
    abort: () => run(connection.abort),
  });

/** What a connection's streams are made of, and those that exist already. */
interface Streams {
  readonly observers: Observers;
  readonly run: Run;
  events?: Connection["events"];
  readable?: Connection["readable"];
  writable?: Connection["writable"];
}

/** The member of a connection that its streams are made of. */
export const STREAMS = Symbol("streams");

/** A connection without its streams. */
export type Unstreamed = Omit<Connection, "events" | "readable" | "writable"> & {
  readonly [STREAMS]: Streams;
};

/**
 * The streams of a connection, each made when it is first asked for. They are own members, so that a connection can be
 * spread and inherited from. One descriptor object for all connections keeps one hidden class; a closure for each would
 * not (docs/adr/0014).
 */
const streams: Readonly<
  Record<"events" | "readable" | "writable", PropertyDescriptor & ThisType<Unstreamed>>
> = {
  events: {
    enumerable: true,
    get() {
      return this[STREAMS].events ??= this[STREAMS].observers.events;
    },
  },
  readable: {
    enumerable: true,
    get() {
      return this[STREAMS].readable ??= readableOf(this, this[STREAMS].run);
    },
  },
  writable: {
    enumerable: true,
    get() {
      return this[STREAMS].writable ??= writableOf(this, this[STREAMS].run);
    },
  },
};

/** Adds the streams to a connection. */
export const withStreams = (connection: Unstreamed): Connection =>
  Object.defineProperties(connection, streams) as Unstreamed & Connection;
