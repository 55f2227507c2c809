/** What a flight sees of a connection: the next message, the transcript, and a way to answer. @module */
import { Context, type Effect, type Either } from "../deps.ts";
import { type Past, type Snapshot, Transcript } from "../crypto/transcript.ts";
import { UnexpectedMessage } from "../faults/errors/connection.ts";
import type { RecordError, WireError } from "../faults/faults.ts";
import type { AlertDescription, AlertLevel, AlertName } from "../names/alert.ts";
import { ContentType, HandshakeType, type ProtocolVersion } from "../names/protocol.ts";
import type { Hash } from "../ports/crypto.ts";
import type { Direction, Observe } from "../ports/observer.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Arrival, CHANGE_CIPHER_SPEC } from "./arrival.ts";
import { catching } from "./catching.ts";
import type { Due } from "./due.ts";
import { type Phase, phases, type RecordRules } from "./phase.ts";
import type { Protection } from "./protection/protection.ts";
import type { FragmentLimits, Records } from "./records.ts";

/** What can come in a flight. */
export type Coming =
  | Extract<Arrival, { readonly _tag: "Handshake" | "ChangeCipherSpec" }>
  /** The warning that takes the place of an empty Certificate in SSL 3.0 (RFC 6101 §5.6.6). */
  | { readonly _tag: "NoCertificate" };

/** What a version changes beside messages and protection. */
export interface VersionInUse {
  readonly version: ProtocolVersion;
  /** The level and name by which an alert is sent; `undefined` if it is not sent at all. */
  readonly alert: (
    level: AlertLevel,
    description: AlertName,
  ) => { readonly level: AlertLevel; readonly description: AlertName } | undefined;
  /** Whether a client without a certificate sends a warning instead of an empty Certificate. */
  readonly noCertificate: boolean;
  /** Whether an alert of the peer's ends the connection; close_notify is none of these (RFC 5246 §7.2.2, RFC 8446 §6.2). */
  readonly isFatal: (level: AlertLevel, description: AlertDescription) => boolean;
  /** Whether a server may send a HelloRequest at any time (RFC 5246 §7.4.1.1). */
  readonly helloRequests: boolean;
  /** What the version changes in records. */
  readonly records: RecordRules;
}

/** A message, as an instance of its class. */
export type Message = { readonly _tag: string };

/** The messages of one handshake, in both directions. The stream keeps the transcript, so that no flight can forget to. */
export interface HandshakeStream {
  /** The next message or change of keys, if it has arrived; it stays. Fails for a message that may not come. */
  readonly here: (due: Due) => Either.Either<Coming | undefined, WireError>;
  /** Sends what is in the outbox, and waits for more bytes. */
  readonly more: Effect.Effect<void, WireError>;
  /** Takes what is here. A message is added to the transcript; the observer is told of a ChangeCipherSpec. */
  readonly take: () => void;
  /** Tells the observer, if there is one, which message was taken. */
  readonly heard: (raw: Bytes, message: Message) => void;
  /** The transcript so far. */
  readonly transcript: () => Snapshot;
  /**
   * Puts a message into the outbox and adds it to the transcript, if it is not `apart` from that. Throws UnexpectedMessage if
   * it is not our turn.
   */
  readonly send: (raw: Bytes, message: Message, apart?: boolean) => void;
  /** Changes the peer's keys. */
  readonly changeRead: (protection: Protection, phase: Phase) => Either.Either<void, RecordError>;
  /** Puts ChangeCipherSpec into the outbox. */
  readonly changeCipherSpec: () => void;
  /** Holds back what is sent from now on, until what it gives is called: then it goes at once, and nothing gets in between. */
  readonly hold: () => () => void;
  /**
   * Puts a ChangeCipherSpec in the clear into the outbox, which means nothing (RFC 8446 §D.4). Throws UnexpectedMessage if it
   * is not our turn.
   */
  readonly compatibility: () => void;
  /** Lets a ChangeCipherSpec go before an alert of ours, if our flight with its own does not go first. */
  readonly oweCompatibility: () => void;
  /** Changes our keys. */
  readonly changeWrite: (protection: Protection) => void;
  /** Sets the version of our records and alerts until one is agreed on. */
  readonly sayUntilAgreed: (version: Pick<VersionInUse, "version" | "alert">) => void;
  /** Sets the version of all records from now on, and the most content in bytes of each (RFC 6066 §4, RFC 8449). */
  readonly agree: (version: VersionInUse, fragments: FragmentLimits) => void;
  /** Puts a warning alert into the outbox. */
  readonly warn: (description: AlertName) => void;
  /** Replaces the first ClientHello of the transcript by its hash, before a HelloRetryRequest (RFC 8446 §4.4.1). */
  readonly retry: (hash: Hash) => void;
  /** Says that the client may have been sent a HelloRetryRequest on another connection. */
  readonly mayFollowRetry: () => void;
  /** Puts that HelloRetryRequest, and the hash of the ClientHello before it, before the messages of this connection. */
  readonly followRetry: (clientHello: Bytes, helloRetryRequest: Bytes) => void;
  /** Puts early data into the outbox. */
  readonly sendEarly: (data: Bytes) => void;
  /** Accepts so many bytes of early data under the peer's present key, or passes over so many of its records (RFC 8446 §4.2.10). */
  readonly earlyData: (what: "accepted" | "passed over", bytes: number) => void;
}

/** The message stream of the handshake that is under way, as a service. */
export class Handshakes extends Context.Tag("effect-tls/1/Handshakes")<Handshakes, HandshakeStream>() {}

/** A stream that sends nothing from when `ended` says so: this end has sent its close_notify then (RFC 8446 §6.1). */
export const mutedOnce = (ended: () => boolean, stream: HandshakeStream): HandshakeStream => ({
  ...stream,
  send: (raw, message, apart) => {
    if (!ended()) stream.send(raw, message, apart);
  },
  changeWrite: (protection) => {
    if (!ended()) stream.changeWrite(protection);
  },
  hold: () => {
    const release = stream.hold();
    return () => {
      if (!ended()) release();
    };
  },
});

/** Makes a stream for one handshake, with a transcript of its own. */
export const handshakeStream = (over: {
  readonly records: Records;
  readonly here: HandshakeStream["here"];
  readonly more: HandshakeStream["more"];
  readonly drop: () => void;
  readonly observe: Observe | undefined;
  readonly ahead: () => Coming | undefined;
  readonly sayUntilAgreed: HandshakeStream["sayUntilAgreed"];
  readonly agree: HandshakeStream["agree"];
  readonly warn: HandshakeStream["warn"];
  /** Whether the two ends take turns, so that we may not answer before the peer's flight ends. */
  readonly takesTurns: boolean;
  /** What the transcript continues; `undefined` in a handshake. */
  readonly past: Past | undefined;
}): HandshakeStream => {
  const { records, observe, past } = over;
  const transcript = new Transcript(past);
  let flight = 0;
  let last: Direction | undefined;
  let held: Array<() => void> | undefined;
  const inFlight = (direction: Direction, raw?: Bytes): number => {
    if (!over.takesTurns || raw?.[0] === HandshakeType.hello_request) return 0;
    if (direction !== last) flight++;
    last = direction;
    return flight;
  };
  const ourTurn = (): void => {
    if (over.takesTurns && last === "received" && records.saysMore) {
      throw new UnexpectedMessage({ expected: ["the end of the flight"], got: "more handshake bytes" });
    }
  };
  const changed = (direction: Direction): void =>
    observe?.({ _tag: "changeCipherSpec", direction, flight: inFlight(direction) });
  return {
    here: over.here,
    more: over.more,
    take: () => {
      const coming = over.ahead();
      if (coming?._tag === "Handshake") transcript.add(coming.raw);
      if (coming?._tag === "ChangeCipherSpec") changed("received");
      over.drop();
    },
    heard: (raw, message) => {
      const flight = inFlight("received", raw);
      observe?.({
        _tag: "message",
        direction: "received",
        flight,
        epoch: records.epochs.read,
        raw,
        message,
      });
    },
    transcript: () => transcript.snapshot(),
    send: (raw, message, apart = false) => {
      ourTurn();
      // HelloRequest is not part of the transcript (RFC 5246 §7.4.1.1).
      if (!apart && raw[0] !== HandshakeType.hello_request) transcript.add(raw);
      const put = () => {
        const flight = inFlight("sent", raw);
        observe?.({
          _tag: "message",
          direction: "sent",
          flight,
          epoch: records.epochs.write,
          raw,
          message,
        });
        records.write(ContentType.handshake, raw);
      };
      if (held) held.push(put);
      else put();
    },
    hold: () => {
      held = [];
      return () => {
        held?.forEach((put) => put());
        held = undefined;
      };
    },
    changeRead: (protection, phase) => catching(() => records.changeRead(protection, phase)),
    changeCipherSpec: () => {
      changed("sent");
      records.write(ContentType.change_cipher_spec, CHANGE_CIPHER_SPEC);
    },
    changeWrite: (protection) => records.changeWrite(protection),
    compatibility: () => {
      ourTurn();
      changed("sent");
      records.compatibility();
    },
    oweCompatibility: () => records.oweCompatibility(),
    retry: (hash) => transcript.retry(hash),
    mayFollowRetry: () => records.begin(phases.afterRetry),
    followRetry: (clientHello, request) => transcript.precede(clientHello, request),
    sendEarly: (data) => records.write(ContentType.application_data, data),
    earlyData: (what, bytes) =>
      what === "accepted" ? records.limitEarlyData(bytes) : records.skipEarlyData(bytes),
    sayUntilAgreed: over.sayUntilAgreed,
    agree: over.agree,
    warn: over.warn,
  };
};
