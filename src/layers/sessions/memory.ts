/** Session stores: in memory, and none. @module */
import { Clock, Duration, Effect, Either, Layer, Option, Schema } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { decodeOption, duration, given, limit } from "../../options.ts";
import { type Session, SessionStore, type SessionStoreService } from "../../ports/sessions.ts";

/** Options of a session store in memory. */
export interface MemoryOptions {
  /** The most sessions to keep; the least recently used goes first. 1024 unless given. */
  readonly capacity?: number | undefined;
  /** How long a session can be resumed; 24 hours unless given, the most that RFC 5246 §F.1.4 suggests. */
  readonly timeToLive?: Duration.DurationInput | undefined;
}

const memoryOptions: Schema.Schema<MemoryOptions> = Schema.Struct({
  capacity: Schema.optional(limit(0)),
  timeToLive: Schema.optional(duration()),
});
const decode = decodeOption(memoryOptions);

/** Makes an empty session store in memory. Throws InvalidOption for options of the wrong type. */
export const makeMemory = (options?: MemoryOptions): SessionStoreService =>
  memory(Either.getOrThrowWith(decode(given(options)), (e) => e));

const memory = (options: MemoryOptions): SessionStoreService => {
  const { capacity = 1024, timeToLive = "24 hours" } = options;
  const milliseconds = Duration.toMillis(timeToLive);
  /** In order of last use: a Map iterates from its oldest entry. */
  const kept = new Map<string, { readonly session: Session; readonly until: number }>();
  return {
    enabled: capacity > 0 && milliseconds > 0,
    get: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const entry = kept.get(key);
        kept.delete(key);
        if (!entry || entry.until <= now) return Option.none();
        kept.set(key, entry);
        return Option.some(entry.session);
      }),
    put: (key, session) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        kept.delete(key);
        kept.set(key, { session, until: now + milliseconds });
        for (const oldest of kept.keys()) {
          if (kept.size <= capacity) break;
          kept.delete(oldest);
        }
      }),
    take: (key) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const entry = kept.get(key);
        kept.delete(key);
        return entry && entry.until > now ? Option.some(entry.session) : Option.none();
      }),
    remove: (key) => Effect.sync(() => void kept.delete(key)),
  };
};

/**
 * A session store in this process's memory. It drops the least recently used session when full, and sessions that are
 * too old. Fails with InvalidOption.
 */
export const layerMemory = (options?: MemoryOptions): Layer.Layer<SessionStore, InvalidOption> =>
  Layer.effect(SessionStore, Effect.map(Effect.suspend(() => decode(given(options))), memory));

/** No session store. A client resumes nothing. A server sends an empty session ID, and can resume only by tickets. */
export const layerNone: Layer.Layer<SessionStore> = Layer.succeed(SessionStore, {
  enabled: false,
  get: () => Effect.succeedNone,
  put: () => Effect.void,
  remove: () => Effect.void,
});
