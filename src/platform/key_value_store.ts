/** Sessions in any KeyValueStore: a file system, a browser's storage, a database. @module */
import { Clock, Duration, Effect, Either, Layer, Option, Schema } from "../deps.ts";
import { KeyValueStore } from "./deps.ts";
import { decodeOption, duration, given, text } from "../options.ts";
import { codec } from "../public/codec.ts";
import type { InvalidOption } from "../public/errors.ts";
import { Session, SessionStore, SessionStoreError } from "../public/session_store.ts";

/** Options of a session store over a KeyValueStore. */
export interface KeyValueOptions {
  /** A prefix for each key; `tls-session:` unless given. */
  readonly prefix?: string | undefined;
  /** How long a session can be resumed; 24 hours unless given. */
  readonly timeToLive?: Duration.DurationInput | undefined;
}

const options: Schema.Schema<KeyValueOptions> = Schema.Struct({
  prefix: Schema.optional(text(0)),
  timeToLive: Schema.optional(duration()),
});
const decode = decodeOption(options);

const { json } = codec(Session);

/**
 * A session store over the KeyValueStore in the context. Sessions are stored as JSON with their master secrets, so
 * the store must be as secret as a private key. A stored session that is unreadable or too old is ignored.
 */
export const layerKeyValueStore = (
  wanted?: KeyValueOptions,
): Layer.Layer<SessionStore, InvalidOption, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    SessionStore,
    Effect.zipWith(
      KeyValueStore.KeyValueStore,
      Effect.suspend(() => decode(given(wanted))),
      (store, decoded) => {
        const { prefix = "tls-session:", timeToLive = "24 hours" } = decoded;
        const seconds = Duration.toSeconds(timeToLive);
        const failure = (operation: SessionStoreError["operation"]) => (cause: unknown) =>
          new SessionStoreError({ operation, cause });
        return {
          enabled: true,
          get: (key) =>
            Effect.gen(function* () {
              const text = yield* Effect.mapError(store.get(prefix + key), failure("get"));
              const now = yield* Clock.currentTimeMillis;
              return text.pipe(
                Option.flatMap(Option.liftThrowable((s: string): unknown => JSON.parse(s))),
                Option.flatMap((value) => Either.getRight(json.decode(value))),
                Option.filter((session) => now / 1000 - session.createdAt < seconds),
              );
            }),
          put: (key, session) =>
            Effect.try(() => JSON.stringify(json.encode(session))).pipe(
              // The original error holds the session, and so its master secret.
              Effect.mapError(() => failure("put")("the session can't be written")),
              Effect.flatMap((text) => Effect.mapError(store.set(prefix + key, text), failure("put"))),
            ),
          remove: (key) => Effect.mapError(store.remove(prefix + key), failure("remove")),
        };
      },
    ),
  );
