/** A connection, during and after its handshakes. @module */
import {
  Context,
  DefaultServices,
  Effect,
  Either,
  Exit,
  Runtime,
  Scope,
  type Stream,
  Tracer,
} from "./deps.ts";
import { systemTimer, within } from "./connection/deadline.ts";
import { LAST_WORDS, makeLife } from "./connection/life.ts";
import { makeNegotiator } from "./connection/negotiator.ts";
import { decodeRenegotiation, type Program, type Renegotiation } from "./connection/program.ts";
import { makePump, type Pump } from "./connection/pump.ts";
import { makeObservers, type Observers } from "./connection/observers.ts";
import { makeState, type Reading, type Writing } from "./connection/state.ts";
import { type HandshakeError, InvalidOption } from "./errors.ts";
import type { ConnectionEvent, EventsLost } from "./events.ts";
import type { Established, Negotiated } from "./flights/agreed.ts";
import {
  type BindingUnavailable,
  channelBinding,
  type ChannelBindingType,
  exportKeyingMaterial,
} from "./flights/bindings.ts";
import { ContentType } from "./names/protocol.ts";
import { attempt } from "./record/attempt.ts";
import { makeWire, type Received } from "./record/wire.ts";
import { Crypto } from "./services/crypto.ts";
import type { ByteStream } from "./services/transport.ts";
import { type Bytes, isBytes } from "./wire/bytes.ts";
import { type PeerCertificate, peerCertificate } from "./x509/peer_certificate.ts";
import { readableOf, type Run, writableOf } from "./web_streams.ts";

export type { Program, Renegotiation } from "./connection/program.ts";

/** An established TLS connection. All of it is safe to use from several fibers at once, and to interrupt. */
export interface Connection {
  /** What the last handshake agreed on. */
  readonly negotiated: Effect.Effect<Negotiated>;
  /**
   * The peer's certificates, leaf first, as of the last handshake; read when asked for, and once. `raw` of each is its
   * DER. A leaf can always be read; one above it that cannot is an `UnreadableCertificate` among the others.
   */
  readonly peerCertificates: Effect.Effect<ReadonlyArray<PeerCertificate>>;
  /**
   * Some application data, or `undefined` after the peer's close_notify. An interrupted `read` loses no byte. A stream
   * that ends without close_notify is `Truncated`, after the data before it was read. A `write` that fails takes nothing
   * from what can be read.
   */
  readonly read: Effect.Effect<Bytes | undefined, HandshakeError>;
  /**
   * As `read`, with the handshake under whose keys the data came: `negotiated.epoch` of that handshake. What came before
   * a renegotiation is thereby told from what came after, and the peer's first identity from its next.
   */
  readonly readEpoch: Effect.Effect<Received | undefined, HandshakeError>;
  /**
   * Sends application data, when no handshake is under way any more. It leaves at once (TCP waits for no more of it), so
   * gather what is small; what is large goes out in pieces of 64 KiB, each when the stream has taken the one before. It
   * ends when the stream has taken all. A `write` that the stream fails ends this half alone; an interrupted one closes
   * the stream: half a record may be on the wire. `InvalidOption`: `data` is no Uint8Array; nothing was sent.
   */
  readonly write: (data: Bytes) => Effect.Effect<void, HandshakeError>;
  /**
   * `read` and `write` as web streams. Closing `writable` is `closeWrite`, aborting it `abort`, as a pipe does whose
   * source fails; cancelling `readable` is `close`.
   */
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Another handshake on this connection, with new keys (RFC 5246 §7.4.1.1, §7.4.1.2). Ends when all data from before
   * can be read; an interruption leaves it to go on. Whoever asks meanwhile shares it. `RenegotiationRefused`: the peer
   * says no, or a client does not answer; the connection goes on. What arrives meanwhile must be read, beyond
   * `limits.renegotiationBuffer` bytes.
   */
  readonly renegotiate: Effect.Effect<Negotiated, HandshakeError>;
  /**
   * The same with other settings: another suite, a client's certificate asked for only now. `InvalidOption`: one of them
   * is not of its type, and nothing was asked.
   */
  readonly renegotiateWith: (changes: Renegotiation) => Effect.Effect<Negotiated, HandshakeError>;
  /**
   * Keys for a use of their own, `length` bytes, from the last handshake (RFC 5705 §4). Without a context the keys are
   * others than with an empty one. Unavailable in SSL 3.0, for a label of the protocol's own, and, unless policy says
   * otherwise, without the extended master secret.
   */
  readonly exportKeyingMaterial: (
    label: string,
    length: number,
    context?: Bytes,
  ) => Effect.Effect<Bytes, BindingUnavailable>;
  /** What binds an authentication above to this connection (RFC 5929, RFC 9266), as of the last handshake. */
  readonly channelBinding: (type: ChannelBindingType) => Effect.Effect<Bytes, BindingUnavailable>;
  /**
   * Handshake messages, changes of keys and alerts from now until the peer has said its last. A stream that is read too
   * slowly loses what comes when 1,024 events wait, and says how many it lost.
   */
  readonly events: Stream.Stream<ConnectionEvent | EventsLost>;
  /**
   * Half-close: sends close_notify; what the peer still sends can be read. A write that another fiber has under way
   * ends with what it has sent so far: wait for it before.
   */
  readonly closeWrite: Effect.Effect<void, HandshakeError>;
  /**
   * Sends close_notify as long as the stream takes it (`limits.writeWait`), waits a moment for the peer's
   * (`limits.closeWait`), and closes the stream. What has arrived and was not read is lost. Never fails; may be called
   * again.
   */
  readonly close: Effect.Effect<void>;
  /**
   * Ends the connection where an answer broke off: the fatal alert internal_error instead of close_notify, so that the
   * peer does not take what it got for the whole (RFC 5246 §7.2.1). A scope that closes with a failure does this. Never
   * fails; may be called again.
   */
  readonly abort: Effect.Effect<void>;
  /** How far each half is: docs/ends.md. */
  readonly ends: Effect.Effect<{ readonly reading: Reading; readonly writing: Writing }>;
}

/** Bytes that are sealed before they are handed on; bounds the memory of a write. */
const PIECE = 4 * 2 ** 14;

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
): Effect.Effect<Connection, HandshakeError, R | Crypto | Scope.Scope> =>
  Effect.gen(() => establishing(stream, program));

/** A generator, and not one in a closure, whose shape each connection would have anew. */
function* establishing<R>(
  stream: ByteStream,
  program: Program<R>,
): Effect.fn.Return<Connection, HandshakeError, R | Crypto | Scope.Scope> {
  const runtime = yield* Effect.runtime<R | Crypto | Scope.Scope>();
  const { context } = runtime;
  const { hash } = Context.get(context, Crypto);
  const scope = Context.get(context, Scope.Scope);
  const { role, policy } = program;
  const { limits } = policy;
  const state = makeState();
  const observers = makeObservers(
    program.observe,
    (thrown) => Runtime.runFork(runtime, Effect.logWarning(`an observer failed: ${String(thrown)}`)),
  );
  state.onReadingEnd(observers.end);
  const now: { established: Established | undefined } = { established: undefined };
  let silence: (() => void) | undefined;
  const wire = makeWire(stream, role, limits, policy, {
    handshaking: state.handshaking,
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
  const pumpOnce: Effect.Effect<void, HandshakeError> = Effect.suspend(() => pump.once);
  const negotiator = makeNegotiator({ program, wire, state, now, life, pumpOnce, context, scope });
  const pump: Pump = makePump({ wire, life, state, scope }, {
    handshake: negotiator.arrived,
    noRenegotiation: negotiator.noRenegotiation,
  });

  // ---- what a user does ----

  const readEpoch: Connection["readEpoch"] = Effect.suspend(() => {
    const received = wire.read();
    if (received) return Effect.succeed(received);
    if (state.reading() === "ended") return Effect.succeed(undefined);
    const end = state.readFault();
    if (end) return Effect.fail(end);
    // What is here already needs no fiber.
    return Effect.flatMap(
      pump.buffered,
      (what) => what === undefined ? Effect.zipRight(pumpOnce, readEpoch) : readEpoch,
    );
  });
  const read: Connection["read"] = Effect.map(readEpoch, (received) => received?.data);

  const oneWriter = Effect.unsafeMakeSemaphore(1);
  const mustWait = (): boolean => state.handshaking() && state.writing() === "open";
  const write: Connection["write"] = (data) => {
    const from = (at: number): Effect.Effect<void, HandshakeError> =>
      Effect.suspend(() => {
        const end = state.writeFault();
        if (end) return Effect.fail(end);
        if (mustWait()) return Effect.zipRight(state.idle, from(at));
        const sealed = attempt(() =>
          wire.records.write(ContentType.application_data, data.subarray(at, at + PIECE))
        );
        if (Either.isLeft(sealed)) return life.guard(Effect.fail(sealed.left));
        const rest = at + PIECE;
        return rest < data.length ? Effect.zipRight(wire.flush, from(rest)) : wire.flush;
      });
    return isBytes(data) ? oneWriter.withPermits(1)(from(0)) : Effect.fail(noBytes(data));
  };

  const closeWrite: Connection["closeWrite"] = Effect.suspend(() => {
    const end = state.writing() === "ended" ? undefined : state.writeFault();
    if (end) return Effect.fail(end);
    if (mustWait()) return Effect.zipRight(state.idle, closeWrite);
    life.happened("half_closed");
    return wire.flush;
  });

  /** `close` reads on for nobody. */
  const peersGoodbye: Effect.Effect<void, HandshakeError> = Effect.suspend(() => {
    wire.discard();
    return state.reading() === "discarding" ? Effect.zipRight(pumpOnce, peersGoodbye) : Effect.void;
  });
  const close: Connection["close"] = Effect.suspend(() => {
    if (mustWait()) return life.cancel;
    life.happened("closing");
    return life.depart(
      Effect.suspend(() =>
        state.writing() === "ended" ? within(limits.closeWait, peersGoodbye) : Effect.void
      ),
    );
  });

  // A scope that closes says goodbye too, but waits for nobody.
  yield* Scope.addFinalizerExit(
    scope,
    (exit) => {
      if (Exit.isFailure(exit)) return life.abort;
      life.happened("closing");
      return life.depart(Effect.void);
    },
  );
  yield* traced(`effect-tls.${role}.handshake`, life.guardHandshake(negotiator.first));

  const left = (): Established => now.established!; // the first handshake is over
  const connection: Rest = {
    negotiated: Effect.sync(() => left().negotiated),
    peerCertificates: Effect.sync(() => left().peerCertificates.map((raw) => peerCertificate(raw, hash))),
    read,
    readEpoch,
    write,
    renegotiate: negotiator.renegotiate(AS_BEFORE),
    renegotiateWith: (changes) => Effect.flatMap(decodeRenegotiation(changes), negotiator.renegotiate),
    exportKeyingMaterial: (label, length, context) =>
      Effect.suspend(() => exportKeyingMaterial(left(), policy, label, length, context)),
    channelBinding: (type) => Effect.suspend(() => channelBinding(left(), policy, type)),
    closeWrite,
    close,
    abort: life.abort,
    ends: Effect.sync(() => ({ reading: state.reading(), writing: state.writing() })),
    [STREAMS]: { observers, run: Runtime.runPromise(runtime) },
  };
  // They are the three that it lacks.
  return Object.defineProperties(connection, streams) as Rest & Connection;
}

/** What a connection's streams are made of, and those that were asked for. */
interface Streams {
  readonly observers: Observers;
  readonly run: Run;
  events?: Connection["events"];
  readable?: Connection["readable"];
  writable?: Connection["writable"];
}
const STREAMS = Symbol("streams");
type Rest = Omit<Connection, "events" | "readable" | "writable"> & { readonly [STREAMS]: Streams };

/**
 * The streams of a connection, each made when it is first asked for. Members of its own, so that it can be spread and
 * inherited from; and the same accessors for all: such as are closures would give each connection a shape of its own,
 * which no compiled code knows.
 */
const streams: Readonly<Record<"events" | "readable" | "writable", PropertyDescriptor & ThisType<Rest>>> = {
  events: {
    enumerable: true,
    get() {
      return this[STREAMS].events ??= this[STREAMS].observers.events;
    },
  },
  readable: {
    enumerable: true,
    get() {
      return this[STREAMS].readable ??= readableOf(this, this[STREAMS].run);
    },
  },
  writable: {
    enumerable: true,
    get() {
      return this[STREAMS].writable ??= writableOf(this, this[STREAMS].run);
    },
  },
};

/** By its own word for itself: a Uint8Array of another realm is one, too. */
const noBytes = (data: unknown): InvalidOption =>
  new InvalidOption({
    option: "data",
    expected: "a Uint8Array",
    got: Object.prototype.toString.call(data).slice(8, -1),
  });
