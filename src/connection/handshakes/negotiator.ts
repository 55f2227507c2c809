/**
 * A connection's handshakes: the first, and those that either end asks for later (RFC 5246 §7.4.1.1, §7.4.1.2).
 *
 * @module
 */
import { Clock, Context, Deferred, Effect, Either, Exit, FiberId, type Scope } from "../../deps.ts";
import {
  Closed,
  HandshakeTimeout,
  LimitExceeded,
  Refused,
  RenegotiationRefused,
  UnexpectedMessage,
} from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established } from "../../flights/established.ts";
import type { Negotiated } from "../../flights/negotiated.ts";
import { kindOf, nameOfComing } from "../../grammar/message_kind.ts";
import { ClientHello, HelloRequest, ServerHello } from "../../messages/mod.ts";
import { AlertLevel } from "../../names/alert.ts";
import { HandshakeType } from "../../names/protocol.ts";
import type { Due } from "../../record/due.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import type { RenegotiationPolicy } from "../../tables/policy.ts";
import { deadline, type Silence } from "../bounds/deadline.ts";
import type { Renegotiation } from "../connection.ts";
import { LAST_WORDS, type Life } from "../life.ts";
import type { ConnectionState } from "../state.ts";
import type { Wire } from "../wire.ts";
import type { Program } from "./program.ts";

/** The handshakes of one connection. */
export interface Negotiator {
  readonly first: Effect.Effect<Established, TlsError>;
  /** What may come while no flight is awaited. */
  readonly due: Due;
  /** Meets what is ahead. */
  readonly arrived: Effect.Effect<void, TlsError>;
  /** The peer says that it does not renegotiate. */
  readonly noRenegotiation: () => void;
  readonly renegotiate: (changes: Renegotiation) => Effect.Effect<Negotiated, TlsError>;
}

/** What a client makes of a HelloRequest. */
const ASKED: Renegotiation = { resume: true };

/** The messages that begin a handshake, or answer the first, and how long each is at most. */
const openings: ReadonlyMap<HandshakeType, number> = new Map(
  [kindOf(HelloRequest), kindOf(ClientHello), kindOf(ServerHello)].map(({ type, most }) => [type, most]),
);

/** Milliseconds: who takes longer to read half of what may wait does not read. */
const PATIENCE = 1_000;

/** A renegotiation that this end begins. */
interface Attempt {
  readonly changes: Renegotiation;
  readonly done: Deferred.Deferred<Negotiated, TlsError>;
  /** Our opening message is said, or will not be. */
  readonly opened: Deferred.Deferred<void>;
  /** What follows the peer's answer, once that is so and until the answer comes. */
  rest: Effect.Effect<Established, TlsError> | undefined;
}

/** The handshakes of a connection, which run in fibers of its scope. */
export const makeNegotiator = <R>(of: {
  readonly program: Program<R>;
  readonly wire: Wire;
  readonly state: ConnectionState;
  /** What the last finished handshake settled; `undefined` before the first is over. */
  readonly now: { established: Established | undefined };
  readonly life: Life;
  readonly pumpOnce: Effect.Effect<void, TlsError>;
  readonly context: Context.Context<R>;
  readonly scope: Scope.Scope;
}): Negotiator => {
  const { context, life, now, program, pumpOnce, scope, state, wire } = of;
  const { policy, role } = program;
  const { limits } = policy;
  let ours: Attempt | undefined;
  /** When the peer began renegotiations that may still count. */
  let peerBegan: ReadonlyArray<number> = [];

  /** A stream, and so a transcript, of its own for all parts of one handshake. */
  const own = (): Context.Context<R | Handshakes> => Context.add(context, Handshakes, wire.handshake());
  /** `sent`: when its last flight is sent. */
  const run = (
    handshake: Effect.Effect<Established, TlsError, R | Handshakes>,
    services: Context.Context<R | Handshakes>,
    sent: Effect.Effect<void, TlsError> = wire.push,
    silence?: Silence,
  ) =>
    Effect.suspend(() => {
      state.beginHandshake();
      const all = Effect.zipLeft(handshake, sent);
      return Effect.map(deadline(limits.handshakeTimeout, all, services, silence), (established) => {
        now.established = established;
        state.endHandshake();
        return established;
      });
    });

  // ---- what the peer wants ----

  /** Whether the peer has begun too many; in a window of time, so that a long life forbids nothing. */
  const counted: Effect.Effect<void, LimitExceeded> = Effect.flatMap(Clock.currentTimeMillis, (time) => {
    peerBegan = [...peerBegan.filter((t) => t <= time && time - t < limits.renegotiationWindow), time];
    const allowed = limits.renegotiations;
    return peerBegan.length > allowed
      ? Effect.fail(new LimitExceeded({ limit: "renegotiations", allowed, got: peerBegan.length }))
      : Effect.void;
  });
  const passedOver = Effect.suspend(() => {
    wire.drop();
    return wire.passOver();
  });
  const answers: Record<
    RenegotiationPolicy,
    (previous: Established) => Effect.Effect<void, TlsError>
  > = {
    allow: (previous) => {
      const { asked } = program;
      if (asked) return Effect.zipRight(counted, run(asked(previous), own()));
      // A HelloRequest says nothing else. What the server still sends comes before its answer, and is read meanwhile.
      wire.drop();
      return Effect.zipRight(
        counted,
        Effect.suspend(() => ours || state.handshaking() ? Effect.void : launch(claim(ASKED))),
      );
    },
    refuse: ({ dialect }) => {
      // SSL 3.0 has no such warning, and its refusal is the end.
      if (dialect.alert(AlertLevel.warning, "no_renegotiation")?.level === AlertLevel.fatal) {
        const detail = "the peer wants to renegotiate, which SSL 3.0 cannot decline";
        return Effect.fail(new Refused({ reason: "renegotiation_not_known", detail }));
      }
      wire.alert(AlertLevel.warning, "no_renegotiation");
      return Effect.zipRight(passedOver, wire.push);
    },
    ignore: () => passedOver,
    close: () =>
      Effect.fail(
        new Refused({
          reason: "renegotiation_closed",
          detail: "the peer wants to renegotiate, and we do not",
        }),
      ),
  };
  const wished = (previous: Established): Effect.Effect<void, TlsError> => {
    if (state.writing() !== "open") return passedOver;
    const allowed = policy.renegotiation !== "allow" || isSafe(previous);
    return answers[allowed ? policy.renegotiation : "refuse"](previous);
  };
  /**
   * A session that is resumed without RFC 7627 may be somebody else's too: RFC 5746 binds nothing (RFC 7627 §5.4). Resumed
   * in a renegotiation it is bound to the handshake before, for that was safe.
   */
  const isSafe = ({ negotiated, renegotiated }: Established): boolean => {
    const { secureRenegotiation, extendedMasterSecret, resumed } = negotiated;
    return policy.insecureRenegotiation ||
      (secureRenegotiation && (extendedMasterSecret || !resumed || renegotiated));
  };

  /** Whether the peer can wish for a handshake by such a message. */
  const isWish = (type: HandshakeType): boolean =>
    now.established?.dialect.afterHandshake[role].includes(type) ?? false;
  const isAnswer = (type: HandshakeType): boolean =>
    ours !== undefined && role === "client" && type === HandshakeType.server_hello;

  const arrived: Negotiator["arrived"] = Effect.suspend((): Effect.Effect<void, TlsError> => {
    const coming = wire.ahead()!;
    const attempt = ours;
    if (attempt) {
      // It came while we began: our ClientHello is the answer.
      if (coming._tag === "Handshake" && coming.type === HandshakeType.hello_request) return passedOver;
      const { rest } = attempt;
      if (!rest) return Effect.zipRight(Deferred.await(attempt.opened), arrived);
      // After our close_notify nothing can be said (RFC 5246 §7.2.1).
      if (state.writing() !== "open") {
        giveUp(attempt, new Closed());
        return passedOver;
      }
      attempt.rest = undefined;
      return Effect.map(rest, ({ negotiated }) => settle(attempt, Effect.succeed(negotiated)));
    }
    const { established } = now;
    if (coming._tag === "Handshake" && isWish(coming.type)) return wished(established!);
    wire.drop();
    return Effect.fail(
      new UnexpectedMessage({ expected: ["ApplicationData"], got: nameOfComing(coming) }),
    );
  });

  // ---- what we want ----

  /** A handshake takes both halves. */
  const notBoth = (): TlsError | undefined =>
    state.readFault() ?? state.writeFault() ?? (state.reading() === "ended" ? new Closed() : undefined);

  const settle = (attempt: Attempt, how: Effect.Effect<Negotiated, TlsError>): void => {
    if (ours === attempt) ours = undefined;
    Deferred.unsafeDone(attempt.opened, Effect.void);
    Deferred.unsafeDone(attempt.done, how);
  };
  /** It will not come about. */
  const giveUp = (attempt: Attempt, error: TlsError): void => {
    if (role === "client" && ours === attempt) state.endHandshake();
    settle(attempt, Effect.fail(error));
  };

  /** Waits for the attempt's end, and keeps the pump going. */
  const pumping = (attempt: Attempt): Effect.Effect<void, TlsError> =>
    Effect.suspend(() => {
      if (ours !== attempt) return Effect.void;
      const end = notBoth();
      if (end) return Effect.fail(end);
      return Effect.zipRight(room, pumpOnce).pipe(
        Effect.zipRight(Effect.yieldNow()),
        Effect.zipRight(pumping(attempt)),
      );
    });
  /** Reading ahead waits for who reads what came before, if anybody does. */
  const room = Effect.suspend(() =>
    wire.crowded() ? Effect.raceFirst(wire.room, Effect.sleep(PATIENCE)) : Effect.void
  );
  /** Without an answer a HelloRequest is refused, and a ClientHello is a handshake that takes too long. */
  const late = (attempt: Attempt): Effect.Effect<void, TlsError> => {
    const milliseconds = role === "server" ? limits.renegotiationWait : limits.handshakeTimeout;
    return Effect.zipRight(
      Effect.sleep(milliseconds),
      Effect.suspend(() => {
        if (attempt.rest === undefined) return Effect.never; // it was answered, and has a deadline of its own
        if (role === "client") return life.guard(Effect.fail(new HandshakeTimeout({ milliseconds })));
        giveUp(attempt, new RenegotiationRefused({ by: "silence" }));
        return Effect.void;
      }),
    );
  };
  const drive = Effect.fnUntraced(
    function* (attempt: Attempt): Effect.fn.Return<void, TlsError> {
      // A client may have begun one in the meantime.
      if (role === "server") { while (state.mustWait()) yield* state.idle; }
      const end = notBoth();
      if (end) return yield* end;
      const services = own();
      const { changes } = attempt;
      const opening = program.open({ previous: now.established!, changes });
      // What goes wrong before anything is said is its asker's business.
      const opened = yield* life.guardHandshake(
        Effect.either(deadline(limits.handshakeTimeout, opening, services)),
      );
      if (Either.isLeft(opened)) return giveUp(attempt, opened.left);
      attempt.rest = run(opened.right, services);
      Deferred.unsafeDone(attempt.opened, Effect.void);
      yield* life.guardHandshake(wire.push);
      yield* Effect.raceFirst(pumping(attempt), late(attempt));
    },
  );
  /** Takes the place of an attempt, in the breath in which it was found empty. */
  const claim = (changes: Renegotiation): Attempt => {
    const attempt: Attempt = {
      changes,
      done: Deferred.unsafeMake(FiberId.none),
      opened: Deferred.unsafeMake(FiberId.none),
      rest: undefined,
    };
    ours = attempt;
    if (role === "client") state.beginHandshake();
    return attempt;
  };
  /** An attempt goes on by itself, whoever waits for it. */
  const launch = (attempt: Attempt): Effect.Effect<void> =>
    Effect.uninterruptible(Effect.map(
      Effect.forkIn(Effect.interruptible(drive(attempt)), scope),
      (fiber) =>
        fiber.addObserver((exit) => {
          if (Exit.isFailure(exit)) giveUp(attempt, state.readFault() ?? new Closed());
        }),
    ));

  const renegotiate: Negotiator["renegotiate"] = (changes) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend((): Effect.Effect<Negotiated, TlsError> => {
        const end = notBoth();
        if (end) return Effect.fail(end);
        if (ours) {
          const wait = restore(Deferred.await(ours.done));
          if (ours.changes === changes) return wait;
          return Effect.zipRight(Effect.ignore(wait), renegotiate(changes));
        }
        if (state.mustWait()) return Effect.zipRight(restore(state.idle), renegotiate(changes));
        if (!isSafe(now.established!)) return Effect.fail(new RenegotiationRefused({ by: "policy" }));
        const attempt = claim(changes);
        return Effect.zipRight(launch(attempt), restore(Deferred.await(attempt.done)));
      })
    );

  /** A client speaks first. */
  const silence: Silence | undefined = role === "server"
    ? { milliseconds: limits.firstByteTimeout, heard: wire.heard }
    : undefined;
  /** A last flight that the stream does not take: the peer may have said why not. */
  const flushed = Effect.catchIf(wire.flush, () => state.writing() === "broken", (error) => {
    const said: Effect.Effect<never, TlsError> = Effect.flatMap(wire.step, () => said);
    const heard = Effect.catchIf(said, (e) => e._tag !== "PeerAlert", () => Effect.fail(error));
    return Effect.timeoutFail(heard, { duration: LAST_WORDS, onTimeout: () => error });
  });

  return {
    first: Effect.suspend(() => run(Effect.flatten(program.open(undefined)), own(), flushed, silence)),
    due: {
      expected: () => ["ApplicationData"],
      most: (type) => isWish(type) || isAnswer(type) ? openings.get(type) : undefined,
    },
    arrived,
    noRenegotiation: () => {
      if (!ours?.rest) return;
      wire.forgive();
      giveUp(ours, new RenegotiationRefused({ by: "peer" }));
    },
    renegotiate,
  };
};
