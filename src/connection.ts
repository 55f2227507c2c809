/**
 * A connection, during and after its handshake.
 *
 * After the handshake one *pump* at a time turns arrivals into data, alerts and answers. It is a fiber of the
 * connection's own scope, and whoever waits for something starts it or joins it: interrupting a waiter interrupts
 * nothing that the connection does.
 *
 * @module
 */
import {
  Cause,
  Context,
  Effect,
  Either,
  Exit,
  Fiber,
  FiberId,
  Option,
  Runtime,
  type Scope,
  Stream,
} from "./deps.ts";
import {
  alertOf,
  Closed,
  type HandshakeError,
  HandshakeTimeout,
  isFatal,
  Refused,
  UnexpectedMessage,
} from "./errors.ts";
import type { ConnectionEvent, Observe } from "./events.ts";
import type { Established, Negotiated } from "./flights/agreed.ts";
import { nameOfComing } from "./grammar/message_kind.ts";
import { AlertLevel, type AlertName } from "./names/alert.ts";
import { ContentType, HandshakeType } from "./names/protocol.ts";
import type { Policy } from "./policy.ts";
import { attempt } from "./record/attempt.ts";
import { Handshakes } from "./record/handshakes.ts";
import { makeWire } from "./record/wire.ts";
import type { ByteStream } from "./services/transport.ts";
import type { Bytes } from "./wire/bytes.ts";
import { readableOf, writableOf } from "./web_streams.ts";

/** An established TLS connection. All of it is safe to use from several fibers at once. */
export interface Connection {
  /** What the handshake agreed on. */
  readonly negotiated: Effect.Effect<Negotiated>;
  /** The peer's certificates as DER, leaf first. */
  readonly peerCertificates: Effect.Effect<ReadonlyArray<Bytes>>;
  /**
   * Some application data, or `undefined` after the peer's close_notify. An interrupted `read` loses no byte. A stream
   * that ends without close_notify is `Truncated`, after the data before it was read.
   */
  readonly read: Effect.Effect<Bytes | undefined, HandshakeError>;
  /** Sends application data. An interrupted `write` closes the stream: half a record may be on the wire. */
  readonly write: (data: Bytes) => Effect.Effect<void, HandshakeError>;
  /** `read` and `write` as web streams; closing `writable` is `closeWrite`, cancelling `readable` is `close`. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Handshake messages, changes of keys and alerts from now on. */
  readonly events: Stream.Stream<ConnectionEvent>;
  /** Half-close: sends close_notify; what the peer still sends can be read. */
  readonly closeWrite: Effect.Effect<void, HandshakeError>;
  /** Sends close_notify, waits a moment for the peer's, and closes the stream. Never fails; may be called again. */
  readonly close: Effect.Effect<void>;
}

/** What a side brings to its connection. */
export interface Program<R> {
  readonly role: "client" | "server";
  readonly policy: Policy;
  readonly observe: Observe | undefined;
  /** From its first message to its last. */
  readonly handshake: Effect.Effect<Established, HandshakeError, R | Handshakes>;
  /** Invalidates the session after a fatal alert (RFC 5246 §7.2.2). */
  readonly forget: (left: Established | undefined) => Effect.Effect<void, never, R>;
}

/** Bytes that are sealed before they are handed on; bounds the memory of a write. */
const PIECE = 4 * 2 ** 14;
/** Milliseconds that a peer who does not read may hold up our last words. */
const LAST_WORDS = 250;

/** Runs the handshake over `stream` and gives the connection, which closes with its scope. */
export const establish = <R>(
  stream: ByteStream,
  program: Program<R>,
): Effect.Effect<Connection, HandshakeError, R | Scope.Scope> =>
  Effect.gen(function* () {
    const context = yield* Effect.context<R>();
    const scope = yield* Effect.scope;
    const { role, policy } = program;
    const { limits } = policy;
    const listeners = new Set<Observe>(program.observe ? [program.observe] : []);
    const wire = makeWire(stream, role, limits, policy, (event) => listeners.forEach((tell) => tell(event)));
    const { records, inbox, flush } = wire;
    let state: Established | undefined = undefined;
    /** Every later call gives the same error. */
    let failure: HandshakeError | undefined;
    /** The peer's close_notify has come; ours has gone; the stream is closed. */
    let ended = false;
    let saidGoodbye = false;
    let closed = false;
    /** Why nothing can be done any more. No error is made before somebody asks. */
    const dead = (): HandshakeError | undefined =>
      failure ?? (closed || wire.broken() ? new Closed() : undefined);

    const goodbye = (): void => {
      if (failure || closed || saidGoodbye) return;
      saidGoodbye = true;
      wire.alert(AlertLevel.warning, "close_notify");
    };
    const lastWords = Effect.zipRight(within(LAST_WORDS, flush), stream.close);

    /** The one place where a fault becomes an alert. Nothing is sent after it. */
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
        closed = true;
        const forget = fault ? isFatal(fault) || forgetsAfter(fault, state) : alert === "internal_error";
        return Effect.zipRight(
          forget ? Effect.provide(program.forget(state), context) : Effect.void,
          lastWords,
        );
      });
    const guard = <A>(of: Effect.Effect<A, HandshakeError>): Effect.Effect<A, HandshakeError> =>
      Effect.onExit(of, (exit) => {
        if (Exit.isSuccess(exit)) return Effect.void;
        return state && Cause.isInterruptedOnly(exit.cause) ? Effect.void : fatal(exit.cause);
      });

    // ---- the pump ----

    /** What may come after the handshake: until it is answered with one, a wish to renegotiate is declined. */
    const afterHandshake: Effect.Effect<void, HandshakeError> = Effect.suspend(
      (): Effect.Effect<void, HandshakeError> => {
        const coming = wire.ahead()!;
        wire.drop();
        if (coming._tag !== "Handshake" || coming.type !== renegotiates[role]) {
          return Effect.fail(
            new UnexpectedMessage({ expected: ["ApplicationData"], got: nameOfComing(coming) }),
          );
        }
        // SSL 3.0 has no such warning, and its refusal is the end.
        if (state?.dialect.alert(AlertLevel.warning, "no_renegotiation")?.level === AlertLevel.fatal) {
          const detail = "the peer wants to renegotiate, which SSL 3.0 cannot decline";
          return Effect.fail(new Refused({ reason: "renegotiation_not_known", detail }));
        }
        wire.alert(AlertLevel.warning, "no_renegotiation");
        return flush;
      },
    );
    /** One arrival. */
    const pump: Effect.Effect<void, HandshakeError> = guard(
      Effect.suspend(() =>
        wire.ahead() ? afterHandshake : Effect.flatMap(wire.step, (what) => {
          if (what === "close_notify") ended = true;
          return what === "handshake" ? afterHandshake : Effect.void;
        })
      ),
    );
    let pumping: Fiber.RuntimeFiber<void, HandshakeError> | undefined;
    /** The pump's end, which is no interruption of who waits for it. */
    const joined = (fiber: Fiber.RuntimeFiber<void, HandshakeError>) =>
      Effect.flatMap(
        Fiber.await(fiber),
        (exit) => Exit.isSuccess(exit) ? Effect.void : Effect.fail(dead() ?? new Closed()),
      );
    const pumpOnce: Effect.Effect<void, HandshakeError> = Effect.suspend(() => {
      const end = dead();
      if (end) return Effect.fail(end);
      if (pumping) return joined(pumping);
      const once = Effect.ensuring(Effect.interruptible(pump), Effect.sync(() => pumping = undefined));
      return Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(Effect.forkIn(once, scope), (fiber) => {
          if (fiber.unsafePoll() === null) pumping = fiber;
          return restore(joined(fiber));
        })
      );
    });

    // ---- what a user does ----

    const read: Connection["read"] = Effect.suspend(() => {
      const data = inbox.shift();
      if (data) return Effect.succeed(data);
      if (ended) return Effect.succeed(undefined);
      const end = dead();
      if (end) return Effect.fail(end);
      if (pumping || wire.ahead()) return Effect.zipRight(pumpOnce, read);
      // What is here already needs no fiber.
      return Effect.flatMap(guard(wire.buffered), (what) => {
        if (what === "close_notify") ended = true;
        return what === undefined ? Effect.zipRight(pumpOnce, read) : read;
      });
    });

    const oneWriter = Effect.unsafeMakeSemaphore(1);
    const flushed = guard(flush);
    const write: Connection["write"] = (data) => {
      const from = (at: number): Effect.Effect<void, HandshakeError> =>
        Effect.suspend(() => {
          // Not a fault of the connection, whose other half may be open still.
          const end = dead();
          if (end || saidGoodbye) return Effect.fail(end ?? new Closed());
          const sealed = attempt(() =>
            records.write(ContentType.application_data, data.subarray(at, at + PIECE))
          );
          if (Either.isLeft(sealed)) return guard(Effect.fail(sealed.left));
          const rest = at + PIECE;
          return rest < data.length ? Effect.zipRight(flushed, from(rest)) : flushed;
        });
      return oneWriter.withPermits(1)(from(0));
    };

    const closeWrite: Connection["closeWrite"] = Effect.suspend(() => {
      const end = dead();
      if (end) return Effect.fail(end);
      goodbye();
      return flushed;
    });

    const peersGoodbye: Effect.Effect<void, HandshakeError> = Effect.suspend(() => {
      inbox.length = 0;
      return ended ? Effect.void : Effect.zipRight(pumpOnce, peersGoodbye);
    });
    const close: Connection["close"] = Effect.suspend(() => {
      if (failure || closed) return stream.close;
      goodbye();
      return within(LAST_WORDS, flush).pipe(
        Effect.zipRight(within(limits.closeWait, peersGoodbye)),
        Effect.ensuring(Effect.suspend(() => {
          closed = true;
          return stream.close;
        })),
      );
    });

    // A scope that closes says goodbye too, but waits for nobody.
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        goodbye();
        closed = true;
        return lastWords;
      })
    );
    const handshakes = wire.handshake();
    const services = Context.add(context, Handshakes, handshakes) as Context.Context<R | Handshakes>;
    const established = yield* program.handshake.pipe(
      Effect.zipLeft(flush),
      Effect.provide(services),
      (handshake) => deadline(limits.handshakeTimeout, handshake),
      guard,
      Effect.withSpan(`effect-tls.${role}.handshake`, { captureStackTrace: false }),
    );
    state = established;
    handshakes.done();

    const run = Runtime.runPromise(yield* Effect.runtime<never>());
    const connection: Omit<Connection, "readable" | "writable"> = {
      negotiated: Effect.succeed(established.negotiated),
      peerCertificates: Effect.succeed(established.peerCertificates),
      read,
      write,
      events: Stream.asyncPush((emit) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const tell: Observe = (event) => void emit.single(event);
            listeners.add(tell);
            return tell;
          }),
          (tell) => Effect.sync(() => listeners.delete(tell)),
        )
      ),
      closeWrite,
      close,
    };
    let readable: ReadableStream<Uint8Array> | undefined;
    let writable: WritableStream<Uint8Array> | undefined;
    return {
      ...connection,
      get readable() {
        return readable ??= readableOf(connection, run);
      },
      get writable() {
        return writable ??= writableOf(connection, run);
      },
    };
  });

/** The alert for a failure, for an interruption, and for a defect of ours. */
const alertFor = (
  fault: HandshakeError | undefined,
  cause: Cause.Cause<HandshakeError>,
): AlertName | undefined => {
  if (fault) return alertOf(fault);
  return Cause.isInterruptedOnly(cause) ? "user_canceled" : "internal_error";
};

/** Whether a stream that just ended takes the session along, as it did up to TLS 1.0 (RFC 2246 §7.2.1). */
const forgetsAfter = (fault: HandshakeError, state: Established | undefined): boolean =>
  fault._tag === "Truncated" && state !== undefined && !state.dialect.survivesTruncation;

/** With which message each side is asked for a new handshake (RFC 5246 §7.4.1). */
const renegotiates = { client: HandshakeType.hello_request, server: HandshakeType.client_hello };

/**
 * Fails a handshake that takes too long. Not `Effect.timeoutFail`, whose race of two fibers costs as much as a flight:
 * the handshake runs in one fiber, and a timer beside it is made only if it has to wait.
 */
const deadline = <A>(
  milliseconds: number,
  handshake: Effect.Effect<A, HandshakeError>,
): Effect.Effect<A, HandshakeError> =>
  Effect.flatMap(Effect.runtime<never>(), (runtime) => {
    const fork = Runtime.runFork(runtime);
    return Effect.async((resume) => {
      const work = fork(handshake);
      let late = false;
      const timer = work.unsafePoll() ? undefined : fork(Effect.sleep(milliseconds));
      timer?.addObserver((exit) => {
        if (!Exit.isSuccess(exit)) return;
        late = true;
        work.unsafeInterruptAsFork(FiberId.none);
      });
      work.addObserver((exit) => {
        timer?.unsafeInterruptAsFork(FiberId.none);
        resume(late && Exit.isInterrupted(exit) ? Effect.fail(new HandshakeTimeout({ milliseconds })) : exit);
      });
      return Fiber.interrupt(work);
    });
  });

/**
 * Runs an effect for at most so long, whatever becomes of it. Not `Effect.timeout`: this is used in finalizers, where
 * children inherit that they can't be interrupted and a timeout would wait for them.
 */
const within = (milliseconds: number, of: Effect.Effect<void, HandshakeError>): Effect.Effect<void> =>
  Effect.suspend(() => {
    // It begins here and now, and mostly ends so too.
    const fiber = Effect.runFork(Effect.ignore(of));
    if (fiber.unsafePoll()) return Effect.void;
    return Effect.async<void>((resume) => {
      const timer = setTimeout(() => resume(Effect.void), milliseconds);
      fiber.addObserver(() => {
        clearTimeout(timer);
        resume(Effect.void);
      });
    });
  });
