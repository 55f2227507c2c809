/** A session store that can neither delay a connection for long nor end it. @module */
import { Cause, Effect, Either, Exit, Option } from "../../deps.ts";
import { SessionStoreError } from "../../faults/errors/sessions.ts";
import { Session, type SessionStoreService } from "../../ports/sessions.ts";
import { encode } from "../../wire/codec.ts";
import { settled } from "./deadline.ts";

/**
 * A store with a deadline in milliseconds. If the given store takes longer, throws, or gives what is no session, that is a
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
  const checked = (ask: () => Effect.Effect<Option.Option<Session>, SessionStoreError>) =>
    Effect.flatMap(
      Effect.suspend(ask),
      (kept: unknown) => isKept(kept) ? Effect.succeed(kept) : Effect.failSync(noSession),
    );
  return {
    get enabled() {
      return store.enabled;
    },
    get: (key) => bounded("get", checked(() => store.get(key))),
    take: store.take && ((key) => bounded("get", checked(() => store.take!(key)))),
    put: (key, session) => bounded("put", Effect.suspend(() => store.put(key, session))),
    remove: (key) => bounded("remove", Effect.suspend(() => store.remove(key))),
  };
};

const noSession = () => new SessionStoreError({ operation: "get", cause: "what it gave is no session" });

/** Whether a store has given nothing, or a session that can be encoded. */
const isKept = (kept: unknown): kept is Option.Option<Session> => {
  if (!Option.isOption(kept)) return false;
  if (Option.isNone(kept)) return true;
  try {
    return Either.isRight(encode(Session, kept.value as Session));
  } catch {
    return false; // a member is missing, or not of its type
  }
};
