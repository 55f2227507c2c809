/** Deadlines that need no race of fibers, and that work in finalizers. @module */
import {
  Clock,
  Context,
  DefaultServices,
  Effect,
  Exit,
  Fiber,
  FiberId,
  Option,
  Runtime,
  Tracer,
} from "../../deps.ts";
import { HandshakeTimeout } from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";

/** Effect's default clock. */
const system = Context.get(DefaultServices.liveServices, Clock.Clock);

/** The longest timer in milliseconds; a longer deadline never passes. */
const LONGEST = 2 ** 31 - 1;

/** How long an interrupted effect may take to end, in milliseconds. */
const GRACE = 250;

/** Starts a timer that calls `late`; gives a function that stops it. */
type Timer = (milliseconds: number, late: () => void) => () => void;

/** The runtime's timer. A cleared timer stays in memory for a while, so it lets go of what it would have called. */
export const systemTimer: Timer = (milliseconds, late) => {
  let then: (() => void) | undefined = late;
  const id = milliseconds > LONGEST ? undefined : setTimeout(() => then?.(), milliseconds);
  return () => {
    then = undefined;
    clearTimeout(id);
  };
};

/** A timer on another clock (`TestClock`), which is a fiber. */
const timerIn = (runtime: Runtime.Runtime<never>): Timer => (milliseconds, late) => {
  const fiber = Runtime.runFork(runtime, Effect.sleep(milliseconds));
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) late();
  });
  return () => fiber.unsafeInterruptAsFork(FiberId.none);
};

const timerOf = (clock: Clock.Clock, runtime: Runtime.Runtime<never>): Timer =>
  clock === system ? systemTimer : timerIn(runtime);

/** How long a peer may take until its first byte. */
export interface Silence {
  readonly milliseconds: number;
  readonly heard: () => boolean;
}

/**
 * Runs a handshake that fails with HandshakeTimeout if it takes too long. `Effect.timeoutFail` would race two fibers, which
 * costs as much as a flight. Here the handshake runs in one fiber, with its `services` from the start, and a timer is made
 * only if it has to wait.
 */
export const deadline = <A, R>(
  milliseconds: number,
  handshake: Effect.Effect<A, TlsError, R>,
  services: Context.Context<R>,
  silence?: Silence,
): Effect.Effect<A, TlsError> =>
  Effect.flatMap(Effect.zip(Effect.runtime<never>(), Effect.clock), ([runtime, clock]) => {
    const own = Context.merge(runtime.context, services);
    // The span is that of the caller, not the one that was current when the services were found.
    const context = Option.match(Context.getOption(runtime.context, Tracer.ParentSpan), {
      onNone: () => own,
      onSome: (span) => Context.add(own, Tracer.ParentSpan, span),
    });
    return Effect.async((resume) => {
      // A caller in an uninterruptible region has a deadline as well.
      const work = Runtime.runFork(Runtime.make({ ...runtime, context }), Effect.interruptible(handshake));
      const done = work.unsafePoll();
      if (done) return resume(done);
      let late: HandshakeTimeout | undefined;
      let grace: (() => void) | undefined;
      const timer = timerOf(clock, runtime);
      const give = (up: HandshakeTimeout) => {
        late = up;
        work.unsafeInterruptAsFork(FiberId.none);
        // Nobody waits for a service that cannot be interrupted.
        grace = systemTimer(GRACE, () => resume(up));
      };
      const whole = (remaining: number) =>
        timer(remaining, () => give(new HandshakeTimeout({ milliseconds })));
      let callOff = silence && silence.milliseconds < milliseconds
        ? timer(silence.milliseconds, () => {
          if (silence.heard()) callOff = whole(milliseconds - silence.milliseconds);
          else give(new HandshakeTimeout({ milliseconds: silence.milliseconds, silent: true }));
        })
        : whole(milliseconds);
      work.addObserver((exit) => {
        callOff();
        grace?.();
        resume(late && Exit.isInterrupted(exit) ? late : exit);
      });
      return within(GRACE, Fiber.interrupt(work));
    });
  });

/**
 * Runs an effect and gives its exit; `undefined` if it takes longer than some milliseconds of Effect's Clock. It is
 * interrupted then, and nobody waits for its end. No timer is made for an effect that ends at once.
 */
export const settled = <A, E>(
  milliseconds: number,
  of: Effect.Effect<A, E>,
): Effect.Effect<Exit.Exit<A, E> | undefined> =>
  Effect.flatMap(Effect.zip(Effect.runtime<never>(), Effect.clock), ([runtime, clock]) => {
    const fiber = Runtime.runFork(runtime, Effect.interruptible(of));
    const done = fiber.unsafePoll();
    if (done) return Effect.succeed(done);
    return Effect.async((resume) => {
      const callOff = timerOf(clock, runtime)(milliseconds, () => {
        fiber.unsafeInterruptAsFork(FiberId.none);
        resume(Effect.succeed(undefined));
      });
      fiber.addObserver((exit) => {
        callOff();
        resume(Effect.succeed(exit));
      });
      return Effect.sync(() => {
        callOff();
        fiber.unsafeInterruptAsFork(FiberId.none);
      });
    });
  });

/**
 * Runs an effect for at most some milliseconds, and ignores how it ends. If it is late it is interrupted, and nobody waits
 * for its end. `Effect.timeout` would wait in finalizers: there, children cannot be interrupted.
 */
export const within = <E>(milliseconds: number, of: Effect.Effect<void, E>): Effect.Effect<void> =>
  whileMoving(milliseconds, of, () => 0);

/** Runs an effect as `within` does, and starts the time anew whenever `moved` gives another value. */
export const whileMoving = <E>(
  milliseconds: number,
  of: Effect.Effect<void, E>,
  moved: () => number,
): Effect.Effect<void> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    // It begins at once, and usually ends before a timer is needed.
    const fiber = Runtime.runFork(runtime, Effect.interruptible(Effect.exit(of)));
    if (fiber.unsafePoll()) return Effect.void;
    return Effect.async<void>((resume) => {
      let callOff: () => void;
      const wait = (): void => {
        const before = moved();
        callOff = systemTimer(milliseconds, () => {
          if (moved() !== before) return wait();
          fiber.unsafeInterruptAsFork(FiberId.none);
          resume(Effect.void);
        });
      };
      wait();
      fiber.addObserver(() => {
        callOff();
        resume(Effect.void);
      });
    });
  });
