/**
 * One *pump* at a time turns arrivals into data, alerts and handshakes. It is a fiber of the connection's own scope, and
 * whoever waits for something starts it or joins it: interrupting a waiter interrupts nothing that the connection does.
 *
 * @module
 */
import { Deferred, Effect, Either, Exit, FiberId, type Scope } from "../deps.ts";
import { Closed } from "../faults/errors/connection.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Life } from "./life.ts";
import type { ConnectionState } from "./state.ts";
import type { Met, Wire } from "./wire.ts";

/** What arrives on a connection. */
export interface Pump {
  /** Handles one arrival, or waits until who does so has. */
  readonly once: Effect.Effect<void, TlsError>;
  /** Handles one arrival that needs no waiting and no fiber, if there is one. */
  readonly buffered: Effect.Effect<Met | undefined, TlsError>;
}

/** What else is to be done with an arrival. */
export interface Handlers {
  /** A message or a change of keys is ahead. */
  readonly handshake: Effect.Effect<void, TlsError>;
  /** The peer says that it does not renegotiate. */
  readonly noRenegotiation: () => void;
}

/** What a pump needs of its connection. */
export interface PumpParts {
  readonly wire: Wire;
  readonly life: Life;
  readonly state: ConnectionState;
  readonly scope: Scope.Scope;
}

/** The pump of one connection. */
export const makePump = (
  { wire, life, state, scope }: PumpParts,
  handlers: Handlers,
): Pump => {
  const noticed = (what: Met): void => {
    if (what === "close_notify") life.happened("peer_closed");
    if (what === "no_renegotiation") handlers.noRenegotiation();
  };
  const arrival = life.guardHandshake(
    Effect.suspend(() =>
      wire.ahead() ? handlers.handshake : Effect.flatMap(wire.step, (what) => {
        noticed(what);
        return what === "handshake" ? handlers.handshake : Effect.void;
      })
    ),
  );
  /** The turn under way, taken in the breath in which it is looked for: there is never a second. */
  let turn: Deferred.Deferred<void, TlsError> | undefined;
  const once: Pump["once"] = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      // Who discards what comes still waits for its end.
      const end = state.reading() === "discarding" ? undefined : state.readFault();
      if (end) return Effect.fail(end);
      if (turn) return restore(Deferred.await(turn));
      const ours = turn = Deferred.unsafeMake<void, TlsError>(FiberId.none);
      return Effect.flatMap(Effect.forkIn(Effect.interruptible(arrival), scope), (fiber) => {
        fiber.addObserver((exit) => {
          turn = undefined;
          // The pump's end is no interruption of who waits for it.
          const how = Exit.isSuccess(exit) ? Effect.void : Effect.fail(state.readFault() ?? new Closed());
          Deferred.unsafeDone(ours, how);
        });
        return restore(Deferred.await(ours));
      });
    })
  );
  return {
    once,
    // Not to be cut short: it waits for nobody, and what is wrong with what has arrived must be told.
    buffered: Effect.uninterruptible(Effect.suspend((): Effect.Effect<Met | undefined, TlsError> => {
      if (turn || wire.ahead()) return Effect.succeed(undefined);
      const what = wire.poll();
      if (Either.isLeft(what)) return life.guard(Effect.fail(what.left));
      if (what.right !== undefined) noticed(what.right);
      return what;
    })),
  };
};
