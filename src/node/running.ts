/** Effects run for callers who know none: their end is told as Node's callbacks tell it. @module */
import { Cause, Effect, Exit } from "../deps.ts";

/**
 * Runs an effect and tells how it ended: with an error, which is the typed one itself, or with a value. It tells outside
 * of the fiber, so that what a listener throws reaches the program, as in Node. Gives a function that interrupts.
 */
export const run = <A, E>(
  effect: Effect.Effect<A, E>,
  told: (error: Error | null, value?: A) => void,
): () => void => {
  const fiber = Effect.runFork(effect);
  fiber.addObserver((exit) =>
    queueMicrotask(() => Exit.isSuccess(exit) ? told(null, exit.value) : told(errorOf(exit.cause)))
  );
  return () => fiber.unsafeInterruptAsFork(fiber.id());
};

/** Runs an effect that waits for nothing; throws its error, which is the typed one itself. */
export const now = <A, E>(effect: Effect.Effect<A, E>): A => {
  const exit = Effect.runSyncExit(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  throw errorOf(exit.cause);
};

const errorOf = (cause: Cause.Cause<unknown>): Error => {
  const thrown = Cause.squash(cause);
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
};
