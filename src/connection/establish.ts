/** A connection, during and after its handshakes. @module */
import { Context, DefaultServices, Effect, Runtime, Scope, Tracer } from "../deps.ts";
import type { TlsError } from "../faults/tls_error.ts";
import { channelBinding, exportKeyingMaterial } from "../flights/bindings.ts";
import type { Established } from "../flights/established.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import { Crypto } from "../ports/crypto.ts";
import { SessionStore } from "../ports/sessions.ts";
import { wordsOf } from "../wire/words_of.ts";
import { peerCertificate } from "../x509/certificate/read_peer_certificate.ts";
import { boundedStore } from "./bounds/bounded_store.ts";
import { systemTimer } from "./bounds/deadline.ts";
import { heldStream } from "./bounds/held_stream.ts";
import { makeObservers } from "./bounds/observers.ts";
import { closing } from "./close.ts";
import type { Connection, Renegotiation } from "./connection.ts";
import { makeNegotiator } from "./handshakes/negotiator.ts";
import { decodeRenegotiation, type Program } from "./handshakes/program.ts";
import { LAST_WORDS, makeLife } from "./life.ts";
import { makePump, type Pump } from "./pump.ts";
import { receiving } from "./receive.ts";
import { sending } from "./send.ts";
import { makeState } from "./state.ts";
import { STREAMS, type Unstreamed, withStreams } from "./streams.ts";
import { makeWire } from "./wire.ts";

/** The tracer of whoever has none: what it notes nobody can see. */
const untraced = Context.get(DefaultServices.liveServices, Tracer.Tracer);

/** A span where somebody traces; it costs as much as a flight. */
const traced = <A, E, R>(name: string, of: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    Effect.tracer,
    (tracer) => tracer === untraced ? of : Effect.withSpan(of, name, { captureStackTrace: false }),
  );

/** So that all who ask for no change share one renegotiation. */
const AS_BEFORE: Renegotiation = {};

/** Runs the handshake over `stream` and gives the connection, which closes with its scope. */
export const establish = <R>(
  stream: ByteStream,
  program: Program<R>,
): Effect.Effect<Connection, TlsError, R | Crypto | SessionStore | Scope.Scope> =>
  Effect.gen(() => establishing(stream, program));

/** A generator, and not one in a closure, whose shape each connection would have anew. */
function* establishing<R>(
  given: ByteStream,
  program: Program<R>,
): Effect.fn.Return<Connection, TlsError, R | Crypto | SessionStore | Scope.Scope> {
  const runtime = yield* Effect.runtime<R | Crypto | SessionStore | Scope.Scope>();
  const context = Context.add(
    runtime.context,
    SessionStore,
    boundedStore(Context.get(runtime.context, SessionStore), program.policy.limits.storeWait),
  );
  const { hash } = Context.get(context, Crypto);
  const outer = Context.get(context, Scope.Scope);
  /** Of the connection's own fibers: they end after it was said how it ends. */
  const scope = yield* Scope.make();
  const stream = heldStream(given);
  const { role, policy } = program;
  const { limits } = policy;
  const state = makeState();
  const observers = makeObservers(
    program.observe,
    (thrown) => Runtime.runFork(runtime, Effect.logWarning(`an observer failed: ${wordsOf(thrown)}`)),
  );
  state.onReadingEnd(observers.end);
  const now: { established: Established | undefined } = { established: undefined };
  let silence: (() => void) | undefined;
  const wire = makeWire(stream, role, limits, policy, {
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

  const { close, finalize } = closing({ wire, state, life, pump, closeWait: limits.closeWait });
  yield* Scope.addFinalizerExit(outer, (exit) => Effect.ensuring(finalize(exit), Scope.close(scope, exit)));
  yield* traced(`effect-tls.${role}.handshake`, life.guardHandshake(negotiator.first));

  const finished = (): Established => now.established!; // the first handshake is over
  const readWithEpoch = receiving({ wire, state, pump });
  const connection: Unstreamed = {
    negotiated: Effect.sync(() => finished().negotiated),
    peerCertificates: Effect.sync(() => finished().peerCertificates.map((raw) => peerCertificate(raw, hash))),
    read: Effect.map(readWithEpoch, (received) => received?.data),
    readWithEpoch,
    ...sending({ wire, state, life }),
    renegotiate: negotiator.renegotiate(AS_BEFORE),
    renegotiateWith: (changes) => Effect.flatMap(decodeRenegotiation(role, changes), negotiator.renegotiate),
    exportKeyingMaterial: (label, length, context) =>
      Effect.suspend(() => exportKeyingMaterial(finished(), policy, label, length, context)),
    channelBinding: (type) => Effect.suspend(() => channelBinding(finished(), policy, type)),
    close,
    abort: life.abort,
    state: Effect.sync(() => ({ reading: state.reading(), writing: state.writing() })),
    [STREAMS]: { observers, run: Runtime.runPromise(runtime) },
  };
  return withStreams(connection);
}
