/** Runs effects as promises, for programs that use no Effect. @module */
import { Cause, Effect, Exit, Fiber, FiberRef, HashSet, Logger, Runtime, Scope } from "../deps.ts";
import * as Errors from "../public/errors.ts";

/**
 * Runs an effect as a promise. It rejects with the error itself, whose message says what to do as well; with the reason of
 * `signal` when that gave it up. Warnings go to stderr.
 */
export const promised = async <A, E>(effect: Effect.Effect<A, E>, signal?: AbortSignal): Promise<A> => {
  signal?.throwIfAborted();
  const exit = await Runtime.runPromiseExit(runtime, effect, signal && { signal });
  if (Exit.isSuccess(exit)) return exit.value;
  throw signal?.aborted && Cause.isInterrupted(exit.cause)
    ? signal.reason
    : advised(Cause.squash(exit.cause));
};

/** An effect that has begun, and the fiber that goes on with it. */
export interface Begun<A> {
  readonly done: Promise<A>;
  readonly fiber: Fiber.RuntimeFiber<A, unknown> | undefined;
}

/** Runs an effect as far as it goes without waiting. Throws as `promised` rejects if it has failed by then. */
export const begun = <A, E>(effect: Effect.Effect<A, E>): Begun<A> => {
  const exit = Runtime.runSyncExit(runtime, effect);
  if (Exit.isSuccess(exit)) return { done: Promise.resolve(exit.value), fiber: undefined };
  const why = Cause.squash(exit.cause);
  if (!Runtime.isAsyncFiberException(why)) throw advised(why);
  const fiber = why.fiber as Fiber.RuntimeFiber<A, E>; // it is this effect's
  return { done: promised(Fiber.join(fiber)), fiber };
};

/** Runs an effect that waits for nothing. Throws as `promised` rejects. */
export const now = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  throw advised(Cause.squash(exit.cause));
};

/**
 * Runs an effect and tells how it ended, as a callback of Node is told: with the error that `promised` rejects with, or with
 * `null` and a value; its advice is in the words of its readers. It tells outside of the fiber, so that what the callback throws reaches the program. Gives a function
 * that interrupts the effect.
 */
export const toldTo = <A, E>(
  effect: Effect.Effect<A, E>,
  told: (error: unknown, value?: A) => void,
  readers?: Errors.Readers,
): () => void => {
  const fiber = Runtime.runFork(runtime, effect);
  fiber.addObserver((exit) =>
    queueMicrotask(() =>
      Exit.isSuccess(exit) ? told(null, exit.value) : told(advised(Cause.squash(exit.cause), readers))
    )
  );
  return () => fiber.unsafeInterruptAsFork(fiber.id());
};

/** A value that lives in a scope of its own, and what ends it. */
export interface Living<A> {
  readonly value: A;
  /** Closes its scope; a second time, nothing happens. */
  readonly close: Effect.Effect<void>;
}

/** Makes a value with a scope of its own, which closes at once if that fails or is interrupted. */
export const living = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Effect.Effect<Living<A>, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Scope.make(), (scope) =>
      restore(Scope.extend(effect, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause))),
        Effect.map((value) => ({ value, close: Scope.close(scope, Exit.void) })),
      ))
  );

/** Logs go to stderr: stdout is the program's own. */
const runtime: Runtime.Runtime<never> = Runtime.setFiberRef(
  Runtime.defaultRuntime,
  FiberRef.currentLoggers,
  HashSet.make(Logger.tracerLogger, Logger.withConsoleError(Logger.logfmtLogger)),
);

/** The error with advice in its message, as nobody here would call `Errors.explain`. */
export const advised = (error: unknown, readers: Errors.Readers = "options"): unknown => {
  if (!isOwn(error) || Object.hasOwn(error, "message")) return error;
  const message = Errors.sentence(Errors.explain(error, { readers }));
  const stack = error.stack?.replace(error.message, () => message);
  return Object.defineProperties(error, {
    message: { value: message, configurable: true },
    stack: { value: stack, configurable: true },
  });
};

/** Whether an error is one of this library's. */
const isOwn = (e: unknown): e is Errors.TlsError | Errors.SetupError =>
  e instanceof Error && "_tag" in e && String(e._tag) in Errors;
