/** What becomes of a peer's wish to renegotiate, by `Policy.renegotiation` (RFC 5246 §7.4.1.1, §7.4.1.2). @module */
import { Clock, Effect } from "../../deps.ts";
import { LimitExceeded, Refused } from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Renegotiable } from "../../flights/agreed/established.ts";
import { isSafe } from "../../flights/agreed/renegotiation.ts";
import { AlertLevel } from "../../names/alert.ts";
import type { RenegotiationPolicy } from "../../tables/policy.ts";
import type { Renegotiation } from "../connection.ts";
import type { Attempts } from "./attempt.ts";
import type { Program } from "./program.ts";
import type { Renegotiate } from "./renegotiate.ts";
import type { Run, RunParts } from "./run.ts";

/** How a client answers a HelloRequest: a session may be resumed. */
const HELLO_REQUEST: Renegotiation = { resume: true };

/** What the answers to a peer's wish are made of. */
export interface AskedParts<R> extends Pick<RunParts<R>, "wire" | "state"> {
  readonly program: Program<R>;
  readonly attempts: Attempts;
  readonly running: Run<R>;
  readonly launch: Renegotiate["launch"];
}

/** Answers to a peer that wants to renegotiate. */
export interface Asked {
  /** Answers the message that is ahead, given what the last handshake left. */
  readonly answer: (previous: Renegotiable) => Effect.Effect<void, TlsError>;
  /** Counts what the peer begins, a renegotiation or a request for a certificate, and fails if it is too much. */
  readonly counted: Effect.Effect<void, LimitExceeded>;
  /** Drops the message that is ahead, and counts it. */
  readonly ignore: Effect.Effect<void, LimitExceeded>;
}

/** The answers of one connection. */
export const makeAsked = <R>(
  { attempts, launch, program, running, state, wire }: AskedParts<R>,
): Asked => {
  const { policy, asked } = program;
  const { limits } = policy;
  /** When the peer began renegotiations that still count. */
  let begun: ReadonlyArray<number> = [];

  /** Fails if the peer begins too many within a window of time; a connection that lives long may have many in all. */
  const counted: Effect.Effect<void, LimitExceeded> = Effect.flatMap(Clock.currentTimeMillis, (time) => {
    begun = [...begun.filter((t) => t <= time && time - t < limits.renegotiationWindow), time];
    const allowed = limits.renegotiations;
    return begun.length > allowed
      ? Effect.fail(new LimitExceeded({ limit: "renegotiations", allowed, got: begun.length }))
      : Effect.void;
  });
  const ignore = Effect.suspend(() => {
    wire.drop();
    return wire.passOver();
  });
  const answers: Record<RenegotiationPolicy, Asked["answer"]> = {
    allow: (previous) => {
      if (asked) return Effect.zipRight(counted, running.run(asked(previous), running.services()));
      // A HelloRequest carries nothing. Data that the server still sends before its answer is read meanwhile.
      wire.drop();
      return Effect.zipRight(
        counted,
        Effect.suspend(() =>
          attempts.current() || state.handshaking() ? Effect.void : launch(attempts.claim(HELLO_REQUEST))
        ),
      );
    },
    refuse: ({ dialect }) => {
      // SSL 3.0 has no no_renegotiation: its refusal is fatal.
      if (dialect.alert(AlertLevel.warning, "no_renegotiation")?.level === AlertLevel.fatal) {
        const detail = "the peer wants to renegotiate, which SSL 3.0 cannot decline";
        return Effect.fail(new Refused({ reason: "renegotiation_not_known", detail }));
      }
      wire.alert(AlertLevel.warning, "no_renegotiation");
      return Effect.zipRight(ignore, wire.push);
    },
    ignore: () => ignore,
    close: () => {
      const detail = "the peer wants to renegotiate, and we do not";
      return Effect.fail(new Refused({ reason: "renegotiation_closed", detail }));
    },
  };
  return {
    counted,
    ignore,
    answer: (previous) => {
      if (state.writing() !== "open") return ignore;
      const safe = policy.renegotiation !== "allow" || isSafe(previous, policy);
      return answers[safe ? policy.renegotiation : "refuse"](previous);
    },
  };
};
