/**
 * The records of a connection over its byte stream: what arrives, what leaves, and the message stream for the flights.
 * Nothing here knows an order of messages.
 *
 * @module
 */
import { Deferred, Effect, Either, FiberId } from "../deps.ts";
import { LimitExceeded, PeerAlert, Truncated } from "../faults/errors/connection.ts";
import type { Past } from "../crypto/transcript.ts";
import type { WireError } from "../faults/faults.ts";
import { HelloRequest } from "../messages/hello_request.ts";
import { AlertDescription, AlertLevel, type AlertName } from "../names/alert.ts";
import { ContentType, HandshakeType } from "../names/protocol.ts";
import type { Side } from "../names/side.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import type { Observe } from "../ports/observer.ts";
import type { Arrival, HandshakeMessage } from "../record/arrival.ts";
import { catching } from "../record/catching.ts";
import type { Due } from "../record/due.ts";
import {
  type Coming,
  type HandshakeStream,
  handshakeStream,
  type VersionInUse,
} from "../record/handshake_stream.ts";
import type { RecordOptions } from "../record/limits.ts";
import { Records } from "../record/records.ts";
import type { Limits } from "../tables/limits.ts";
import { make } from "../wire/codec.ts";
import type { ReceivedData } from "./connection.ts";
import { type Broke, makeOutbox, type Outbox } from "./outbox.ts";

/** What one arrival was, for the pump. */
export type Met = "data" | "handshake" | "warning" | "no_renegotiation" | "close_notify";

/** The records of a connection, in both directions. */
export interface Wire extends Outbox {
  readonly records: Records;
  /** Whether the peer has sent any byte. */
  readonly heard: () => boolean;
  /** Takes the oldest unread application data. */
  readonly read: () => ReceivedData | undefined;
  /** Waits for one arrival and handles it: data goes to the inbox, a handshake message or change of keys becomes `ahead`. */
  readonly step: Effect.Effect<Met, WireError>;
  /** Handles one arrival without waiting; `undefined` if more bytes are needed. */
  readonly poll: (due?: Due) => Either.Either<Met | undefined, WireError>;
  /** The handshake message or change of keys that has arrived and that no flight has taken. */
  readonly ahead: () => Coming | undefined;
  /** Drops what is ahead. */
  readonly drop: () => void;
  /** Counts one more request that is ignored or declined. Fails beyond `limits.helloRequests`. */
  readonly passOver: () => Either.Either<void, LimitExceeded>;
  /** Whether unread data fills more than half of `limits.renegotiationBuffer`. */
  readonly crowded: () => boolean;
  /** Waits until unread data fills at most half of `limits.renegotiationBuffer`. */
  readonly room: Effect.Effect<void>;
  /** Throws away unread data, and all data that still comes: nobody may read data behind a gap. */
  readonly discard: () => void;
  /** Resets the count of warnings: the last one answers a request of ours. */
  readonly forgive: () => void;
  /** Puts an alert into the outbox, by the name and level that it has in the version in use. */
  readonly alert: (level: AlertLevel, description: AlertName) => void;
  /** Makes a message stream for one handshake, with a transcript of its own. */
  readonly handshake: () => HandshakeStream;
  /** Makes a message stream for messages after a handshake of TLS 1.3, whose transcript continues `past`. */
  readonly afterHandshake: (past: Past | undefined) => HandshakeStream;
}

/** What the wire knows of the connection's state. */
export interface WireState {
  readonly broke: Broke;
  /** Whether a handshake is under way. */
  readonly handshaking: () => boolean;
  /** Which messages may come while no flight is awaited. */
  readonly due: () => Due;
}

/** Makes the wire of one connection over a stream. */
export const makeWire = (
  stream: ByteStream,
  role: Side,
  limits: Limits,
  options: RecordOptions,
  state: WireState,
  observe: Observe | undefined,
): Wire => {
  // No server answers in the format of SSL 2.0.
  const records = new Records(limits, { ...options, sslv2Hello: role === "server" && options.sslv2Hello });
  const outbox = makeOutbox(stream, records, state.broke);
  const { handshaking } = state;
  let inbox: Array<ReceivedData> = [];
  let unread = 0;
  let heard = false;
  let deaf = false;
  let ahead: Coming | undefined;
  let warnings = 0;
  let requests = 0;
  /** Messages after a handshake of TLS 1.3 in a row. */
  let later = 0;
  let opened: Pick<VersionInUse, "alert"> | undefined;
  let inUse: VersionInUse | undefined;
  const helloRequests = () => inUse?.helloRequests ?? true;

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
        requests = later = 0;
        if (deaf) return Either.right("data");
        unread += a.data.length;
        // The first piece is always kept: a reader asked for it. More piles up only during a handshake.
        if (inbox.length > 0 && unread > limits.renegotiationBuffer) {
          return exceeded("renegotiationBuffer", unread);
        }
        // TLS 1.3 has one handshake, however often its keys change.
        inbox.push({ data: a.data, epoch: helloRequests() ? records.epochs.read : 1, early: a.early });
        return Either.right("data");
      case "Alert":
        observe?.({ _tag: "alert", direction: "received", level: a.level, description: a.description });
        if (a.description === AlertDescription.close_notify) return Either.right("close_notify");
        if (inUse?.isFatal(a.level, a.description) ?? a.level === AlertLevel.fatal) {
          return Either.left(new PeerAlert({ level: AlertLevel.fatal, description: a.description }));
        }
        if (a.description === AlertDescription.no_certificate && handshaking() && inUse?.noCertificate) {
          ahead = { _tag: "NoCertificate" };
          return Either.right("handshake");
        }
        if (++warnings > limits.warningAlerts) return exceeded("warningAlerts", warnings);
        return Either.right(
          a.description === AlertDescription.no_renegotiation ? "no_renegotiation" : "warning",
        );
      case "Handshake":
        if (a.type === HandshakeType.hello_request && helloRequests()) return helloRequest(a);
        if (handshaking()) requests = 0;
        else if (inUse?.helloRequests === false && ++later > limits.postHandshakeMessages) {
          return exceeded("postHandshakeMessages", later);
        }
        ahead = a;
        return Either.right("handshake");
      case "ChangeCipherSpec":
        ahead = a;
        return Either.right("handshake");
    }
  };

  /** A HelloRequest, which a client in the middle of a handshake ignores (RFC 5246 §7.4.1.1). */
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

  const exceeded = (
    limit: "warningAlerts" | "helloRequests" | "postHandshakeMessages" | "renegotiationBuffer",
    got: number,
  ) => Either.left(new LimitExceeded({ limit, allowed: limits[limit], got }));

  const passOver: Wire["passOver"] = () =>
    ++requests > limits.helloRequests ? exceeded("helloRequests", requests) : Either.void;

  /** Lets a HelloRequest come to a client at any time (RFC 5246 §7.4.1.1). */
  const greeted = (due: Due): Due =>
    role === "server" || !helloRequests()
      ? due
      : { ...due, most: (type) => type === HandshakeType.hello_request ? 0 : due.most(type) };
  let idle: Due | undefined;
  const poll: Wire["poll"] = (due = idle ??= greeted(state.due())) => {
    const arrived = catching(() => records.next(due));
    if (Either.isLeft(arrived)) return Either.left(arrived.left);
    return arrived.right ? received(arrived.right) : Either.right(undefined);
  };

  /** The number of empty reads in a row. A stream that gives nothing else must not keep timers from running. */
  let empty = 0;
  /** Sends the outbox and reads more bytes. So a flight leaves in one write, when we wait for the peer's. */
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

  /** What is ahead, or arrives without waiting. A close_notify in the middle of a handshake ends it. */
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
  const messages = (takesTurns: boolean, past: Past | undefined): HandshakeStream =>
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
      agree: (version, fragments) => {
        inUse = version;
        idle = undefined;
        records.agree(version.records, fragments);
      },
      warn: (description) => alert(AlertLevel.warning, description),
      takesTurns,
      past,
    });
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
    handshake: () => messages(true, undefined),
    afterHandshake: (past) => messages(false, past),
  };
};

/** The number of empty reads in a row after which other work of the runtime gets a turn. */
const MANY_EMPTY = 64;
/** Lets timers and other work of the runtime have a turn. */
const breath: Effect.Effect<void> = Effect.async((resume) => {
  const id = setTimeout(() => resume(Effect.void));
  return Effect.sync(() => clearTimeout(id));
});
