/** Makes a connection of a byte stream: its parts, its first handshake, and what a user has of it. @module */
import { Cause, Context, DefaultServices, Effect, Exit, Runtime, Scope, Tracer } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Established } from "../flights/agreed/established.ts";
import { channelBinding, exportEarlyKeyingMaterial, exportKeyingMaterial } from "../flights/bindings.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import { CertificateCompression } from "../ports/certificate_compression.ts";
import { Crypto } from "../ports/crypto.ts";
import { PreSharedKeys } from "../ports/pre_shared_keys.ts";
import { RecordPadding } from "../ports/record_padding.ts";
import { RetryCookies } from "../ports/retry_cookies.ts";
import { SessionStore } from "../ports/sessions.ts";
import { SessionTickets } from "../ports/tickets.ts";
import { wordsOf } from "../wire/words_of.ts";
import { peerCertificate } from "../x509/certificate/read_peer_certificate.ts";
import { boundedCompressor } from "./bounds/bounded_compression.ts";
import { boundedPadding } from "./bounds/bounded_padding.ts";
import { boundedPsks } from "./bounds/bounded_psks.ts";
import { boundedCookies, boundedTickets } from "./bounds/bounded_seals.ts";
import { boundedStore } from "./bounds/bounded_store.ts";
import { systemTimer } from "./bounds/deadline.ts";
import { heldStream } from "./bounds/held_stream.ts";
import { makeObservers, type Observers } from "./bounds/observers.ts";
import { type Closing, closing } from "./close.ts";
import type { Connection, Renegotiation } from "./connection.ts";
import { makeNegotiator, type Negotiator } from "./handshakes/negotiator.ts";
import { decodeKeyUpdate, decodeRenegotiation, type Program } from "./handshakes/program.ts";
import { LAST_WORDS, type Life, makeLife } from "./life.ts";
import { makePump, type Pump } from "./pump.ts";
import { receiving } from "./receive.ts";
import { sending } from "./send.ts";
import { type ConnectionState, makeState } from "./state.ts";
import { STREAMS, type Unstreamed, withStreams } from "./streams.ts";
import { unwrapping } from "./unwrap.ts";
import { makeWire, type Wire } from "./wire.ts";

/** The tracer that Effect has by default: nobody sees its spans. */
const untraced = Context.get(DefaultServices.liveServices, Tracer.Tracer);

/** A span around an effect, if there is a tracer; a span costs as much as a flight. */
const traced = <A, E, R>(name: string, of: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.tracer,
    (tracer) => tracer === untraced ? of : Effect.withSpan(of, name, { captureStackTrace: false }),
  );

/** One object, so that all callers that ask for no change share one renegotiation. */
const AS_BEFORE: Renegotiation = {};

/** Runs the handshake over `stream` and gives the connection, which closes with its scope. */
export const establish = <R>(
  stream: ByteStream,
  program: Program<R>,
): Effect.Effect<Connection, TlsError, R | Crypto | SessionStore | Scope.Scope> =>
  Effect.gen(() => establishing(stream, program));

/** A generator of its own, not one in a closure: each connection would make that anew (docs/adr/0014). */
function* establishing<R>(
  stream: ByteStream,
  program: Program<R>,
): Effect.fn.Return<Connection, TlsError, R | Crypto | SessionStore | Scope.Scope> {
  const runtime = yield* Effect.runtime<R | Crypto | SessionStore | Scope.Scope>();
  const outer = Context.get(runtime.context, Scope.Scope);
  /** The scope of the connection's own fibers, which end after the last words are sent. */
  const scope = yield* Scope.make();
  const parts = makeParts(stream, program, runtime, scope);
  const { life, negotiator, finalize } = parts;
  yield* Scope.addFinalizerExit(outer, (exit) => Effect.ensuring(finalize(exit), Scope.close(scope, exit)));
  yield* traced(`effect-tls.${program.role}.handshake`, life.guardHandshake(negotiator.first));
  return withStreams(connectionOf(parts, stream, program, runtime));
}

/** Runs what a web stream asks for. Its consumer gets the error itself: it may know nothing of Effect. */
const running =
  (runtime: Runtime.Runtime<never>) => async <A>(of: Effect.Effect<A, TlsError>): Promise<A> => {
    const exit = await Runtime.runPromiseExit(runtime)(of);
    if (Exit.isSuccess(exit)) return exit.value;
    throw Cause.squash(exit.cause);
  };

/** What a connection is made of. */
interface Parts extends Closing {
  readonly wire: Wire;
  readonly state: ConnectionState;
  readonly observers: Observers;
  readonly life: Life;
  readonly negotiator: Negotiator;
  readonly pump: Pump;
  /** What the last finished handshake left; `undefined` before the first is finished. */
  readonly now: { established: Established | undefined };
}

/** The parts of a connection, wired together. Nothing is read or written yet. */
const makeParts = <R>(
  given: ByteStream,
  program: Program<R>,
  runtime: Runtime.Runtime<R | Crypto | SessionStore | Scope.Scope>,
  scope: Scope.Scope,
): Parts => {
  const { role, policy, policy: { limits } } = program;
  const store = boundedStore(Context.get(runtime.context, SessionStore), limits.storeWait);
  const context = bounded(Context.add(runtime.context, SessionStore, store), limits.storeWait);
  const stream = heldStream(given);
  const state = makeState();
  const warn = (what: string) => (thrown: unknown): void =>
    void Runtime.runFork(runtime, Effect.logWarning(`${what} failed: ${wordsOf(thrown)}`));
  const observers = makeObservers(program.observe, warn("an observer"));
  state.onReadingEnd(observers.end);
  const now: Parts["now"] = { established: undefined };
  let silence: (() => void) | undefined;
  const rule = Context.get(runtime.context, RecordPadding);
  const padding = rule && boundedPadding(rule, warn("the padding of records"));
  const wire = makeWire(stream, role, limits, { ...policy, padding }, {
    handshaking: state.handshaking,
    due: () => negotiator.due,
    broke: (why) => {
      life.happened(why._tag === "Closed" ? "write_interrupted" : "write_failed", why);
      // A handshake goes on only to hear the peer's reason.
      if (state.handshaking()) silence ??= systemTimer(LAST_WORDS, () => Effect.runFork(stream.close));
    },
  }, observers.tell);
  const life = makeLife({
    stream,
    wire,
    state,
    limits,
    established: () => now.established,
    forget: Effect.suspend(() => Effect.provide(program.forget(now.established), context)),
    released: () => silence?.(),
  });
  const pumpOnce: Effect.Effect<void, TlsError> = Effect.suspend(() => pump.once);
  const negotiator = makeNegotiator({ program, wire, state, now, life, pumpOnce, context, scope });
  const pump: Pump = makePump({ wire, life, state, scope }, {
    handshake: negotiator.arrived,
    noRenegotiation: negotiator.noRenegotiation,
  });
  const ends = closing({ wire, state, life, pump, closeWait: limits.closeWait });
  return { wire, state, observers, life, negotiator, pump, now, ...ends };
};

/** The services, with a deadline for those that may be a user's own. */
const bounded = <R>(context: Context.Context<R>, milliseconds: number): Context.Context<R> => {
  const psks = Context.get(context, PreSharedKeys);
  const cookies = Context.get(context, RetryCookies);
  const tickets = Context.get(context, SessionTickets);
  const compression = Context.get(context, CertificateCompression);
  return context.pipe(
    Context.add(SessionTickets, tickets && boundedTickets(tickets, milliseconds)),
    Context.add(CertificateCompression, compression.map((one) => boundedCompressor(one, milliseconds))),
    Context.add(PreSharedKeys, psks && boundedPsks(psks, milliseconds)),
    Context.add(RetryCookies, cookies && boundedCookies(cookies, milliseconds)),
  );
};

/** What a user has of a connection whose first handshake is finished. */
const connectionOf = <R>(
  parts: Parts,
  stream: ByteStream,
  { role, policy }: Program<R>,
  runtime: Runtime.Runtime<Crypto>,
): Unstreamed => {
  const { state, observers, life, negotiator, now, close } = parts;
  const { hash } = Context.get(runtime.context, Crypto);
  const finished = (): Established => now.established!; // the first handshake is
  const readWithEpoch = receiving(parts);
  const writing = sending(parts);
  return {
    negotiated: Effect.sync(() => finished().negotiated),
    peerCertificates: Effect.sync(() => finished().peerCertificates.map((raw) => peerCertificate(raw, hash))),
    peerVerdict: Effect.sync(() => finished().peerVerdict),
    read: Effect.map(readWithEpoch, (received) => received?.data),
    readWithEpoch,
    ...writing,
    renegotiate: negotiator.renegotiate(AS_BEFORE),
    requestClientCertificate: (clientAuth = "require") =>
      Effect.flatMap(decodeRenegotiation(role, { clientAuth }, "clientAuth"), negotiator.renegotiate),
    confirmed: negotiator.confirmed,
    exportEarlyKeyingMaterial: (label, length, context) =>
      Effect.suspend(() => exportEarlyKeyingMaterial(finished(), label, length, context)),
    updateKeys: (options = {}) =>
      Effect.flatMap(decodeKeyUpdate(options), ({ request = false }) => negotiator.updateKeys(request)),
    renegotiateWith: (changes) => Effect.flatMap(decodeRenegotiation(role, changes), negotiator.renegotiate),
    exportKeyingMaterial: (label, length, context) =>
      Effect.suspend(() => exportKeyingMaterial(finished(), policy, label, length, context)),
    channelBinding: (type) => Effect.suspend(() => channelBinding(finished(), policy, type)),
    close,
    unwrap: unwrapping(stream, parts, writing.closeWrite),
    abort: life.abort,
    state: Effect.sync(() => ({ reading: state.reading(), writing: state.writing() })),
    [STREAMS]: { observers, run: running(runtime) },
  };
};
