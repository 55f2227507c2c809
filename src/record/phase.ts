/** The phases of a connection's records: what may come under a key, whatever the flights allow. @module */
import { ProtocolVersion } from "../names/protocol.ts";

/** What may come under one key of the peer's. */
export interface Phase {
  /** Whether application data may come. */
  readonly applicationData: boolean;
  /** Whether Finished must be the first message, and end its record (RFC 5246 §7.1, §7.4.9). */
  readonly finishedFirst: boolean;
  /** Whether an alert may come in a record of another version: the peer may have given up before one was agreed on. */
  readonly alertsOfAnyVersion: boolean;
  /** Whether alerts and data may stand between two fragments of a message (RFC 5246 §6.2.1; RFC 8446 §5.1). */
  readonly interleaves: boolean;
  /**
   * What a ChangeCipherSpec in the clear is: a message for the flights, passed over if it is one byte 01 (RFC 8446 §5), or
   * out of place.
   */
  readonly changeCipherSpec: "message" | "passed over" | "out of place";
  /** Whether an alert may come in the clear until the first sealed record: the peer may have had no keys yet. */
  readonly plainAlerts: boolean;
}

const until12 = { interleaves: true, changeCipherSpec: "message", plainAlerts: false } as const;
const since13 = {
  applicationData: false,
  finishedFirst: false,
  alertsOfAnyVersion: false,
  interleaves: false,
  changeCipherSpec: "passed over",
  plainAlerts: true,
} as const;

/** The phases, by what the peer's key is for. */
export const phases = {
  /** No keys yet. */
  initial: { ...until12, applicationData: false, finishedFirst: false, alertsOfAnyVersion: true },
  /** No keys yet, and a HelloRetryRequest may have gone out on another connection (RFC 8446 §5). */
  afterRetry: {
    ...until12,
    applicationData: false,
    finishedFirst: false,
    alertsOfAnyVersion: true,
    changeCipherSpec: "passed over",
  },
  /** Up to TLS 1.2: after a ChangeCipherSpec. */
  changed: { ...until12, applicationData: true, finishedFirst: true, alertsOfAnyVersion: false },
  /** TLS 1.3 before any keys: after a HelloRetryRequest. */
  plain13: since13,
  /** TLS 1.3's early traffic keys (RFC 8446 §4.2.10). */
  early13: { ...since13, applicationData: true },
  /** TLS 1.3's handshake traffic keys. */
  handshake13: since13,
  /** TLS 1.3's application traffic keys. */
  application13: {
    ...since13,
    applicationData: true,
    changeCipherSpec: "out of place",
    plainAlerts: false,
  },
} as const satisfies Record<string, Phase>;

/** What a version changes in records, beside their protection. */
export interface RecordRules {
  /** The version that our records say. */
  readonly says: ProtocolVersion;
  /** Whether the peer's records may say any version of SSL 3.0 or TLS (RFC 8446 §5.1). */
  readonly readsAnyVersion: boolean;
  /** Whether the messages of a flight share records, as far as they fit; otherwise each begins one. */
  readonly packs: boolean;
  /** The phase before there are keys. */
  readonly phase: Phase;
}

/** The rules of a version up to TLS 1.2: every record says it (RFC 5246 §E.1). */
export const rulesUntil12 = (version: ProtocolVersion): RecordRules => ({
  says: version,
  readsAnyVersion: false,
  packs: false,
  phase: phases.initial,
});

/** The rules of TLS 1.3, whose records say TLS 1.2 (RFC 8446 §5.1). */
export const rules13: RecordRules = {
  says: ProtocolVersion.TLS_1_2,
  readsAnyVersion: true,
  packs: true,
  phase: phases.plain13,
};
