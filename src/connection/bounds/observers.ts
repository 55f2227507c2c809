/** The listeners to a connection's events: the observer of its options, and the streams of events. @module */
import { Chunk, Deferred, Effect, FiberId, Option, Stream } from "../../deps.ts";
import type { ConnectionEvent, EventsLost, Observe } from "../../ports/observer.ts";

/** The listeners to one connection's events. */
export interface Observers {
  /** Tells every listener. If one throws, that is logged once, and the others are told all the same. */
  readonly tell: Observe;
  /** A stream of the events, from when it is read until `end`. */
  readonly events: Stream.Stream<ConnectionEvent | EventsLost>;
  /** Ends the streams; events that wait in them can still be read. */
  readonly end: () => void;
}

/** The most events that wait in one stream; later ones are counted as lost. */
const MAX_WAITING = 1024;

/** The events on their way to one stream. */
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

  /** The events that wait, and the number lost after them; `None` at the end. */
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

/** The listeners to a connection's events; `warn` is told what an observer threw. */
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
        // The type allows an async function as an observer.
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
