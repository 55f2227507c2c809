/** Runs one handshake over a connection's wire. @module */
import { Context, Effect } from "../../deps.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established, Established13 } from "../../flights/agreed/established.ts";
import { Handshakes, mutedOnce } from "../../record/handshake_stream.ts";
import type { Limits } from "../../tables/limits.ts";
import { deadline, type Silence } from "../bounds/deadline.ts";
import type { ConnectionState } from "../state.ts";
import type { Wire } from "../wire.ts";

/** The services of one handshake: its program's own, and a message stream. */
type Services<R> = Context.Context<R | Handshakes>;

/** What a handshake is run with. */
export interface RunParts<R> {
  readonly wire: Wire;
  readonly state: ConnectionState;
  /** What the last finished handshake left; `undefined` before the first is finished. */
  readonly now: { established: Established | undefined };
  readonly limits: Limits;
  readonly context: Context.Context<R>;
}

/** Runs handshakes. */
export interface Run<R> {
  /** Services with a message stream, and so a transcript, of their own: one set for all parts of one handshake. */
  readonly services: () => Services<R>;
  /** Services for one message after a handshake of TLS 1.3: its transcript continues that of the handshake. */
  readonly servicesAfter: (left: Established13) => Services<R>;
  /**
   * Runs a handshake within `limits.handshakeTimeout`; the connection then has what it left. `sent` sends the last flight, and
   * waits as long as must be waited.
   */
  readonly run: (
    handshake: Effect.Effect<Established, TlsError, R | Handshakes>,
    services: Services<R>,
    sent?: (left: Established) => Effect.Effect<void, TlsError>,
    silence?: Silence,
  ) => Effect.Effect<Established, TlsError>;
}

/** Runs the handshakes of one connection. */
export const makeRun = <R>({ wire, state, now, limits, context }: RunParts<R>): Run<R> => ({
  services: () => Context.add(context, Handshakes, wire.handshake()),
  servicesAfter: ({ past }) => {
    const stream = mutedOnce(() => state.writing() !== "open", wire.afterHandshake(past));
    return Context.add(context, Handshakes, stream);
  },
  run: (handshake, services, sent = () => wire.push, silence) =>
    Effect.suspend(() => {
      state.beginHandshake();
      const all = Effect.tap(handshake, sent);
      return Effect.map(deadline(limits.handshakeTimeout, all, services, silence), (established) => {
        now.established = established;
        state.endHandshake();
        return established;
      });
    }),
});
