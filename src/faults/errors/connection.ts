/** Errors that a connection ends in: what happened, and where. None holds a secret. @module */
import { Data } from "../../deps.ts";
import { AlertDescription, AlertLevel } from "../../names/alert.ts";
import { printable } from "../../wire/printable.ts";
import type { RefusalReason } from "../refusals.ts";

/** The first bytes are no TLS record, but something that can be told. */
export class NotTls extends Data.TaggedError("NotTls")<{
  readonly looksLike: "HTTP" | "SSLv2" | "text" | "nothing known";
  /** The first bytes, printable or in hexadecimal. */
  readonly start: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `the peer does not speak TLS here: its first bytes look like ${this.looksLike} (${
      printable(this.start)
    })`;
  }
}

/** The peer broke the order of messages or records. */
export class UnexpectedMessage extends Data.TaggedError("UnexpectedMessage")<{
  /** What could have come, by its name. */
  readonly expected: ReadonlyArray<string>;
  readonly got: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `expected ${this.expected.join(" or ")}, got ${this.got}`;
  }
}

/** A member says what it may not say. */
export class IllegalParameter extends Data.TaggedError("IllegalParameter")<{
  /** Where it stood, e.g. `ServerHello`. */
  readonly subject: string;
  readonly field: string;
  readonly reason: string;
  readonly rfc: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return printable(`${this.subject}.${this.field}: ${this.reason}`);
  }
}

/** An extension in the answer that nobody asked for, or that no answer has (RFC 5246 §7.4.1.4). */
export class UnsupportedExtension extends Data.TaggedError("UnsupportedExtension")<{
  readonly subject: string;
  readonly extension: string;
  /** Whether it was offered, and is of those that are never answered. */
  readonly offered?: boolean | undefined;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    const why = this.offered ? "no answer may have" : "was not offered";
    return `${this.subject} carries ${this.extension}, which ${why}`;
  }
}

/** A record is longer than the protocol allows (RFC 5246 §6.2). */
export class RecordOverflow extends Data.TaggedError("RecordOverflow")<{
  readonly length: number;
  readonly limit: number;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `a record of ${this.length} bytes, where ${this.limit} are allowed`;
  }
}

/** A record says another version than the one agreed on (RFC 5246 §6.2.1). */
export class RecordVersion extends Data.TaggedError("RecordVersion")<{
  readonly expected: string;
  readonly got: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
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

/** The peer sent more of something than our policy allows. */
export class LimitExceeded extends Data.TaggedError("LimitExceeded")<{
  readonly limit: LimitName;
  readonly allowed: number;
  readonly got: number;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `${this.limit}: ${this.got}, where at most ${this.allowed} are allowed`;
  }
}

/** What this end wants and what the peer wants do not meet. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly reason: RefusalReason;
  readonly detail: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return printable(`${this.reason.replaceAll("_", " ")}: ${this.detail}`);
  }
}

/** A record does not decompress, or to more than 2^14 bytes. Which of them is not told. */
export class DecompressionFailure extends Data.TaggedError("DecompressionFailure") {
  /** What happened, in a sentence. */
  override get message(): string {
    return "a record does not decompress by the agreed method";
  }
}

/** A signature or a Finished does not hold. */
export class DecryptError extends Data.TaggedError("DecryptError")<{
  readonly what: "Finished" | "ServerKeyExchange" | "CertificateVerify";
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return this.what === "Finished"
      ? "the peer's Finished does not match the handshake as it was seen here"
      : `the signature in the peer's ${this.what} does not verify`;
  }
}

/** A record does not decrypt. Why not is not told, neither here nor on the wire. */
export class BadRecordMac extends Data.TaggedError("BadRecordMac") {
  /** What happened, in a sentence. */
  override get message(): string {
    return "a record does not decrypt under the agreed keys";
  }
}

/** The peer gave up and said why. */
export class PeerAlert extends Data.TaggedError("PeerAlert")<{
  readonly level: AlertLevel;
  readonly description: AlertDescription;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `the peer sent the ${AlertLevel.nameOf(this.level)} alert ${
      AlertDescription.nameOf(this.description)
    }`;
  }
}

/** A renegotiation that this end wanted did not come about. The connection goes on. */
export class RenegotiationRefused extends Data.TaggedError("RenegotiationRefused")<{
  /** The peer said no, or nothing for too long; or our own policy has no insecure renegotiation. */
  readonly by: "peer" | "silence" | "policy";
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return {
      peer: "the peer does not want to renegotiate",
      silence: "the peer did not answer the request to renegotiate",
      policy: "the connection is not bound to its handshake, and our policy has no insecure renegotiation",
    }[this.by];
  }
}

/** An argument or option is not of its type, or not among what is allowed. Nothing was done with it. */
export class InvalidOption extends Data.TaggedError("InvalidOption")<{
  /** Its name, with the path to it, e.g. `policy.limits.handshakeTimeout`. */
  readonly option: string;
  /** What is allowed. */
  readonly expected: string;
  readonly got: string;
  /** What is wrong, where that is better said in words of its own than by the two above. */
  readonly fault?: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    const { option, fault = `${this.got}, where ${this.expected} is allowed` } = this;
    return printable(`${option}: ${fault}`);
  }
}

/** The handshake took longer than policy allows. */
export class HandshakeTimeout extends Data.TaggedError("HandshakeTimeout")<{
  readonly milliseconds: number;
  /** The peer sent nothing at all. */
  readonly silent?: boolean | undefined;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `${this.silent ? "not a byte" : "no handshake"} within ${this.milliseconds} ms`;
  }
}

/** The stream ended without close_notify; whether data is missing can't be told (RFC 5246 §7.2.1). */
export class Truncated extends Data.TaggedError("Truncated")<{ readonly handshaking: boolean }> {
  /** What happened, in a sentence. */
  override get message(): string {
    return this.handshaking
      ? "the peer closed the stream in the middle of the handshake"
      : "the stream ended without close_notify: data may be missing";
  }
}

/** The connection was closed before, by this end or by the peer's close_notify. */
export class Closed extends Data.TaggedError("Closed") {
  /** What happened, in a sentence. */
  override get message(): string {
    return "the connection is closed";
  }
}
