/**
 * A connection's records over its byte stream: what arrives, what leaves, and the stream of handshake messages that
 * the flights see. Nothing here knows an order of messages.
 *
 * @module
 */
import { Deferred, Effect, Either, FiberId } from "../deps.ts";
import { LimitExceeded, PeerAlert, Truncated } from "../faults/errors/connection.ts";
import type { WireError } from "../faults/faults.ts";
import { HelloRequest } from "../messages/hello_request.ts";
import { AlertDescription, AlertLevel, type AlertName } from "../names/alert.ts";
import { ContentType, HandshakeType } from "../names/protocol.ts";
import type { Side } from "../names/side.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import type { Observe } from "../ports/observer.ts";
import type { Arrival, HandshakeMessage } from "../record/arrival.ts";
import { attempt } from "../record/attempt.ts";
import type { Due } from "../record/due.ts";
import {
  type Coming,
  type HandshakeStream,
  handshakeStream,
  type VersionInUse,
} from "../record/handshake_stream.ts";
import type { RecordOptions } from "../record/limits.ts";
import { Records } from "../record/records.ts";
import type { Limits } from "../tables/policy.ts";
import { make } from "../wire/codec.ts";
import type { ReceivedData } from "./connection.ts";
import { type Broke, makeOutbox, type Outbox } from "./outbox.ts";

/** What one step of the pump met. */
export type Met = "data" | "handshake" | "warning" | "no_renegotiation" | "close_notify";

/** A connection's records, in both directions. */
export interface Wire extends Outbox {
  readonly records: Records;
  /** Whether the peer has sent anything at all. */
  readonly heard: () => boolean;
  /** The oldest application data that arrived and was not read yet. */
  readonly read: () => ReceivedData | undefined;
  /** Handles one arrival: data goes to the inbox, a handshake message or change of keys becomes `ahead`. */
  readonly step: Effect.Effect<Met, WireError>;
  /** As `step` for what has arrived already; `undefined` when more bytes are wanted. */
  readonly poll: (due?: Due) => Either.Either<Met | undefined, WireError>;
  /** What a handshake would take next, if it has arrived. */
  readonly ahead: () => Coming | undefined;
  /** Passes over what is ahead. */
  readonly drop: () => void;
  /** Counts one more request that is passed over or declined. */
  readonly passOver: () => Either.Either<void, LimitExceeded>;
  /** Whether unread data fills more than half of `limits.renegotiationBuffer`. */
  readonly crowded: () => boolean;
  /** Waits until it no longer does. */
  readonly room: Effect.Effect<void>;
  /** Throws away what arrived and was not read, and what still comes: behind a gap nothing may be read. */
  readonly discard: () => void;
  /** The last warning was asked for: it does not count. */
  readonly forgive: () => void;
  /** Puts an alert into the outbox, as the version that is spoken calls it. */
  readonly alert: (level: AlertLevel, description: AlertName) => void;
  /** A stream of messages for one handshake, with a transcript of its own. */
  readonly handshake: () => HandshakeStream;
}

/** What the wire must know of the connection's state. */
export interface WireState {
  readonly broke: Broke;
  /** Whether a handshake is under way. */
  readonly handshaking: () => boolean;
  /** What may come where no flight is awaited. */
  readonly due: () => Due;
}

/** The wire of one connection over `stream`. */
export const makeWire = (
  stream: ByteStream,
  role: Side,
  limits: Limits,
  options: RecordOptions,
  state: WireState,
  observe: Observe | undefined,
): Wire => {
  // Nobody answers in the format of SSL 2.0.
  const records = new Records(limits, { ...options, sslv2Hello: role === "server" && options.sslv2Hello });
  const outbox = makeOutbox(stream, records, state.broke);
  const { handshaking } = state;
  let inbox: Array<ReceivedData> = [];
  let unread = 0;
  let heard = false;
  let deaf = false;
  let ahead: Coming | undefined;
  let warnings = 0;
  let helloRequests = 0;
  let opened: Pick<VersionInUse, "alert"> | undefined;
  let inUse: VersionInUse | undefined;

  const enough = limits.renegotiationBuffer / 2;
  let drained: Deferred.Deferred<void> | undefined;
  const crowded: Wire["crowded"] = () => unread > enough;
  const room: Wire["room"] = Effect.suspend(() =>
    crowded() ? Deferred.await(drained ??= Deferred.unsafeMake(FiberId.none)) : Effect.void
  );

  const received = (a: Arrival): Either.Either<Met, WireError> => {
    if (a._tag !== "Alert") warnings = 0;
    switch (a._tag) {
      case "ApplicationData":
        helloRequests = 0;
        if (deaf) return Either.right("data");
        unread += a.data.length;
        // What a reader waits for was asked for; more than that comes in the middle of a handshake alone.
        if (inbox.length > 0 && unread > limits.renegotiationBuffer) {
          return exceeded("renegotiationBuffer", unread);
        }
        inbox.push({ data: a.data, epoch: records.epochs.read });
        return Either.right("data");
      case "Alert":
        observe?.({ _tag: "alert", direction: "received", level: a.level, description: a.description });
        if (a.description === AlertDescription.close_notify) return Either.right("close_notify");
        if (a.level === AlertLevel.fatal) return Either.left(new PeerAlert(a));
        if (a.description === AlertDescription.no_certificate && handshaking() && inUse?.noCertificate) {
          ahead = { _tag: "NoCertificate" };
          return Either.right("handshake");
        }
        if (++warnings > limits.warningAlerts) return exceeded("warningAlerts", warnings);
        return Either.right(
          a.description === AlertDescription.no_renegotiation ? "no_renegotiation" : "warning",
        );
      case "Handshake":
        if (a.type === HandshakeType.hello_request) return helloRequest(a);
        if (handshaking()) helloRequests = 0;
        ahead = a;
        return Either.right("handshake");
      case "ChangeCipherSpec":
        ahead = a;
        return Either.right("handshake");
    }
  };

  /** RFC 5246 §7.4.1.1: a client in the middle of a handshake ignores it. */
  const helloRequest = (a: HandshakeMessage): Either.Either<Met, WireError> => {
    observe?.({
      _tag: "message",
      direction: "received",
      flight: 0,
      epoch: records.epochs.read,
      raw: a.raw,
      message: make(HelloRequest, undefined),
    });
    if (handshaking()) return Either.map(passOver(), () => "warning");
    ahead = a;
    return Either.right("handshake");
  };

  const exceeded = (limit: "warningAlerts" | "helloRequests" | "renegotiationBuffer", got: number) =>
    Either.left(new LimitExceeded({ limit, allowed: limits[limit], got }));

  const passOver: Wire["passOver"] = () =>
    ++helloRequests > limits.helloRequests ? exceeded("helloRequests", helloRequests) : Either.void;

  /** A client may be greeted at any time (RFC 5246 §7.4.1.1). */
  const greeted = (due: Due): Due =>
    role === "server"
      ? due
      : { ...due, most: (type) => type === HandshakeType.hello_request ? 0 : due.most(type) };
  let idle: Due | undefined;
  const poll: Wire["poll"] = (due = idle ??= greeted(state.due())) => {
    const arrived = attempt(() => records.next(due));
    if (Either.isLeft(arrived)) return Either.left(arrived.left);
    return arrived.right ? received(arrived.right) : Either.right(undefined);
  };

  /** Reads in a row that gave nothing: a stream that does nothing else may not keep timers waiting. */
  let empty = 0;
  /** One flight is one write: ours leaves when we wait for the peer's. */
  const more: HandshakeStream["more"] = Effect.zipRight(
    outbox.push,
    Effect.flatMap(stream.read, (bytes) => {
      if (!bytes) {
        const broken = handshaking() ? outbox.broken() : undefined;
        return Effect.fail(broken ?? new Truncated({ handshaking: handshaking() }));
      }
      if (bytes.length === 0) return ++empty % MANY_EMPTY === 0 ? breath : Effect.void;
      empty = 0;
      heard = true;
      records.feed(bytes);
      return Effect.void;
    }),
  );
  const step: Effect.Effect<Met, WireError> = Effect.suspend(() =>
    Either.match(poll(), {
      onLeft: Effect.fail,
      onRight: (what) => what !== undefined ? Effect.succeed(what) : Effect.zipRight(more, step),
    })
  );

  /** A close_notify in the middle of a handshake ends it. */
  const here: HandshakeStream["here"] = (due) => {
    while (!ahead) {
      const what = poll(greeted(due));
      if (Either.isLeft(what)) return Either.left(what.left);
      if (what.right === undefined) break;
      if (what.right === "close_notify") {
        return Either.left(
          new PeerAlert({ level: AlertLevel.warning, description: AlertDescription.close_notify }),
        );
      }
    }
    return Either.right(ahead);
  };

  const drop = () => void (ahead = undefined);
  const alert: Wire["alert"] = (level, description) => {
    const speaking = inUse ?? opened;
    const spelled = speaking ? speaking.alert(level, description) : { level, description };
    if (spelled === undefined) return;
    const code = AlertDescription[spelled.description];
    records.write(ContentType.alert, Uint8Array.of(spelled.level, code));
    observe?.({ _tag: "alert", direction: "sent", level: spelled.level, description: code });
  };
  return {
    records,
    heard: () => heard,
    read: () => {
      const received = inbox.shift();
      if (received) unread -= received.data.length;
      if (drained && !crowded()) {
        Deferred.unsafeDone(drained, Effect.void);
        drained = undefined;
      }
      return received;
    },
    discard: () => {
      deaf = true;
      inbox = [];
      unread = 0;
    },
    step,
    poll,
    ahead: () => ahead,
    drop,
    passOver,
    ...outbox,
    crowded,
    room,
    forgive: () => void (warnings = 0),
    alert,
    handshake: () =>
      handshakeStream({
        records,
        here,
        more,
        ahead: () => ahead,
        drop,
        observe,
        sayUntilAgreed: (version) => {
          opened = version;
          records.sayUntilAgreed(version.version);
        },
        agree: (version, maxFragment) => {
          inUse = version;
          records.agree(version.version, maxFragment);
        },
        warn: (description) => alert(AlertLevel.warning, description),
      }),
  };
};

/** Empty reads after which a breath is taken. */
const MANY_EMPTY = 64;
/** Lets timers and other events of the runtime have their turn. */
const breath: Effect.Effect<void> = Effect.async((resume) => {
  const id = setTimeout(() => resume(Effect.void));
  return Effect.sync(() => clearTimeout(id));
});
