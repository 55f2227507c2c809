/** Errors of a session store. @module */
import { Data } from "../../deps.ts";
import { wordsOf } from "../../wire/words_of.ts";

/** The session store failed. The handshake goes on without it. */
export class SessionStoreError extends Data.TaggedError("SessionStoreError")<{
  readonly operation: "get" | "put" | "remove";
  readonly cause: unknown;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const why = wordsOf(this.cause);
    return `session store, ${this.operation}: ${why}`;
  }
}
