/** Renegotiations that this end begins: by HelloRequest or by ClientHello (RFC 5246 §7.4.1.1, §7.4.1.2). @module */
import { Deferred, Effect, Either, Exit, type Scope } from "../../deps.ts";
import { Closed, HandshakeTimeout, RenegotiationRefused } from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established } from "../../flights/agreed/established.ts";
import type { Negotiated } from "../../flights/agreed/negotiated.ts";
import { isSafe } from "../../flights/agreed/renegotiation.ts";
import { deadline } from "../bounds/deadline.ts";
import type { Renegotiation } from "../connection.ts";
import type { Life } from "../life.ts";
import type { Attempt, Attempts } from "./attempt.ts";
import type { Program } from "./program.ts";
import type { Run, RunParts } from "./run.ts";

/** How long, in milliseconds, unread data may hold the pump back. After that, nobody is reading. */
const PATIENCE = 1_000;

/** What our renegotiations are made of. */
export interface RenegotiateParts<R> extends RunParts<R> {
  readonly program: Program<R>;
  readonly life: Life;
  readonly attempts: Attempts;
  readonly running: Run<R>;
  readonly pumpOnce: Effect.Effect<void, TlsError>;
  readonly scope: Scope.Scope;
}

/** Renegotiations that this end begins. */
export interface Renegotiate {
  /** Begins a renegotiation, or joins one with the same changes, and waits for its end. */
  readonly renegotiate: (changes: Renegotiation) => Effect.Effect<Negotiated, TlsError>;
  /** Runs an attempt in a fiber of the connection: it goes on, whoever waits for it. */
  readonly launch: (attempt: Attempt) => Effect.Effect<void>;
}

/** The renegotiations that one end of a connection begins. */
export const makeRenegotiate = <R>(parts: RenegotiateParts<R>): Renegotiate => {
  const { attempts, life, limits, now, program, pumpOnce, running, scope, state, wire } = parts;
  const { role, policy } = program;
  /** Why no handshake can be begun: it takes both halves of the connection. */
  const ended = (): TlsError | undefined =>
    state.readFault() ?? state.writeFault() ?? (state.reading() === "ended" ? new Closed() : undefined);

  /** Waits until somebody reads the data that came before, if anybody does. */
  const room = Effect.suspend(() =>
    wire.crowded() ? Effect.raceFirst(wire.room, Effect.sleep(PATIENCE)) : Effect.void
  );
  /** Keeps the pump going until the attempt ends. */
  const pumping = (attempt: Attempt): Effect.Effect<void, TlsError> =>
    Effect.suspend(() => {
      if (attempts.current() !== attempt) return Effect.void;
      const end = ended();
      if (end) return Effect.fail(end);
      return Effect.zipRight(room, pumpOnce).pipe(
        Effect.zipRight(Effect.yieldNow()),
        Effect.zipRight(pumping(attempt)),
      );
    });
  /** Without an answer, a HelloRequest is refused and a ClientHello is a handshake that takes too long. */
  const late = (attempt: Attempt): Effect.Effect<void, TlsError> => {
    const milliseconds = role === "server" ? limits.renegotiationWait : limits.handshakeTimeout;
    return Effect.zipRight(
      Effect.sleep(milliseconds),
      Effect.suspend(() => {
        if (attempt.rest === undefined) return Effect.never; // answered: the handshake has a deadline of its own
        if (role === "client") return life.guard(Effect.fail(new HandshakeTimeout({ milliseconds })));
        attempts.giveUp(attempt, new RenegotiationRefused({ by: "silence" }));
        // A request of TLS 1.3 cannot be taken back: the answer may still come, and must then be understood.
        if (now.established?.era === "tls13") attempts.late(attempt);
        return Effect.void;
      }),
    );
  };
  const waiting = (attempt: Attempt) => Effect.raceFirst(pumping(attempt), late(attempt));
  const drive = Effect.fnUntraced(function* (attempt: Attempt): Effect.fn.Return<void, TlsError> {
    // The client may have begun a renegotiation in the meantime.
    if (role === "server") { while (state.mustWait()) yield* state.idle; }
    const end = ended();
    if (end) return yield* end;
    if (attempt.rest) return yield* waiting(attempt);
    const previous = now.established!;
    const services = previous.era === "tls13" ? running.servicesAfter(previous) : running.services();
    const { changes } = attempt;
    const opening = program.open({ previous, changes, current: () => now.established! });
    // An error before anything is sent concerns the caller alone.
    const opened = yield* life.guardHandshake(
      Effect.either(deadline(limits.handshakeTimeout, opening, services)),
    );
    if (Either.isLeft(opened)) return attempts.giveUp(attempt, opened.left);
    attempt.rest = running.run(opened.right, services);
    Deferred.unsafeDone(attempt.opened, Effect.void);
    yield* life.guardHandshake(wire.push);
    yield* waiting(attempt);
  });
  const launch: Renegotiate["launch"] = (attempt) =>
    Effect.uninterruptible(Effect.map(
      Effect.forkIn(Effect.interruptible(drive(attempt)), scope),
      (fiber) =>
        fiber.addObserver((exit) => {
          if (Exit.isFailure(exit)) attempts.giveUp(attempt, state.readFault() ?? new Closed());
        }),
    ));

  /** What forbids the changes: TLS 1.3 has no renegotiation, but a server may ask for a certificate. */
  const cannot = (previous: Established, { clientAuth, policy: other, resume }: Renegotiation) =>
    previous.era === "tls13"
      ? clientAuth !== undefined && clientAuth !== "none" && other === undefined && resume === undefined
        ? undefined
        : "version"
      : isSafe(previous, policy)
      ? undefined
      : "policy";
  const renegotiate: Renegotiate["renegotiate"] = (changes) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend((): Effect.Effect<Negotiated, TlsError> => {
        const end = ended();
        if (end) return Effect.fail(end);
        const current = attempts.current();
        if (current) {
          const wait = restore(Deferred.await(current.done));
          if (current.changes === changes) return wait;
          return Effect.zipRight(Effect.ignore(wait), renegotiate(changes));
        }
        if (state.mustWait()) return Effect.zipRight(restore(state.idle), renegotiate(changes));
        const by = cannot(now.established!, changes);
        if (by) return Effect.fail(new RenegotiationRefused({ by }));
        // Two requests of TLS 1.3 at once would be answered in any order: the first one's answer is awaited first.
        const before = attempts.resume();
        if (before && before.changes.clientAuth !== changes.clientAuth) {
          const answered = Effect.zipRight(launch(before), restore(Deferred.await(before.done)));
          return Effect.zipRight(Effect.ignore(answered), renegotiate(changes));
        }
        const attempt = before ?? attempts.claim(changes);
        return Effect.zipRight(launch(attempt), restore(Deferred.await(attempt.done)));
      })
    );
  return { renegotiate, launch };
};
