/**
 * Every fault that a connection can end in, and the one total map to the alert that says so.
 *
 * Families, by whose fault it is: *decode* (what came is not TLS), *protocol* (the peer broke the order or a rule),
 * *refused* (the two policies do not meet), *certificate*, *crypto*, *peer alert*, *transport*, *timeout*, *end*,
 * *local* (this end's own settings or keys). None holds a secret.
 *
 * @module
 */
import { Data } from "../deps.ts";
import { AlertDescription, AlertLevel, type AlertName } from "../names/alert.ts";
import type { PrivateKeyError } from "../ports/crypto.ts";
import type { TransportError } from "../ports/transport.ts";
import { certificateAlerts, type CertificateError, isRefusalAlert } from "../ports/trust.ts";
import type { DecodeError, EncodeError } from "../wire/codec.ts";
import { printable } from "../wire/printable.ts";

export { CertificateError } from "../ports/trust.ts";
export { PrivateKeyError } from "../ports/crypto.ts";
export { TransportError } from "../ports/transport.ts";
export { DecodeError, EncodeError } from "../wire/codec.ts";

/** *decode*: the first bytes are no TLS record, but something that can be told. */
export class NotTls extends Data.TaggedError("NotTls")<{
  readonly looksLike: "HTTP" | "SSLv2" | "text" | "nothing known";
  /** The first bytes, printable or in hexadecimal. */
  readonly start: string;
}> {
  override get message() {
    return `the peer does not speak TLS here: its first bytes look like ${this.looksLike} (${
      printable(this.start)
    })`;
  }
}

/** *protocol*: the peer broke the order of messages or records. */
export class UnexpectedMessage extends Data.TaggedError("UnexpectedMessage")<{
  /** What could have come, by its name. */
  readonly expected: ReadonlyArray<string>;
  readonly got: string;
}> {
  override get message() {
    return `expected ${this.expected.join(" or ")}, got ${this.got}`;
  }
}

/** *protocol*: a member says what it may not say. */
export class IllegalParameter extends Data.TaggedError("IllegalParameter")<{
  /** Where it stood, e.g. `ServerHello`. */
  readonly subject: string;
  readonly field: string;
  readonly reason: string;
  readonly rfc: string;
}> {
  override get message() {
    return printable(`${this.subject}.${this.field}: ${this.reason}`);
  }
}

/** *protocol*: an extension in the answer that nobody asked for, or that no answer has (RFC 5246 §7.4.1.4). */
export class UnsupportedExtension extends Data.TaggedError("UnsupportedExtension")<{
  readonly subject: string;
  readonly extension: string;
  /** Whether it was offered, and is of those that are never answered. */
  readonly offered?: boolean | undefined;
}> {
  override get message() {
    const why = this.offered ? "no answer may have" : "was not offered";
    return `${this.subject} carries ${this.extension}, which ${why}`;
  }
}

/** *protocol*: a record is longer than the protocol allows (RFC 5246 §6.2). */
export class RecordOverflow extends Data.TaggedError("RecordOverflow")<{
  readonly length: number;
  readonly limit: number;
}> {
  override get message() {
    return `a record of ${this.length} bytes, where ${this.limit} are allowed`;
  }
}

/** *protocol*: a record says another version than the one agreed on (RFC 5246 §6.2.1). */
export class RecordVersion extends Data.TaggedError("RecordVersion")<{
  readonly expected: string;
  readonly got: string;
}> {
  override get message() {
    return `a record says ${this.got}, where ${this.expected} is due`;
  }
}

/** What is limited by policy. */
export type LimitName =
  | "handshakeMessage"
  | "certificateMessage"
  | "warningAlerts"
  | "emptyRecords"
  | "helloRequests"
  | "renegotiations"
  | "renegotiationBuffer"
  | "shortBlockData";

/** *protocol*: the peer sent more of something than our policy allows. */
export class LimitExceeded extends Data.TaggedError("LimitExceeded")<{
  readonly limit: LimitName;
  readonly allowed: number;
  readonly got: number;
}> {
  override get message() {
    return `${this.limit}: ${this.got}, where at most ${this.allowed} are allowed`;
  }
}

const refusals = {
  no_common_version: { alert: "protocol_version", rfc: "RFC 5246 §E.1" },
  downgrade: { alert: "illegal_parameter", rfc: "RFC 8446 §4.1.3" },
  inappropriate_fallback: { alert: "inappropriate_fallback", rfc: "RFC 7507 §3" },
  no_common_cipher_suite: { alert: "handshake_failure", rfc: "RFC 5246 §7.4.1.3" },
  no_common_group: { alert: "insufficient_security", rfc: "RFC 7919 §4" },
  no_common_compression_method: { alert: "illegal_parameter", rfc: "RFC 5246 §7.4.1.2" },
  no_common_application_protocol: { alert: "no_application_protocol", rfc: "RFC 7301 §3.2" },
  no_credential: { alert: "handshake_failure", rfc: "RFC 5246 §7.4.2" },
  insecure_renegotiation: { alert: "handshake_failure", rfc: "RFC 5746 §4.1" },
  no_extended_master_secret: { alert: "handshake_failure", rfc: "RFC 7627 §5.2" },
  session_lost_extended_master_secret: { alert: "handshake_failure", rfc: "RFC 7627 §5.3" },
  weak_parameters: { alert: "insufficient_security", rfc: "RFC 7919 §5.1" },
  no_client_certificate: { alert: "handshake_failure", rfc: "RFC 5246 §7.4.6" },
  anonymous_server_asks: { alert: "handshake_failure", rfc: "RFC 5246 §7.4.4" },
  renegotiation_not_known: { alert: "handshake_failure", rfc: "RFC 6101 §5.4" },
  renegotiation_closed: { alert: "no_renegotiation", rfc: "RFC 5246 §7.2.2" },
  renegotiation_changes_extended_master_secret: { alert: "handshake_failure", rfc: "RFC 7627 §5.4" },
  renegotiation_loses_encrypt_then_mac: { alert: "handshake_failure", rfc: "RFC 7366 §3.1" },
  server_certificate_changed: { alert: "illegal_parameter", rfc: "RFC 7627 §6.1" },
} as const satisfies Record<string, { readonly alert: AlertName; readonly rfc: string }>;

/** Why two policies do not meet. */
export type RefusalReason = keyof typeof refusals;

/** *refused*: what this end wants and what the peer wants do not meet. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly reason: RefusalReason;
  readonly detail: string;
}> {
  override get message() {
    return printable(`${this.reason.replaceAll("_", " ")}: ${this.detail}`);
  }
}

/** *protocol*: a record does not decompress, or to more than 2^14 bytes. Which of them is not told. */
export class DecompressionFailure extends Data.TaggedError("DecompressionFailure") {
  override get message() {
    return "a record does not decompress by the agreed method";
  }
}

/** *crypto*: a signature or a Finished does not hold. */
export class DecryptError extends Data.TaggedError("DecryptError")<{
  readonly what: "Finished" | "ServerKeyExchange" | "CertificateVerify";
}> {
  override get message() {
    return this.what === "Finished"
      ? "the peer's Finished does not match the handshake as it was seen here"
      : `the signature in the peer's ${this.what} does not verify`;
  }
}

/** *crypto*: a record does not decrypt. Why not is not told, neither here nor on the wire. */
export class BadRecordMac extends Data.TaggedError("BadRecordMac") {
  override get message() {
    return "a record does not decrypt under the agreed keys";
  }
}

/** *peer alert*: the peer gave up and said why. */
export class PeerAlert extends Data.TaggedError("PeerAlert")<{
  readonly level: AlertLevel;
  readonly description: AlertDescription;
}> {
  override get message() {
    return `the peer sent the ${AlertLevel.nameOf(this.level)} alert ${
      AlertDescription.nameOf(this.description)
    }`;
  }
}

/** *refused*: a renegotiation that this end wanted did not come about. The connection goes on. */
export class RenegotiationRefused extends Data.TaggedError("RenegotiationRefused")<{
  /** The peer said no, or nothing for too long; or our own policy has no insecure renegotiation. */
  readonly by: "peer" | "silence" | "policy";
}> {
  override get message() {
    return {
      peer: "the peer does not want to renegotiate",
      silence: "the peer did not answer the request to renegotiate",
      policy: "the connection is not bound to its handshake, and our policy has no insecure renegotiation",
    }[this.by];
  }
}

/** *local*: an argument or option is not of its type, or not among what is allowed. Nothing was done with it. */
export class InvalidOption extends Data.TaggedError("InvalidOption")<{
  /** Its name, with the path to it, e.g. `policy.limits.handshakeTimeout`. */
  readonly option: string;
  /** What is allowed. */
  readonly expected: string;
  readonly got: string;
  /** What is wrong, where that is better said in words of its own than by the two above. */
  readonly fault?: string;
}> {
  override get message() {
    const { option, fault = `${this.got}, where ${this.expected} is allowed` } = this;
    return printable(`${option}: ${fault}`);
  }
}

/** *timeout*: the handshake took longer than policy allows. */
export class HandshakeTimeout extends Data.TaggedError("HandshakeTimeout")<{
  readonly milliseconds: number;
  /** The peer sent nothing at all. */
  readonly silent?: boolean | undefined;
}> {
  override get message() {
    return `${this.silent ? "not a byte" : "no handshake"} within ${this.milliseconds} ms`;
  }
}

/** *end*: the stream ended without close_notify; whether data is missing can't be told (RFC 5246 §7.2.1). */
export class Truncated extends Data.TaggedError("Truncated")<{ readonly handshaking: boolean }> {
  override get message() {
    return this.handshaking
      ? "the peer closed the stream in the middle of the handshake"
      : "the stream ended without close_notify: data may be missing";
  }
}

/** *end*: the connection was closed before, by this end or by the peer's close_notify. */
export class Closed extends Data.TaggedError("Closed") {
  override get message() {
    return "the connection is closed";
  }
}

/** What can go wrong with records and what they carry. */
export type RecordError =
  | DecodeError
  | NotTls
  | UnexpectedMessage
  | IllegalParameter
  | RecordOverflow
  | RecordVersion
  | LimitExceeded
  | DecompressionFailure
  | BadRecordMac;

/** What can go wrong on an established connection. */
export type ConnectionError = RecordError | PeerAlert | TransportError | Truncated | Closed;

/** What can go wrong in a handshake. */
export type HandshakeError =
  | ConnectionError
  | EncodeError
  | UnsupportedExtension
  | Refused
  | CertificateError
  | DecryptError
  | PrivateKeyError
  | HandshakeTimeout
  | InvalidOption
  | RenegotiationRefused;

/** Whether a thrown value is one of the faults that records throw below; anything else is a defect of ours. */
export const isRecordError = (e: unknown): e is RecordError =>
  e instanceof Error && "_tag" in e && recordErrors.has(e._tag as RecordError["_tag"]);

const recordErrors: ReadonlySet<RecordError["_tag"]> = new Set([
  "DecodeError",
  "NotTls",
  "UnexpectedMessage",
  "IllegalParameter",
  "RecordOverflow",
  "RecordVersion",
  "LimitExceeded",
  "DecompressionFailure",
  "BadRecordMac",
]);

/** What each limit's breach is called on the wire. */
const limitAlerts: Record<LimitName, AlertName> = {
  handshakeMessage: "illegal_parameter",
  certificateMessage: "illegal_parameter",
  warningAlerts: "unexpected_message",
  emptyRecords: "unexpected_message",
  helloRequests: "unexpected_message",
  renegotiations: "no_renegotiation",
  renegotiationBuffer: "internal_error",
  // Nothing is wrong with the peer: the key is used up.
  shortBlockData: "internal_error",
};

/**
 * The alert that tells the peer of a fault; total: a new member of the union does not compile until it has one.
 * `undefined`: there is nobody left to tell. `user_canceled` goes out as a warning (RFC 5246 §7.2.2), all others are
 * fatal.
 */
export const alertOf = (e: HandshakeError): AlertName | undefined => {
  switch (e._tag) {
    case "DecodeError":
      return "decode_error";
    case "NotTls":
      return e.looksLike === "SSLv2" ? "protocol_version" : "unexpected_message";
    case "UnexpectedMessage":
      return "unexpected_message";
    case "IllegalParameter":
      return "illegal_parameter";
    case "UnsupportedExtension":
      return "unsupported_extension";
    case "RecordOverflow":
      return "record_overflow";
    case "RecordVersion":
      return "protocol_version";
    case "LimitExceeded":
      return limitAlerts[e.limit];
    case "Refused":
      return refusals[e.reason].alert;
    case "CertificateError":
      return e.alert !== undefined && isRefusalAlert(e.alert) ? e.alert : certificateAlerts[e.reason];
    case "DecompressionFailure":
      return "decompression_failure";
    case "DecryptError":
      return "decrypt_error";
    case "BadRecordMac":
      return "bad_record_mac";
    case "EncodeError":
    case "PrivateKeyError":
      return "internal_error";
    case "HandshakeTimeout":
      return "user_canceled";
    case "PeerAlert":
    case "TransportError":
    case "Truncated":
    case "Closed":
    // Not an end: nothing is to be told.
    case "InvalidOption":
    case "RenegotiationRefused":
      return undefined;
  }
};

/** Whether a fault ends in a fatal alert, ours or the peer's: its session may not be resumed (RFC 5246 §7.2.2). */
export const isFatal = (e: HandshakeError): boolean => {
  if (e._tag === "PeerAlert") return e.level === AlertLevel.fatal;
  const alert = alertOf(e);
  return alert !== undefined && alert !== "user_canceled";
};

/** The section that was broken, where one was. */
export const rfcOf = (e: HandshakeError): string | undefined => {
  switch (e._tag) {
    case "DecodeError":
      return "RFC 5246 §7.2.2";
    case "NotTls":
    case "RecordVersion":
      return "RFC 5246 §6.2.1";
    case "UnexpectedMessage":
      return "RFC 5246 §7.3";
    case "IllegalParameter":
    case "CertificateError":
      return e.rfc;
    case "UnsupportedExtension":
      return "RFC 5246 §7.4.1.4";
    case "RecordOverflow":
      return "RFC 5246 §6.2";
    case "Refused":
      return refusals[e.reason].rfc;
    case "DecompressionFailure":
      return "RFC 5246 §6.2.2";
    case "DecryptError":
      return e.what === "Finished" ? "RFC 5246 §7.4.9" : "RFC 5246 §4.7";
    case "BadRecordMac":
      return "RFC 5246 §6.2.3.3";
    case "PeerAlert":
      return "RFC 5246 §7.2.2";
    case "Truncated":
      return "RFC 5246 §7.2.1";
    case "RenegotiationRefused":
      return e.by === "policy" ? "RFC 5746 §4.2" : "RFC 5246 §7.2.2";
    case "LimitExceeded":
    case "EncodeError":
    case "PrivateKeyError":
    case "HandshakeTimeout":
    case "InvalidOption":
    case "TransportError":
    case "Closed":
      return undefined;
  }
};
