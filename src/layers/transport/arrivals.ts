/** Bytes that a source pushes, for a reader that pulls. @module */
import { Effect } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** How many unread bytes may wait by default: what pushes its data knows no back-pressure. */
const MOST = 16 * 2 ** 20;

/** What has arrived and was not read. Nothing arrives after the end. */
export interface Arrivals {
  readonly push: (bytes: Bytes) => void;
  /** Ends the stream: its reader gets `undefined` after what has arrived, or the failure. */
  readonly end: (failure?: TransportError) => void;
  readonly read: ByteStream["read"];
  /** Forgets what has arrived, and ends the stream. */
  readonly drop: () => void;
}

/** Makes an empty queue. More than `most` unread bytes are a failure; `taken` is told how many bytes a reader has got. */
export const makeArrivals = (taken: (bytes: number) => void = () => {}, most = MOST): Arrivals => {
  const waiting: Array<Bytes> = [];
  let length = 0;
  let ended: Effect.Effect<undefined, TransportError> | undefined;
  const readers = new Set<() => void>();
  const wake = (): void => readers.forEach((go) => go());
  const end: Arrivals["end"] = (failure) => {
    ended ??= failure ? Effect.fail(failure) : Effect.succeed(undefined);
    wake();
  };
  const next = (): Effect.Effect<Bytes | undefined, TransportError> | undefined => {
    const bytes = waiting.shift();
    if (!bytes) return ended;
    length -= bytes.length;
    taken(bytes.length);
    return Effect.succeed(bytes);
  };
  const read: ByteStream["read"] = Effect.suspend(() =>
    next() ?? Effect.zipRight(
      Effect.async<void>((resume) => {
        const go = (): void => {
          readers.delete(go);
          resume(Effect.void);
        };
        readers.add(go);
        return Effect.sync(() => void readers.delete(go));
      }),
      Effect.suspend(() => read),
    )
  );
  return {
    push: (bytes) => {
      if (ended || bytes.length === 0) return;
      length += bytes.length;
      if (length > most) {
        return end(new TransportError({ operation: "read", cause: `${length} bytes wait unread` }));
      }
      waiting.push(bytes);
      wake();
    },
    end,
    read,
    drop: () => {
      waiting.length = length = 0;
      ended = Effect.succeed(undefined);
      wake();
    },
  };
};
