/** Two engines on a stage of their own: one step after another, by a clock that somebody moves. @module */
import { assert, Clock, Effect, type Exit, FiberId } from "../deps.ts";
import { Steps, toEnd } from "../support/steps.ts";

/** Milliseconds since the epoch when the play begins. */
const BEGIN = 1_700_000_000_000;

/** Time that passes when all wait. */
class Hands {
  now = BEGIN;
  #sleepers: Array<{ readonly until: number; readonly wake: () => void }> = [];
  readonly clock: Clock.Clock = Object.assign<object, Partial<Clock.Clock>>(Object.create(Clock.make()), {
    unsafeCurrentTimeMillis: () => this.now,
    currentTimeMillis: Effect.sync(() => this.now),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const millis = typeof duration === "number"
          ? duration
          : (duration as { readonly value: { readonly millis?: number } }).value.millis ?? 0;
        const sleeper = { until: this.now + millis, wake: () => resume(Effect.void) };
        this.#sleepers.push(sleeper);
        return Effect.sync(() => void (this.#sleepers = this.#sleepers.filter((one) => one !== sleeper)));
      }),
  }) as Clock.Clock;
  /** Moves on to the next moment at which somebody wakes; `false` when nobody sleeps. */
  advance(): boolean {
    const until = Math.min(...this.#sleepers.map((one) => one.until));
    if (!Number.isFinite(until)) return false;
    this.now = until;
    const due = this.#sleepers.filter((one) => one.until <= until);
    this.#sleepers = this.#sleepers.filter((one) => one.until > until);
    due.forEach(({ wake }) => wake());
    return true;
  }
}

/** More than any play takes that has an end. */
const MOST = 20_000;

/** What became of a play: its exit, or that all wait for what does not come. */
export type Curtain<A, E> = Exit.Exit<A, E> | "waiting";

/** Plays to the end, and takes the actors off the stage when they wait for ever; they must go. */
export const play = async <A, E>(effect: Effect.Effect<A, E>): Promise<Curtain<A, E>> => {
  const hands = new Hands();
  const steps = new Steps(2048);
  const fiber = Effect.runFork(Effect.withClock(effect, hands.clock), { scheduler: steps, immediate: false });
  for (let n = 0; !fiber.unsafePoll() && steps.step(); n++) assert.ok(n < MOST, "it goes on for ever");
  for (let n = 0; !fiber.unsafePoll(); n++) {
    assert.ok(n < 100, "it sleeps over and over");
    await toEnd(steps);
    if (!fiber.unsafePoll() && !hands.advance()) break;
  }
  const exit = fiber.unsafePoll();
  if (exit) return exit;
  fiber.unsafeInterruptAsFork(FiberId.none);
  await toEnd(steps);
  assert.ok(fiber.unsafePoll(), "what is interrupted ends");
  return "waiting";
};
