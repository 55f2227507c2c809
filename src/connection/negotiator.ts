/**
 * A connection's handshakes: the first, and those that either end asks for later (RFC 5246 §7.4.1.1, §7.4.1.2).
 *
 * @module
 */
import { Clock, Context, Deferred, Effect, Exit, FiberId, type Scope } from "../deps.ts";
import {
  Closed,
  type HandshakeError,
  HandshakeTimeout,
  LimitExceeded,
  Refused,
  RenegotiationRefused,
  UnexpectedMessage,
} from "../errors.ts";
import type { Established, Negotiated } from "../flights/agreed.ts";
import { nameOfComing } from "../grammar/message_kind.ts";
import { AlertLevel } from "../names/alert.ts";
import type { RenegotiationPolicy } from "../policy.ts";
import { Handshakes } from "../record/handshakes.ts";
import type { Wire } from "../record/wire.ts";
import { deadline } from "./deadline.ts";
import type { Life, Now } from "./life.ts";
import type { Program, Renegotiation } from "./program.ts";

/** The handshakes of one connection. */
export interface Negotiator {
  readonly first: Effect.Effect<Established, HandshakeError>;
  /** Meets what is ahead. */
  readonly arrived: Effect.Effect<void, HandshakeError>;
  /** The peer says that it does not renegotiate. */
  readonly noRenegotiation: () => void;
  readonly renegotiate: (changes: Renegotiation) => Effect.Effect<Negotiated, HandshakeError>;
}

/** A renegotiation that this end wants. */
interface Attempt {
  readonly changes: Renegotiation;
  readonly done: Deferred.Deferred<Negotiated, HandshakeError>;
  /** What follows the peer's answer, once our opening message is said and until the answer comes. */
  rest: Effect.Effect<Established, HandshakeError> | undefined;
}

/** The handshakes of a connection, which run in fibers of its scope. */
export const makeNegotiator = <R>(of: {
  readonly program: Program<R>;
  readonly wire: Wire;
  readonly now: Now;
  readonly life: Life;
  readonly pumpOnce: Effect.Effect<void, HandshakeError>;
  readonly context: Context.Context<R>;
  readonly scope: Scope.Scope;
}): Negotiator => {
  const { context, life, now, program, pumpOnce, scope, wire } = of;
  const { policy, role } = program;
  const { limits } = policy;
  let ours: Attempt | undefined;
  /** When the peer began renegotiations that may still count. */
  let begun: ReadonlyArray<number> = [];

  /** A stream, and so a transcript, of its own for all parts of one handshake. */
  const own = () => {
    const services = Context.add(context, Handshakes, wire.handshake()) as Context.Context<R | Handshakes>;
    return <A>(part: Effect.Effect<A, HandshakeError, R | Handshakes>) => Effect.provide(part, services);
  };
  /** From here to `end` nothing of the user's is sent. */
  const begin = (): void => {
    now.handshaking = true;
    wire.handshaking(true);
    now.idle.unsafeClose();
  };
  const end = (): void => {
    now.handshaking = false;
    wire.handshaking(false);
    now.idle.unsafeOpen();
  };
  const run = (handshake: Effect.Effect<Established, HandshakeError>) =>
    Effect.suspend(() => {
      begin();
      return Effect.map(deadline(limits.handshakeTimeout, Effect.zipLeft(handshake, wire.flush)), (left) => {
        now.established = left;
        end();
        return left;
      });
    });

  // ---- what the peer wants ----

  /** Whether the peer has begun too many; in a window of time, so that a long life forbids nothing. */
  const counted: Effect.Effect<void, LimitExceeded> = Effect.flatMap(Clock.currentTimeMillis, (time) => {
    begun = [...begun.filter((t) => time - t < limits.renegotiationWindow), time];
    const allowed = limits.renegotiations;
    return begun.length > allowed
      ? Effect.fail(new LimitExceeded({ limit: "renegotiations", allowed, got: begun.length }))
      : Effect.void;
  });
  const passedOver = Effect.suspend(() => {
    wire.drop();
    return wire.passOver;
  });
  const answers: Record<
    RenegotiationPolicy,
    (previous: Established) => Effect.Effect<void, HandshakeError>
  > = {
    allow: (previous) => {
      // A HelloRequest says nothing else; a ClientHello is the new handshake's first message.
      if (role === "client") wire.drop();
      return Effect.zipRight(counted, run(own()(program.asked(previous))));
    },
    refuse: ({ dialect }) => {
      // SSL 3.0 has no such warning, and its refusal is the end.
      if (dialect.alert(AlertLevel.warning, "no_renegotiation")?.level === AlertLevel.fatal) {
        const detail = "the peer wants to renegotiate, which SSL 3.0 cannot decline";
        return Effect.fail(new Refused({ reason: "renegotiation_not_known", detail }));
      }
      wire.alert(AlertLevel.warning, "no_renegotiation");
      return Effect.zipRight(passedOver, wire.flush);
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
  const wished = (previous: Established): Effect.Effect<void, HandshakeError> => {
    // After our close_notify nothing can be said (RFC 5246 §7.2.1).
    if (life.saidGoodbye()) return passedOver;
    const allowed = policy.renegotiation !== "allow" || isSafe(previous);
    return answers[allowed ? policy.renegotiation : "refuse"](previous);
  };
  /** A session that is resumed without RFC 7627 may be somebody else's too: RFC 5746 binds nothing (RFC 7627 §5.4). */
  const isSafe = ({ negotiated }: Established): boolean => {
    const { secureRenegotiation, extendedMasterSecret, resumed } = negotiated;
    return policy.insecureRenegotiation || (secureRenegotiation && (extendedMasterSecret || !resumed));
  };

  const arrived: Negotiator["arrived"] = Effect.suspend(() => {
    const attempt = ours;
    if (attempt?.rest) {
      const { rest } = attempt;
      attempt.rest = undefined;
      return Effect.map(run(rest), ({ negotiated }) => settle(attempt, Effect.succeed(negotiated)));
    }
    const coming = wire.ahead()!;
    const { established } = now;
    const known = coming._tag === "Handshake" &&
      established?.dialect.afterHandshake[role].includes(coming.type);
    if (known) return wished(established!);
    wire.drop();
    return Effect.fail(
      new UnexpectedMessage({ expected: ["ApplicationData"], got: nameOfComing(coming) }),
    );
  });

  // ---- what we want ----

  const settle = (attempt: Attempt, how: Effect.Effect<Negotiated, HandshakeError>): void => {
    if (ours === attempt) ours = undefined;
    Deferred.unsafeDone(attempt.done, how);
  };
  /** It will not come about. */
  const giveUp = (attempt: Attempt, error: HandshakeError): void => {
    if (role === "client" && ours === attempt) end();
    settle(attempt, Effect.fail(error));
  };

  /** Waits for the attempt's end, and keeps the pump going. */
  const pumping = (attempt: Attempt): Effect.Effect<void, HandshakeError> =>
    Effect.suspend(() => {
      if (ours !== attempt) return Effect.void;
      if (life.ended()) return Effect.fail(new Closed());
      return Effect.zipRight(pumpOnce, Effect.zipRight(Effect.yieldNow(), pumping(attempt)));
    });
  /** Without an answer a HelloRequest is refused, and a ClientHello is a handshake that takes too long. */
  const late = (attempt: Attempt): Effect.Effect<void, HandshakeError> => {
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
  const drive = (attempt: Attempt, previous: Established): Effect.Effect<void, HandshakeError> =>
    Effect.gen(function* () {
      const { guardHandshake } = life;
      const provide = own();
      const { changes } = attempt;
      const rest = yield* guardHandshake(provide(program.open({ previous, changes })));
      attempt.rest = provide(rest);
      yield* guardHandshake(wire.flush);
      yield* Effect.raceFirst(pumping(attempt), late(attempt));
    });

  const renegotiate: Negotiator["renegotiate"] = (changes) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend((): Effect.Effect<Negotiated, HandshakeError> => {
        const dead = life.dead() ?? (life.halfClosed() ? new Closed() : undefined);
        if (dead) return Effect.fail(dead);
        if (ours) {
          const wait = restore(Deferred.await(ours.done));
          if (ours.changes === changes) return wait;
          return Effect.zipRight(Effect.ignore(wait), renegotiate(changes));
        }
        if (now.handshaking) return Effect.zipRight(restore(now.idle.await), renegotiate(changes));
        const previous = now.established!;
        if (!isSafe(previous)) return Effect.fail(new RenegotiationRefused({ by: "policy" }));
        const attempt: Attempt = { changes, done: Deferred.unsafeMake(FiberId.none), rest: undefined };
        ours = attempt;
        if (role === "client") begin();
        return Effect.flatMap(
          Effect.forkIn(Effect.interruptible(drive(attempt, previous)), scope),
          (fiber) => {
            fiber.addObserver((exit) => {
              if (Exit.isFailure(exit)) giveUp(attempt, life.dead() ?? new Closed());
            });
            return restore(Deferred.await(attempt.done));
          },
        );
      })
    );

  return {
    first: Effect.suspend(() => run(own()(Effect.flatten(program.open(undefined))))),
    arrived,
    noRenegotiation: () => {
      if (ours?.rest) giveUp(ours, new RenegotiationRefused({ by: "peer" }));
    },
    renegotiate,
  };
};
