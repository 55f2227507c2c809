/** Writes sealed records to the byte stream, in order, one write at a time. @module */
import { Cause, Deferred, Effect, FiberId } from "../deps.ts";
import { Closed } from "../faults/errors/connection.ts";
import { TransportError } from "../faults/errors/transport.ts";
import type { WireError } from "../faults/faults.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import type { Records } from "../record/records.ts";

/** Told that a write to the stream failed; with `Closed`, that it was interrupted. */
export type Broke = (why: TransportError | Closed) => void;

/** The outbox of a connection. */
export interface Outbox {
  /**
   * Writes all sealed records to the stream, and ends when the stream has taken them. Concurrent callers share writes. An
   * interruption during a write closes the stream.
   */
  readonly flush: Effect.Effect<void, WireError>;
  /**
   * Starts handing the outbox to the stream and returns at once; waits only when much is in it. A reader must not wait
   * for the peer to read, because the peer may be waiting for us. It never fails; `Broke` is told of a failure.
   */
  readonly push: Effect.Effect<void>;
  /** Why the stream takes no more bytes; `undefined` while it does. */
  readonly broken: () => TransportError | Closed | undefined;
  /** The number of writes that the stream has taken. */
  readonly taken: () => number;
}

/** The most bytes in the outbox before a reader has to wait for the stream. */
const MAX_OUTBOX = 8 * 2 ** 14;

/** Makes the outbox of `records` over `stream`. */
export const makeOutbox = (stream: ByteStream, records: Records, broke: Broke): Outbox => {
  let writing = false;
  let taken = 0;
  let broken: TransportError | Closed | undefined;
  /** Done when the write under way ends, if somebody waits for that. */
  let written: Deferred.Deferred<void> | undefined;

  const writtenOut = (): void => {
    const waiters = written;
    writing = false;
    written = undefined;
    if (waiters) Deferred.unsafeDone(waiters, Effect.void);
  };
  /** A write that does not succeed may leave half a record on the wire; nothing may follow it. */
  const write: Effect.Effect<void, WireError> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      writing = true;
      return Effect.matchCauseEffect(restore(Effect.suspend(() => stream.write(records.takeOutbox()))), {
        onSuccess: () => {
          taken++;
          writtenOut();
          return Effect.void;
        },
        onFailure: (cause) => {
          broken = Cause.isInterrupted(cause) ? new Closed() : failureOf(cause);
          broke(broken);
          writtenOut();
          return broken._tag === "Closed"
            ? Effect.zipRight(stream.close, Effect.failCause(cause))
            : Effect.fail(broken);
        },
      });
    })
  );
  const flush: Outbox["flush"] = Effect.suspend(() => {
    // The write under way has taken records out of the outbox, and the stream has not taken them yet.
    if (writing) {
      return Effect.zipRight(Deferred.await(written ??= Deferred.unsafeMake(FiberId.none)), flush);
    }
    if (broken) return Effect.fail(broken);
    return records.outboxLength === 0 ? Effect.void : Effect.zipRight(write, flush);
  });

  let pushing = false;
  const push: Outbox["push"] = Effect.suspend(() => {
    if (records.outboxLength === 0 || broken) return Effect.void;
    if (records.outboxLength > MAX_OUTBOX) return Effect.ignore(flush);
    if (pushing) return Effect.void;
    pushing = true;
    // A fiber that nobody owns; it ends with the stream, and usually at once.
    const fiber = Effect.runFork(flush);
    fiber.addObserver(() => void (pushing = false));
    return Effect.void;
  });
  return { flush, push, broken: () => broken, taken: () => taken };
};

/** The error of a failed write; a transport that throws counts as one that fails. */
const failureOf = (cause: Cause.Cause<TransportError>): TransportError => {
  const error = Cause.squash(cause);
  return error instanceof TransportError ? error : new TransportError({ operation: "write", cause: error });
};
