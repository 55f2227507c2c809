/**
 * The pump turns arrivals into data, alerts and handshakes. At most one fiber pumps, in the connection's own scope. A fiber
 * that waits for something starts the pump or joins it, so that interrupting the waiter interrupts nothing else.
 *
 * @module
 */
import { Deferred, Effect, Either, Exit, FiberId, type Scope } from "../deps.ts";
import { Closed } from "../faults/errors/connection.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Life } from "./life.ts";
import type { ConnectionState } from "./state.ts";
import type { Met, Wire } from "./wire.ts";

/** The pump of a connection. */
export interface Pump {
  /** Handles one arrival, or waits until the fiber that is doing so has. */
  readonly once: Effect.Effect<void, TlsError>;
  /** Handles one arrival that has come already, without a fiber, if there is one. */
  readonly buffered: Effect.Effect<Met | undefined, TlsError>;
}

/** What the pump does with handshakes. */
export interface Handlers {
  /** Handles a message or change of keys that is ahead. */
  readonly handshake: Effect.Effect<void, TlsError>;
  /** Handles the peer's warning no_renegotiation. */
  readonly noRenegotiation: () => void;
}

/** The parts of a connection that the pump needs. */
export interface PumpParts {
  readonly wire: Wire;
  readonly life: Life;
  readonly state: ConnectionState;
  readonly scope: Scope.Scope;
}

/** Makes the pump of one connection. */
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
  /** The turn under way. It is looked for and taken without waiting in between, so there is never a second. */
  let turn: Deferred.Deferred<void, TlsError> | undefined;
  const once: Pump["once"] = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      // While data is thrown away, the pump goes on until the peer's close_notify.
      const end = state.reading() === "discarding" ? undefined : state.readFault();
      if (end) return Effect.fail(end);
      if (turn) return restore(Deferred.await(turn));
      const ours = turn = Deferred.unsafeMake<void, TlsError>(FiberId.none);
      return Effect.flatMap(Effect.forkIn(Effect.interruptible(arrival), scope), (fiber) => {
        fiber.addObserver((exit) => {
          turn = undefined;
          // The waiter is not interrupted when the pump is.
          const how = Exit.isSuccess(exit) ? Effect.void : Effect.fail(state.readFault() ?? new Closed());
          Deferred.unsafeDone(ours, how);
        });
        return restore(Deferred.await(ours));
      });
    })
  );
  return {
    once,
    // Uninterruptible: it waits for nothing, and an error in what has arrived must be told.
    buffered: Effect.uninterruptible(Effect.suspend((): Effect.Effect<Met | undefined, TlsError> => {
      if (turn || wire.ahead()) return Effect.succeed(undefined);
      const what = wire.poll();
      if (Either.isLeft(what)) return life.guard(Effect.fail(what.left));
      if (what.right !== undefined) noticed(what.right);
      return what;
    })),
  };
};
