/** Resources whose acquisition can be interrupted. @module */
import { Effect, type Scope } from "../../deps.ts";

/** Like `Effect.acquireRelease`, but the acquisition can be interrupted while it waits. */
export const acquire = <A, E, R>(
  acquisition: Effect.Effect<A, E, R>,
  release: (a: A) => Effect.Effect<void>,
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.tap(restore(acquisition), (a) => Effect.addFinalizer(() => release(a)))
  );

/**
 * Runs a promise as an Effect. On interruption the promise is aborted, and its value is disposed of if it comes
 * anyway.
 */
export const fromPromise = <A, E>(
  start: (signal: AbortSignal) => Promise<A>,
  dispose: (a: A) => void,
  failure: (cause: unknown) => E,
): Effect.Effect<A, E> =>
  Effect.async((resume, signal) => {
    let got: A | undefined;
    signal.addEventListener("abort", () => got !== undefined && dispose(got));
    start(signal).then((a) => {
      if (signal.aborted) return dispose(a);
      got = a;
      resume(Effect.succeed(a));
    }, (cause) => resume(Effect.fail(failure(cause))));
  });
