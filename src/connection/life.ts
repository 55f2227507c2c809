/** How a connection ends: the one place where an error becomes an event, and an event an alert. @module */
import { Cause, Effect, Exit, Option } from "../deps.ts";
import { PeerAlert } from "../faults/errors/connection.ts";
import { alertOf, isFatal } from "../faults/meaning.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Established } from "../flights/agreed/established.ts";
import { AlertLevel, type AlertName } from "../names/alert.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import { whileMoving, within } from "./bounds/deadline.ts";
import type { ConnectionState, EndEvent, Parting } from "./state.ts";
import type { Wire } from "./wire.ts";

/** The ways in which a connection ends. */
export interface Life {
  /** Moves the state by an event, and puts the alert for the peer into the outbox. Gives what the peer is told. */
  readonly happened: (event: EndEvent, why?: TlsError) => Parting | undefined;
  /** Runs an effect whose failure ends the connection. An interruption does not. */
  readonly guard: <A>(of: Effect.Effect<A, TlsError>) => Effect.Effect<A, TlsError>;
  /** Runs an effect of the connection itself: its failure, and its interruption during a handshake, end the connection. */
  readonly guardHandshake: <A>(of: Effect.Effect<A, TlsError>) => Effect.Effect<A, TlsError>;
  /** Ends a handshake that is under way, and the connection with it. */
  readonly cancel: Effect.Effect<void>;
  /** Ends the connection with a fatal alert: see `Connection.abort`. */
  readonly abort: Effect.Effect<void>;
  /** Sends what is in the outbox, as long as the stream takes it, runs `after`, and closes the stream in any case. */
  readonly depart: (after: Effect.Effect<void>) => Effect.Effect<void>;
  /** Gives the stream back to the user: it is no longer closed with the connection. Both halves have ended. */
  readonly giveBack: () => void;
}

/** How long a peer that does not read may delay the last alert of a failed connection, in milliseconds. */
export const LAST_WORDS = 250;

/** The parts of a connection that its end needs. */
export interface LifeParts {
  readonly stream: ByteStream;
  readonly wire: Wire;
  readonly state: ConnectionState;
  /** What the last finished handshake left. */
  readonly established: () => Established | undefined;
  /** Invalidates the session (RFC 5246 §7.2.2). */
  readonly forget: Effect.Effect<void>;
  /** Told when the stream is closed. */
  readonly released: () => void;
  readonly limits: { readonly storeWait: number; readonly writeWait: number };
}

/** Makes the ways in which one connection ends. */
export const makeLife = (parts: LifeParts): Life => {
  const { stream, wire, state, established, forget, limits } = parts;
  const say = (parting: Parting | undefined, alert: AlertName | undefined): void => {
    switch (parting) {
      case "alert":
        if (alert) wire.alert(AlertLevel.fatal, alert);
        break;
      case "internal_error":
        wire.alert(AlertLevel.fatal, "internal_error");
        break;
      case "user_canceled":
        // user_canceled is a warning, and close_notify follows it (RFC 5246 §7.2.2).
        wire.alert(AlertLevel.warning, "user_canceled");
        wire.alert(AlertLevel.warning, "close_notify");
        break;
      case "close_notify":
        wire.alert(AlertLevel.warning, "close_notify");
    }
  };
  const happened: Life["happened"] = (event, why) => {
    const parting = state.happened(event, why);
    say(parting, why && alertOf(why));
    if (state.reading() === "discarding") wire.discard();
    return parting;
  };
  let givenBack = false;
  const released = Effect.suspend(() => {
    happened("released");
    parts.released();
    return givenBack ? Effect.void : stream.close;
  });
  const depart: Life["depart"] = (after) =>
    whileMoving(limits.writeWait, wire.flush, wire.taken).pipe(
      Effect.zipRight(after),
      Effect.ensuring(released),
    );

  /** Whether both halves have ended. */
  const over = () => state.reading() !== "open" && state.writing() !== "open" && state.writing() !== "ended";
  const end = (event: EndEvent, why: TlsError | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (over()) return released;
      const parting = happened(event, why);
      const forgets = parting === "internal_error" ||
        (why !== undefined && (isFatal(why) || forgetsAfter(why, established())));
      // The alert goes first, because a store may take long.
      const last = forgets ? Effect.zipRight(released, within(limits.storeWait, forget)) : released;
      return Effect.ensuring(within(LAST_WORDS, wire.flush), last);
    });
  const guarding =
    (cancels: () => boolean) => <A>(of: Effect.Effect<A, TlsError>): Effect.Effect<A, TlsError> =>
      Effect.onExit(of, (exit) => {
        if (Exit.isSuccess(exit)) return Effect.void;
        // Data may be cut off. Once our Finished is sent, the peer may count the first handshake as finished.
        const later = established() !== undefined || wire.records.epochs.write > 0;
        if (Cause.isInterruptedOnly(exit.cause)) {
          return cancels() ? end(later ? "aborted" : "cancelled", undefined) : Effect.void;
        }
        const why = Option.getOrUndefined(Cause.failureOption(exit.cause));
        if (why?._tag === "HandshakeTimeout") return end(later ? "timed_out" : "cancelled", why);
        return end(why ? eventOf(why) : "aborted", why);
      });

  return {
    happened,
    guard: guarding(() => false),
    guardHandshake: guarding(state.handshaking),
    cancel: end("cancelled", undefined),
    abort: end("aborted", undefined),
    depart,
    giveBack: () => {
      givenBack = true;
      happened("unwrapped");
    },
  };
};

/** The event that an error is. */
const eventOf = (why: TlsError): EndEvent => {
  if (why instanceof PeerAlert) return why.level === AlertLevel.fatal ? "peer_alert" : "peer_closed_early";
  return alertOf(why) === undefined ? "stream_ended" : "fault";
};

/** Whether a stream that ends without close_notify invalidates the session, as up to TLS 1.0 (RFC 2246 §7.2.1). */
const forgetsAfter = (why: TlsError, established: Established | undefined): boolean =>
  why._tag === "Truncated" && established !== undefined && !established.dialect.survivesTruncation;
