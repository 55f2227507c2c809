/** Limits of time that cost no race of fibers, and hold in finalizers. @module */
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

/** The clock of who has no other. */
const system = Context.get(DefaultServices.liveServices, Clock.Clock);

/** Milliseconds: the most that a timer counts; who allows more waits for ever. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds that what was interrupted may take to end. */
const GRACE = 250;

/** What to do when it is late, and what calls that off. */
type Timer = (milliseconds: number, late: () => void) => () => void;

/** A timer lives on for a while when it is cleared: what it holds is let go, for a handshake is large. */
export const systemTimer: Timer = (milliseconds, late) => {
  let then: (() => void) | undefined = late;
  const id = milliseconds > LONGEST ? undefined : setTimeout(() => then?.(), milliseconds);
  return () => {
    then = undefined;
    clearTimeout(id);
  };
};

/** By a clock that is another. */
const timerIn = (runtime: Runtime.Runtime<never>): Timer => (milliseconds, late) => {
  const fiber = Runtime.runFork(runtime, Effect.sleep(milliseconds));
  fiber.addObserver((exit) => {
    if (Exit.isSuccess(exit)) late();
  });
  return () => fiber.unsafeInterruptAsFork(FiberId.none);
};

const timerOf = (clock: Clock.Clock, runtime: Runtime.Runtime<never>): Timer =>
  clock === system ? systemTimer : timerIn(runtime);

/** How long a peer may say nothing at all. */
export interface Silence {
  readonly milliseconds: number;
  readonly heard: () => boolean;
}

/**
 * Fails a handshake that takes too long. Not `Effect.timeoutFail`, whose race of two fibers costs as much as a flight:
 * the handshake runs in one fiber, which has its `services` from the start, and a timer beside it is made only if it has
 * to wait.
 */
export const deadline = <A, R>(
  milliseconds: number,
  handshake: Effect.Effect<A, TlsError, R>,
  services: Context.Context<R>,
  silence?: Silence,
): Effect.Effect<A, TlsError> =>
  Effect.flatMap(Effect.zip(Effect.runtime<never>(), Effect.clock), ([runtime, clock]) => {
    const own = Context.merge(runtime.context, services);
    // The span is the one of here, and not that in which the services were found.
    const context = Option.match(Context.getOption(runtime.context, Tracer.ParentSpan), {
      onNone: () => own,
      onSome: (span) => Context.add(own, Tracer.ParentSpan, span),
    });
    return Effect.async((resume) => {
      // Whoever can't be interrupted may still be late.
      const work = Runtime.runFork(Runtime.make({ ...runtime, context }), Effect.interruptible(handshake));
      const done = work.unsafePoll();
      if (done) return resume(done);
      let late: HandshakeTimeout | undefined;
      let grace: (() => void) | undefined;
      const timer = timerOf(clock, runtime);
      const give = (up: HandshakeTimeout) => {
        late = up;
        work.unsafeInterruptAsFork(FiberId.none);
        // A service that does not let itself be interrupted is not waited for.
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
 * How an effect ended, or `undefined` when it takes longer than so many milliseconds by Effect's Clock: then it is
 * interrupted, and not waited for. No timer is made for what ends at once.
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
 * Runs an effect for at most so long, whatever becomes of it; when it is late it is interrupted, and not waited for.
 * Not `Effect.timeout`: this is used in finalizers, where children inherit that they can't be interrupted and a timeout
 * would wait for them.
 */
export const within = <E>(milliseconds: number, of: Effect.Effect<void, E>): Effect.Effect<void> =>
  whileMoving(milliseconds, of, () => 0);

/** As `within`, where the time begins again whenever `moved` has another value. */
export const whileMoving = <E>(
  milliseconds: number,
  of: Effect.Effect<void, E>,
  moved: () => number,
): Effect.Effect<void> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    // It begins here and now, and mostly ends so too.
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
