/**
 * A connection's handshakes: the first, and those that either end asks for later (RFC 5246 §7.4.1.1, §7.4.1.2).
 *
 * @module
 */
import { type Context, Deferred, Effect, Exit, FiberId, type Scope } from "../../deps.ts";
import {
  Closed,
  HandshakeTimeout,
  RenegotiationRefused,
  UnexpectedMessage,
} from "../../faults/errors/connection.ts";
import type { TlsError } from "../../faults/tls_error.ts";
import type { Established, Established13 } from "../../flights/agreed/established.ts";
import { kindOf, nameOfComing } from "../../grammar/message_kind.ts";
import {
  Certificate13,
  CertificateRequest13,
  ClientHello,
  CompressedCertificate,
  EndOfEarlyData,
  HelloRequest,
  KeyUpdate,
  NewSessionTicket13,
  ServerHello,
} from "../../messages/mod.ts";
import { HandshakeType } from "../../names/protocol.ts";
import type { Due } from "../../record/due.ts";
import { deadline, type Silence } from "../bounds/deadline.ts";
import { LAST_WORDS, type Life } from "../life.ts";
import type { ConnectionState } from "../state.ts";
import type { Wire } from "../wire.ts";
import { makeAsked } from "./asked.ts";
import { type Attempt, makeAttempts } from "./attempt.ts";
import type { Program } from "./program.ts";
import { makeRenegotiate, type Renegotiate } from "./renegotiate.ts";
import { makeRun } from "./run.ts";

/** The handshakes of one connection. */
export interface Negotiator {
  /** The first handshake. */
  readonly first: Effect.Effect<Established, TlsError>;
  /** What may come while no flight is awaited. */
  readonly due: Due;
  /** Handles the message that is ahead. */
  readonly arrived: Effect.Effect<void, TlsError>;
  /** Handles the peer's warning no_renegotiation. */
  readonly noRenegotiation: () => void;
  /** Begins a renegotiation. */
  readonly renegotiate: Renegotiate["renegotiate"];
  /** Waits until the peer has finished the first handshake, which after early data may be later than the connection. */
  readonly confirmed: Effect.Effect<void, TlsError>;
  /** TLS 1.3: changes our keys, and the peer's as well if `request` asks for that. */
  readonly updateKeys: (request: boolean) => Effect.Effect<void, TlsError>;
  /** Whether our keys must change before more data is sent: they are worn out (RFC 8446 §5.5), or the peer asked for it. */
  readonly mustRefresh: () => boolean;
  /** Changes our keys if they must. Nothing before TLS 1.3. */
  readonly refreshKeys: Effect.Effect<void, TlsError>;
}

/** The messages that begin a handshake, or answer the first, or come after one, and how long each is at most. */
const openings: ReadonlyMap<HandshakeType, number> = new Map(
  [
    kindOf(HelloRequest),
    kindOf(ClientHello),
    kindOf(ServerHello),
    kindOf(NewSessionTicket13),
    kindOf(KeyUpdate),
    kindOf(CertificateRequest13),
    kindOf(Certificate13),
    kindOf(CompressedCertificate),
    kindOf(EndOfEarlyData),
  ].map(({ type, most }) => [type, most]),
);

/** The messages that show a client's chain. */
const chains: ReadonlySet<HandshakeType> = new Set([
  HandshakeType.certificate,
  HandshakeType.compressed_certificate,
]);

/** The handshakes of a connection, which run in fibers of its scope. */
export const makeNegotiator = <R>(of: {
  readonly program: Program<R>;
  readonly wire: Wire;
  readonly state: ConnectionState;
  /** What the last finished handshake left; `undefined` before the first is finished. */
  readonly now: { established: Established | undefined };
  readonly life: Life;
  readonly pumpOnce: Effect.Effect<void, TlsError>;
  readonly context: Context.Context<R>;
  readonly scope: Scope.Scope;
}): Negotiator => {
  const { life, now, program, state, wire } = of;
  const { role, policy: { limits } } = program;
  const running = makeRun({ ...of, limits });
  const attempts = makeAttempts(role, state);
  const { launch, renegotiate } = makeRenegotiate({ ...of, limits, attempts, running });
  const asked = makeAsked({ ...of, attempts, running, launch });

  /** The rest of the first handshake, if data of ours may go before it. */
  let rest: Effect.Effect<Established, TlsError> | undefined;
  /** How that ends, from when it is there until the peer has finished. */
  let unconfirmed: Deferred.Deferred<void, TlsError> | undefined;
  /** Whether a message of this type may come after the handshake; up to TLS 1.2 it asks for another one. */
  const mayCome = (type: HandshakeType): boolean =>
    rest
      ? type === HandshakeType.end_of_early_data
      : now.established?.dialect.afterHandshake[role].includes(type) ?? false;
  /** Whether a message of this type answers our ClientHello, or in TLS 1.3 our CertificateRequest. */
  const isAnswer = (type: HandshakeType): boolean =>
    role === "client"
      ? attempts.current() !== undefined && type === HandshakeType.server_hello
      : now.established?.era === "tls13" && chains.has(type) &&
        (attempts.current() !== undefined || attempts.isLate());

  /** Handles a message after a handshake of TLS 1.3. It is no handshake: what we write meanwhile is sent. */
  const met = (left: Established13): Effect.Effect<void, TlsError> => {
    const coming = wire.ahead();
    const type = coming?._tag === "Handshake" ? coming.type : undefined;
    const services = running.servicesAfter(left);
    // The answer to a request is a signature, by whoever has the key: that takes as long as in a handshake, and no longer.
    const meeting = type === HandshakeType.certificate_request
      ? Effect.zipRight(asked.counted, deadline(limits.handshakeTimeout, program.met(left), services))
      : Effect.provide(program.met(left), services);
    return meeting.pipe(
      Effect.map((change) => void (now.established = change(now.established as Established13))),
      Effect.zipRight(wire.push),
    );
  };
  const updateKeys: Negotiator["updateKeys"] = (request) =>
    Effect.suspend(() => {
      const end = state.writeFault();
      if (end) return Effect.fail(end);
      if (unconfirmed) return Effect.zipRight(confirmed, updateKeys(request));
      if (state.mustWait()) return Effect.zipRight(state.idle, updateKeys(request));
      const left = now.established!;
      if (left.era !== "tls13") return Effect.fail(new RenegotiationRefused({ by: "older" }));
      return Effect.zipRight(
        Effect.provide(program.updateKeys(left, request), running.servicesAfter(left)),
        life.guard(wire.flush),
      );
    });
  const mustRefresh = () =>
    wire.records.isWornOut || now.established?.era === "tls13" && now.established.keys.owed;
  const refreshKeys: Negotiator["refreshKeys"] = Effect.suspend(() =>
    mustRefresh() ? updateKeys(false) : Effect.void
  );

  /** The peer's answer to our opening message: the rest of the handshake begins. */
  const answered = (attempt: Attempt): Effect.Effect<void, TlsError> => {
    const { rest } = attempt;
    if (!rest) return Effect.zipRight(Deferred.await(attempt.opened), arrived);
    // After our close_notify we can send nothing (RFC 5246 §7.2.1).
    if (state.writing() !== "open") {
      attempts.giveUp(attempt, new Closed());
      return asked.ignore;
    }
    attempt.rest = undefined;
    return Effect.map(rest, ({ negotiated }) => attempts.settle(attempt, Effect.succeed(negotiated)));
  };
  const arrived: Negotiator["arrived"] = Effect.suspend((): Effect.Effect<void, TlsError> => {
    const coming = wire.ahead()!;
    const type = coming._tag === "Handshake" ? coming.type : undefined;
    const { established } = now;
    if (rest) {
      const finishing = rest;
      rest = undefined;
      const end = unconfirmed!;
      return Effect.onExit(finishing, (exit) => {
        if (Exit.isSuccess(exit)) unconfirmed = undefined;
        return Deferred.done(end, Exit.asVoid(exit));
      });
    }
    if (established?.era === "tls13" && type !== undefined && mayCome(type)) return met(established);
    const attempt = attempts.current() ?? attempts.takeLate();
    if (attempt) {
      // A HelloRequest that crosses our ClientHello is answered by it.
      return type === HandshakeType.hello_request ? asked.ignore : answered(attempt);
    }
    if (type !== undefined && mayCome(type) && established?.era === "until12") {
      return asked.answer(established);
    }
    wire.drop();
    return Effect.fail(
      new UnexpectedMessage({ expected: ["ApplicationData"], got: nameOfComing(coming) }),
    );
  });

  /** A server waits for the client, which speaks first. */
  const silence: Silence | undefined = role === "server"
    ? { milliseconds: limits.firstByteTimeout, heard: wire.heard }
    : undefined;
  /** Sends the last flight. If the stream does not take it, the peer may have said why: its alert is read. */
  const flushed = Effect.catchIf(wire.flush, () => state.writing() === "broken", (error) => {
    const reading: Effect.Effect<never, TlsError> = Effect.flatMap(wire.step, () => reading);
    const heard = Effect.catchIf(reading, (e) => e._tag !== "PeerAlert", () => Effect.fail(error));
    return Effect.timeoutFail(heard, { duration: LAST_WORDS, onTimeout: () => error });
  });

  /** A server of TLS 1.3 has only tickets left to send, and does not wait for a client to read them. */
  const sent = ({ era }: Established): Effect.Effect<void, TlsError> =>
    role === "server" && era === "tls13" ? wire.push : flushed;

  /** Keeps the rest of a handshake whose early data was accepted, until it comes or takes too long. */
  const keepRest =
    (services: ReturnType<typeof running.services>) => (left: Established): Effect.Effect<void> => {
      const unfinished = left.era === "tls13" ? program.rest(left) : undefined;
      if (!unfinished) return Effect.void;
      rest = running.run(unfinished, services);
      unconfirmed = Deferred.unsafeMake(FiberId.none);
      const milliseconds = limits.handshakeTimeout;
      const late = Effect.zipRight(
        Effect.sleep(milliseconds),
        Effect.suspend(() =>
          rest ? life.guard(Effect.fail(new HandshakeTimeout({ milliseconds }))) : Effect.void
        ),
      );
      return Effect.asVoid(Effect.forkIn(Effect.ignore(late), of.scope));
    };
  const confirmed: Negotiator["confirmed"] = Effect.suspend(() => {
    if (!unconfirmed) return state.mustWait() ? state.idle : Effect.void;
    if (!rest) return Deferred.await(unconfirmed);
    const end = state.readFault() ?? (state.reading() === "ended" ? new Closed() : undefined);
    return end ? Effect.fail(end) : Effect.zipRight(of.pumpOnce, confirmed);
  });

  return {
    first: Effect.suspend(() => {
      const services = running.services();
      return Effect.tap(
        running.run(Effect.flatten(program.open(undefined)), services, sent, silence),
        keepRest(services),
      );
    }),
    confirmed,
    due: {
      expected: () => ["ApplicationData"],
      most: (type) => mayCome(type) || isAnswer(type) ? openings.get(type) : undefined,
    },
    arrived,
    noRenegotiation: () => {
      const attempt = attempts.current();
      if (!attempt?.rest) return;
      wire.forgive();
      attempts.giveUp(attempt, new RenegotiationRefused({ by: "peer" }));
    },
    renegotiate: (changes) =>
      Effect.suspend(() =>
        unconfirmed ? Effect.zipRight(confirmed, renegotiate(changes)) : renegotiate(changes)
      ),
    updateKeys,
    mustRefresh,
    refreshKeys,
  };
};
