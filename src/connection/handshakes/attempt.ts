/** A renegotiation that this end begins, from the call that asks for it to its end. @module */
import { Deferred, Effect, FiberId } from "../../deps.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established } from "../../flights/agreed/established.ts";
import type { Negotiated } from "../../flights/agreed/negotiated.ts";
import type { Side } from "../../names/side.ts";
import type { Renegotiation } from "../connection.ts";
import type { ConnectionState } from "../state.ts";

/** One renegotiation that this end begins. */
export interface Attempt {
  readonly changes: Renegotiation;
  /** How it ends. */
  readonly done: Deferred.Deferred<Negotiated, TlsError>;
  /** Done once our opening message is sent, or will not be. */
  readonly opened: Deferred.Deferred<void>;
  /** The rest of the handshake, from when our opening message is sent until the peer's answer comes. */
  rest: Effect.Effect<Established, TlsError> | undefined;
}

/** The attempts of one connection, of which one at most is under way. */
export interface Attempts {
  /** The attempt that is under way. */
  readonly current: () => Attempt | undefined;
  /** Begins an attempt. The caller has just seen, without waiting in between, that none is under way. */
  readonly claim: (changes: Renegotiation) => Attempt;
  /** Ends an attempt. */
  readonly settle: (attempt: Attempt, how: Effect.Effect<Negotiated, TlsError>) => void;
  /** Keeps an attempt that nobody waits for any more, because its answer may still come. */
  readonly late: (attempt: Attempt) => void;
  /** Whether there is such an attempt. */
  readonly isLate: () => boolean;
  /** That attempt, which is forgotten. */
  readonly takeLate: () => Attempt | undefined;
  /** Takes that attempt up again: somebody waits for its answer once more. `undefined` if there is none. */
  readonly resume: () => Attempt | undefined;
  /** Ends an attempt that comes to no handshake. */
  readonly giveUp: (attempt: Attempt, error: TlsError) => void;
}

/** The attempts of one connection. A client is in a handshake from the start, a server once the ClientHello comes. */
export const makeAttempts = (role: Side, state: ConnectionState): Attempts => {
  let current: Attempt | undefined;
  const late: Array<Attempt> = [];
  const settle: Attempts["settle"] = (attempt, how) => {
    if (current === attempt) current = undefined;
    Deferred.unsafeDone(attempt.opened, Effect.void);
    Deferred.unsafeDone(attempt.done, how);
  };
  return {
    current: () => current,
    claim: (changes) => {
      const attempt: Attempt = {
        changes,
        done: Deferred.unsafeMake(FiberId.none),
        opened: Deferred.unsafeMake(FiberId.none),
        rest: undefined,
      };
      current = attempt;
      if (role === "client") state.beginHandshake();
      return attempt;
    },
    settle,
    late: (attempt) => void late.push(attempt),
    isLate: () => late.length > 0,
    takeLate: () => late.shift(),
    resume: () => {
      const before = late.shift();
      return before && (current = { ...before, done: Deferred.unsafeMake(FiberId.none) });
    },
    giveUp: (attempt, error) => {
      if (role === "client" && current === attempt) state.endHandshake();
      settle(attempt, Effect.fail(error));
    },
  };
};
