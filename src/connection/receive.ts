/** Reading from a connection. @module */
import { Effect } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { ReceivedData } from "./connection.ts";
import type { Pump } from "./pump.ts";
import type { ConnectionState } from "./state.ts";
import type { Wire } from "./wire.ts";

/** Reads the oldest unread data, or `undefined` at the end, or fails with the reason. It pumps until there is one of these. */
export const receiving = (
  { wire, state, pump }: { readonly wire: Wire; readonly state: ConnectionState; readonly pump: Pump },
): Effect.Effect<ReceivedData | undefined, TlsError> => {
  const next: Effect.Effect<ReceivedData | undefined, TlsError> = Effect.suspend(() => {
    const received = wire.read();
    if (received) return Effect.succeed(received);
    if (state.reading() === "ended") return Effect.succeed(undefined);
    const end = state.readFault();
    if (end) return Effect.fail(end);
    // An arrival that has come already needs no fiber.
    return Effect.flatMap(
      pump.buffered,
      (what) => what === undefined ? Effect.zipRight(pump.once, next) : next,
    );
  });
  return next;
};
