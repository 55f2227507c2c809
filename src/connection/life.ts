/** How a connection ends: the one place where a fault becomes an event, and an event the words to the peer. @module */
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

/** A connection's end. */
export interface Life {
  /** Moves the state, puts into the outbox what the peer is told of it, and gives what that is. */
  readonly happened: (event: EndEvent, why?: TlsError) => Parting | undefined;
  /** A fault ends the connection; an interruption is its caller's own business. */
  readonly guard: <A>(of: Effect.Effect<A, TlsError>) => Effect.Effect<A, TlsError>;
  /** As `guard`, for what the connection itself runs: interrupted in a handshake it ends the connection too. */
  readonly guardHandshake: <A>(of: Effect.Effect<A, TlsError>) => Effect.Effect<A, TlsError>;
  /** Ends a handshake that is under way, and the connection with it. */
  readonly cancel: Effect.Effect<void>;
  /** Ends the connection not in good order. */
  readonly abort: Effect.Effect<void>;
  /** Hands on what is left to say, as long as the stream takes it, and then `after`; closes the stream in any case. */
  readonly depart: (after: Effect.Effect<void>) => Effect.Effect<void>;
}

/** Milliseconds that a peer who does not read may hold up the last words of a connection that failed. */
export const LAST_WORDS = 250;

/** What life needs of its connection. */
export interface LifeParts {
  readonly stream: ByteStream;
  readonly wire: Wire;
  readonly state: ConnectionState;
  /** What the last handshake left. */
  readonly established: () => Established | undefined;
  /** Invalidates the session (RFC 5246 §7.2.2). */
  readonly forget: Effect.Effect<void>;
  /** Told when the stream is closed. */
  readonly released: () => void;
  readonly limits: { readonly storeWait: number; readonly writeWait: number };
}

/** The end of one connection. */
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
        // RFC 5246 §7.2.2: a warning, which a close_notify follows.
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
  const released = Effect.suspend(() => {
    happened("released");
    parts.released();
    return stream.close;
  });
  const depart: Life["depart"] = (after) =>
    whileMoving(limits.writeWait, wire.flush, wire.taken).pipe(
      Effect.zipRight(after),
      Effect.ensuring(released),
    );

  /** Whether nothing can end any more. */
  const over = () => state.reading() !== "open" && state.writing() !== "open" && state.writing() !== "ended";
  const end = (event: EndEvent, why: TlsError | undefined): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (over()) return released;
      const parting = happened(event, why);
      const forgets = parting === "internal_error" ||
        (why !== undefined && (isFatal(why) || forgetsAfter(why, established())));
      // Last words first: a store may take its time.
      const last = forgets ? Effect.zipRight(released, within(limits.storeWait, forget)) : released;
      return Effect.ensuring(within(LAST_WORDS, wire.flush), last);
    });
  const guarding =
    (cancels: () => boolean) => <A>(of: Effect.Effect<A, TlsError>): Effect.Effect<A, TlsError> =>
      Effect.onExit(of, (exit) => {
        if (Exit.isSuccess(exit)) return Effect.void;
        // Data may have broken off, also where the peer alone knows yet that the first handshake is done.
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
  };
};

/** What a fault is to the two halves. */
const eventOf = (why: TlsError): EndEvent => {
  if (why instanceof PeerAlert) return why.level === AlertLevel.fatal ? "peer_alert" : "peer_closed_early";
  return alertOf(why) === undefined ? "stream_ended" : "fault";
};

/** Whether a stream that just ended takes the session along, as it did up to TLS 1.0 (RFC 2246 §7.2.1). */
const forgetsAfter = (why: TlsError, established: Established | undefined): boolean =>
  why._tag === "Truncated" && established !== undefined && !established.dialect.survivesTruncation;
