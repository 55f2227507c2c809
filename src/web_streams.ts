/** A connection as web streams. @module */
import type { Effect } from "./deps.ts";
import type { HandshakeError } from "./errors.ts";
import type { Bytes } from "./wire/bytes.ts";

/** As much of a connection as is needed here; `connection.ts` imports this file. */
interface Ends {
  readonly read: Effect.Effect<Bytes | undefined, HandshakeError>;
  readonly write: (bytes: Bytes) => Effect.Effect<void, HandshakeError>;
  readonly closeWrite: Effect.Effect<void, HandshakeError>;
  readonly close: Effect.Effect<void>;
  readonly abort: Effect.Effect<void>;
}

/** Runs an effect for a stream's consumer. */
export type Run = <A>(effect: Effect.Effect<A, HandshakeError>) => Promise<A>;

/** Reads on demand, so that a slow consumer holds the peer back. */
export const readableOf = (
  connection: Pick<Ends, "read" | "close">,
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

/** Writes one chunk at a time. Closing it is a half-close; aborting it, as a pipe does whose source fails, is no good end. */
export const writableOf = (
  connection: Pick<Ends, "write" | "closeWrite" | "abort">,
  run: Run,
): WritableStream<Uint8Array> =>
  new WritableStream<Uint8Array>({
    write: (chunk) => run(connection.write(chunk)),
    close: () => run(connection.closeWrite),
    abort: () => run(connection.abort),
  });
