/** A session store that can neither hold up a connection nor bring it down. @module */
import { Cause, Effect, Either, Exit, Option } from "../../deps.ts";
import { SessionStoreError } from "../../faults/errors/sessions.ts";
import { Session, type SessionStoreService } from "../../ports/sessions.ts";
import { encode } from "../../wire/codec.ts";
import { settled } from "./deadline.ts";

/**
 * The same store, where what takes longer than so many milliseconds, throws, or gives what is no session is a
 * SessionStoreError.
 */
export const boundedStore = (store: SessionStoreService, milliseconds: number): SessionStoreService => {
  type Operation = SessionStoreError["operation"];
  const bounded = <A>(operation: Operation, of: Effect.Effect<A, SessionStoreError>) =>
    Effect.flatMap(settled(milliseconds, of), (exit): Effect.Effect<A, SessionStoreError> => {
      if (exit && Exit.isSuccess(exit)) return exit;
      const why = exit ? Cause.squash(exit.cause) : `no answer within ${milliseconds} ms`;
      return Effect.fail(
        why instanceof SessionStoreError ? why : new SessionStoreError({ operation, cause: why }),
      );
    });
  return {
    get enabled() {
      return store.enabled;
    },
    get: (key) =>
      bounded(
        "get",
        Effect.flatMap(Effect.suspend(() => store.get(key)), (kept: unknown) =>
          isKept(kept) ? Effect.succeed(kept) : Effect.failSync(noSession)),
      ),
    put: (key, session) => bounded("put", Effect.suspend(() => store.put(key, session))),
    remove: (key) => bounded("remove", Effect.suspend(() => store.remove(key))),
  };
};

const noSession = () => new SessionStoreError({ operation: "get", cause: "what it gave is no session" });

/** Whether a store has given back what it may: nothing, or a session that has its binary form. */
const isKept = (kept: unknown): kept is Option.Option<Session> => {
  if (!Option.isOption(kept)) return false;
  if (Option.isNone(kept)) return true;
  try {
    return Either.isRight(encode(Session, kept.value as Session));
  } catch {
    return false; // a member is missing, or of another kind
  }
};
