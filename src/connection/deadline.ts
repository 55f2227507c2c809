/** Limits of time that cost no race of fibers, and hold in finalizers. @module */
import { Effect, Exit, Fiber, FiberId, Runtime } from "../deps.ts";
import { type HandshakeError, HandshakeTimeout } from "../errors.ts";

/**
 * Fails a handshake that takes too long. Not `Effect.timeoutFail`, whose race of two fibers costs as much as a flight:
 * the handshake runs in one fiber, and a timer beside it is made only if it has to wait.
 */
export const deadline = <A>(
  milliseconds: number,
  handshake: Effect.Effect<A, HandshakeError>,
): Effect.Effect<A, HandshakeError> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    const fork = Runtime.runFork(runtime);
    return Effect.async((resume) => {
      // Whoever can't be interrupted may still be late.
      const work = fork(Effect.interruptible(handshake));
      let late = false;
      const timer = work.unsafePoll() ? undefined : fork(Effect.sleep(milliseconds));
      timer?.addObserver((exit) => {
        if (!Exit.isSuccess(exit)) return;
        late = true;
        work.unsafeInterruptAsFork(FiberId.none);
      });
      work.addObserver((exit) => {
        timer?.unsafeInterruptAsFork(FiberId.none);
        resume(late && Exit.isInterrupted(exit) ? Effect.fail(new HandshakeTimeout({ milliseconds })) : exit);
      });
      return Fiber.interrupt(work);
    });
  });

/**
 * Runs an effect for at most so long, whatever becomes of it. Not `Effect.timeout`: this is used in finalizers, where
 * children inherit that they can't be interrupted and a timeout would wait for them.
 */
export const within = (milliseconds: number, of: Effect.Effect<void, HandshakeError>): Effect.Effect<void> =>
  Effect.suspend(() => {
    // It begins here and now, and mostly ends so too.
    const fiber = Effect.runFork(Effect.ignore(of));
    if (fiber.unsafePoll()) return Effect.void;
    return Effect.async<void>((resume) => {
      const timer = setTimeout(() => resume(Effect.void), milliseconds);
      fiber.addObserver(() => {
        clearTimeout(timer);
        resume(Effect.void);
      });
    });
  });
