/** How what is sealed leaves by the byte stream: in order, one write at a time. @module */
import { Cause, Deferred, Effect, FiberId } from "../deps.ts";
import { Closed } from "../faults/errors/connection.ts";
import { TransportError } from "../faults/errors/transport.ts";
import type { WireError } from "../faults/faults.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import type { Records } from "../record/records.ts";

/** Told that the stream did not take what was written; `Closed`: the write was interrupted. */
export type Broke = (why: TransportError | Closed) => void;

/** The way out. */
export interface Outbox {
  /**
   * Hands all that is sealed to the stream, and waits until it is taken, also where another's write takes it along.
   * Concurrent callers share writes. A flush that is interrupted while the stream takes it closes the stream.
   */
  readonly flush: Effect.Effect<void, WireError>;
  /**
   * Starts handing the outbox to the stream and returns at once; waits only when much is in it. A reader must not wait
   * for the peer to read, who may be waiting for us. It never fails: `Broke` hears of a failure.
   */
  readonly push: Effect.Effect<void>;
  /** Why the stream takes nothing more, if it does not. */
  readonly broken: () => TransportError | Closed | undefined;
  /** How many writes the stream has taken. */
  readonly taken: () => number;
}

/** Bytes that may wait in the outbox while somebody goes on reading. */
const MAX_OUTBOX = 8 * 2 ** 14;

/** The outbox of `records` over `stream`. */
export const makeOutbox = (stream: ByteStream, records: Records, broke: Broke): Outbox => {
  let writing = false;
  let taken = 0;
  let broken: TransportError | Closed | undefined;
  /** Whoever waits for the write under way. */
  let written: Deferred.Deferred<void> | undefined;

  const writtenOut = (): void => {
    const waiters = written;
    writing = false;
    written = undefined;
    if (waiters) Deferred.unsafeDone(waiters, Effect.void);
  };
  /** Every end of a write but success may leave half a record on the wire, after which nothing may follow. */
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
    // What a write that is under way has taken along is not handed on yet.
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
    // A fiber of nobody's, which ends with the stream; mostly here and now.
    const fiber = Effect.runFork(flush);
    fiber.addObserver(() => void (pushing = false));
    return Effect.void;
  });
  return { flush, push, broken: () => broken, taken: () => taken };
};

/** A transport that throws is one that fails. */
const failureOf = (cause: Cause.Cause<TransportError>): TransportError => {
  const error = Cause.squash(cause);
  return error instanceof TransportError ? error : new TransportError({ operation: "write", cause: error });
};
