/** A session store that can neither hold up a connection nor bring it down. @module */
import { Cause, Effect, Exit } from "../deps.ts";
import { SessionStoreError, type SessionStoreService } from "../services/session_store.ts";
import { settled } from "./deadline.ts";

/** The same store, where what takes longer than so many milliseconds, or throws, is a SessionStoreError. */
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
    get: (key) => bounded("get", Effect.suspend(() => store.get(key))),
    put: (key, session) => bounded("put", Effect.suspend(() => store.put(key, session))),
    remove: (key) => bounded("remove", Effect.suspend(() => store.remove(key))),
  };
};
