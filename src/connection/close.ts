/** How a user, or a scope, ends a connection. @module */
import { Effect, Exit } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import { within } from "./bounds/deadline.ts";
import type { Life } from "./life.ts";
import type { Pump } from "./pump.ts";
import type { ConnectionState } from "./state.ts";
import type { Wire } from "./wire.ts";

/** The two ways in which this end closes a connection. */
export interface Closing {
  /** Sends close_notify, waits for the peer's, and closes the stream. */
  readonly close: Effect.Effect<void>;
  /** Runs when the scope closes: sends close_notify, or a fatal alert after a failure, and does not wait for the peer. */
  readonly finalize: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>;
}

/** Makes the ways in which one connection is closed. `closeWait` is in milliseconds. */
export const closing = (of: {
  readonly wire: Wire;
  readonly state: ConnectionState;
  readonly life: Life;
  readonly pump: Pump;
  readonly closeWait: number;
}): Closing => {
  const { wire, state, life, pump, closeWait } = of;
  /** Reads on until the peer's close_notify, and throws away the data. */
  const peersGoodbye: Effect.Effect<void, TlsError> = Effect.suspend(() => {
    if (state.reading() !== "discarding") return Effect.void;
    wire.discard();
    return Effect.zipRight(pump.once, peersGoodbye);
  });
  const leave = (after: Effect.Effect<void>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (state.mustWait()) return life.cancel;
      life.happened("closing");
      return life.depart(after);
    });
  return {
    close: leave(
      Effect.suspend(() => state.writing() === "ended" ? within(closeWait, peersGoodbye) : Effect.void),
    ),
    finalize: (exit) => Exit.isFailure(exit) ? life.abort : leave(Effect.void),
  };
};
