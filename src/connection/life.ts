/** How a connection ends: the one place where a fault becomes an alert, after which nothing is sent. @module */
import { Cause, Effect, Exit, Option } from "../deps.ts";
import { alertOf, Closed, type HandshakeError, isFatal } from "../errors.ts";
import type { Established } from "../flights/agreed.ts";
import { AlertLevel, type AlertName } from "../names/alert.ts";
import type { Wire } from "../record/wire.ts";
import type { ByteStream } from "../services/transport.ts";
import { within } from "./deadline.ts";

/** What a connection is at the moment. */
export interface Now {
  /** What the last handshake left; `undefined` before the first is over. */
  established: Established | undefined;
  /** A handshake is under way. */
  handshaking: boolean;
  /** Open while none is, and when the connection has ended. */
  readonly idle: Effect.Latch;
}

/** Before the first handshake. */
export const makeNow = (): Now => ({
  established: undefined,
  handshaking: false,
  idle: Effect.unsafeMakeLatch(true),
});

/** A connection's end. */
export interface Life {
  /** Why nothing can be done any more, every time the same. No error is made before somebody asks. */
  readonly dead: () => HandshakeError | undefined;
  /** The peer's close_notify has come, or ours has gone. */
  readonly halfClosed: () => boolean;
  readonly ended: () => boolean;
  readonly saidGoodbye: () => boolean;
  /** The peer's close_notify has come. */
  readonly end: () => void;
  /** Puts our close_notify into the outbox. */
  readonly goodbye: () => void;
  /** A fault ends the connection; an interruption is its caller's own business. */
  readonly guard: <A>(of: Effect.Effect<A, HandshakeError>) => Effect.Effect<A, HandshakeError>;
  /** The same for what the connection itself runs: interrupted in a handshake it ends too. */
  readonly guardHandshake: <A>(of: Effect.Effect<A, HandshakeError>) => Effect.Effect<A, HandshakeError>;
  /** Ends a handshake that is under way, and the connection with it. */
  readonly cancel: Effect.Effect<void>;
  /** Sends what is left to say, waiting a moment and no more, and closes the stream. */
  readonly lastWords: Effect.Effect<void>;
  /** Nothing more is said or heard. */
  readonly close: () => void;
}

/** Milliseconds that a peer who does not read may hold up our last words. */
export const LAST_WORDS = 250;

/** The end of one connection. `forget` invalidates the session (RFC 5246 §7.2.2). */
export const makeLife = (over: {
  readonly stream: ByteStream;
  readonly wire: Wire;
  readonly now: Now;
  readonly forget: Effect.Effect<void>;
}): Life => {
  const { stream, wire, now } = over;
  let failure: HandshakeError | undefined;
  let ended = false;
  let saidGoodbye = false;
  let closed = false;

  const close = (): void => {
    closed = true;
    now.idle.unsafeOpen();
  };
  const goodbye = (): void => {
    if (failure || closed || saidGoodbye) return;
    saidGoodbye = true;
    wire.alert(AlertLevel.warning, "close_notify");
  };
  const lastWords = Effect.ensuring(within(LAST_WORDS, wire.flush), stream.close);

  const fatal = (cause: Cause.Cause<HandshakeError>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (failure || closed) return stream.close;
      const fault = Option.getOrUndefined(Cause.failureOption(cause));
      const alert = alertFor(fault, cause);
      if (alert === "user_canceled") {
        // RFC 5246 §7.2.2: a warning, which a close_notify follows.
        wire.alert(AlertLevel.warning, alert);
        goodbye();
      } else if (alert && !saidGoodbye) wire.alert(AlertLevel.fatal, alert);
      // A close_notify in the middle of a handshake is answered in kind (RFC 5246 §7.2.1).
      else if (fault?._tag === "PeerAlert" && fault.level === AlertLevel.warning) goodbye();
      failure = fault;
      close();
      const forget = fault
        ? isFatal(fault) || forgetsAfter(fault, now.established)
        : alert === "internal_error";
      return Effect.zipRight(forget ? over.forget : Effect.void, lastWords);
    });
  const guarding =
    (cancels: () => boolean) => <A>(of: Effect.Effect<A, HandshakeError>): Effect.Effect<A, HandshakeError> =>
      Effect.onExit(of, (exit) => {
        if (Exit.isSuccess(exit)) return Effect.void;
        return Cause.isInterruptedOnly(exit.cause) && !cancels() ? Effect.void : fatal(exit.cause);
      });

  return {
    dead: () => failure ?? (closed || wire.broken() ? new Closed() : undefined),
    halfClosed: () => ended || saidGoodbye,
    ended: () => ended,
    saidGoodbye: () => saidGoodbye,
    end: () => void (ended = true),
    goodbye,
    guard: guarding(() => false),
    guardHandshake: guarding(() => now.handshaking),
    cancel: fatal(Cause.empty),
    lastWords,
    close,
  };
};

/** The alert for a failure, for an interruption, and for a defect of ours. */
const alertFor = (
  fault: HandshakeError | undefined,
  cause: Cause.Cause<HandshakeError>,
): AlertName | undefined => {
  if (fault) return alertOf(fault);
  return Cause.isInterruptedOnly(cause) ? "user_canceled" : "internal_error";
};

/** Whether a stream that just ended takes the session along, as it did up to TLS 1.0 (RFC 2246 §7.2.1). */
const forgetsAfter = (fault: HandshakeError, established: Established | undefined): boolean =>
  fault._tag === "Truncated" && established !== undefined && !established.dialect.survivesTruncation;
