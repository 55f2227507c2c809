/** Who hears of a connection's events: the observer it was made with, and streams of events. @module */
import { Chunk, Deferred, Effect, FiberId, Option, Stream } from "../../deps.ts";
import type { ConnectionEvent, EventsLost, Observe } from "../../ports/observer.ts";

/** The listeners of one connection. */
export interface Observers {
  /** Tells all of them. One that throws is told of once, and harms nobody. */
  readonly tell: Observe;
  /** The events from when somebody reads the stream until `end`. */
  readonly events: Stream.Stream<ConnectionEvent | EventsLost>;
  /** Ends the streams; what waits in them can still be read. */
  readonly end: () => void;
}

/** Events that may wait in one stream; what comes beyond is counted. */
const MAX_WAITING = 1024;

/** One stream's events on their way. */
class Listener {
  #waiting: Array<ConnectionEvent> = [];
  #lost = 0;
  #ended = false;
  #wake: Deferred.Deferred<void> | undefined;

  readonly tell: Observe = (event) => {
    if (this.#waiting.length < MAX_WAITING) this.#waiting.push(event);
    else this.#lost++;
    this.#woken();
  };

  end(): void {
    this.#ended = true;
    this.#woken();
  }

  #woken(): void {
    if (this.#wake) Deferred.unsafeDone(this.#wake, Effect.void);
    this.#wake = undefined;
  }

  /** What waits, and how much after it was lost; `None` at the end. */
  readonly pull: Effect.Effect<Chunk.Chunk<ConnectionEvent | EventsLost>, Option.Option<never>> = Effect
    .suspend(() => {
      const events: Array<ConnectionEvent | EventsLost> = this.#waiting;
      if (this.#lost > 0) events.push({ _tag: "lost", count: this.#lost });
      this.#waiting = [];
      this.#lost = 0;
      if (events.length > 0) return Effect.succeed(Chunk.unsafeFromArray(events));
      if (this.#ended) return Effect.fail(Option.none());
      return Effect.zipRight(Deferred.await(this.#wake ??= Deferred.unsafeMake(FiberId.none)), this.pull);
    });
}

/** The listeners of a connection; `warn` is told what an observer threw. */
export const makeObservers = (observe: Observe | undefined, warn: (thrown: unknown) => void): Observers => {
  const listeners = new Set<Listener>();
  let ended = false;
  let warned = false;
  const failed = (thrown: unknown): void => {
    if (!warned) warn(thrown);
    warned = true;
  };
  const listen = Effect.sync(() => {
    const listener = new Listener();
    if (ended) listener.end();
    else listeners.add(listener);
    return listener;
  });
  return {
    tell: (event) => {
      try {
        const told: unknown = observe?.(event);
        // An async function is an observer, too, as far as types go.
        if (told instanceof Promise) told.catch(failed);
      } catch (thrown) {
        failed(thrown);
      }
      for (const listener of listeners) listener.tell(event);
    },
    events: Stream.unwrapScoped(
      Effect.map(
        Effect.acquireRelease(listen, (listener) => Effect.sync(() => listeners.delete(listener))),
        (listener) => Stream.repeatEffectChunkOption(listener.pull),
      ),
    ),
    end: () => {
      ended = true;
      for (const listener of listeners) listener.end();
    },
  };
};
