/** The errors that end a connection, or refuse something on it. None of them holds a secret. @module */
import { Data } from "../../deps.ts";
import { AlertDescription, AlertLevel } from "../../names/alert.ts";
import { CertificateCompressionAlgorithm } from "../../names/protocol.ts";
import { printable } from "../../wire/printable.ts";
import type { refusals } from "../refusals.ts";

/** The peer's first bytes are not a TLS record. */
export class NotTls extends Data.TaggedError("NotTls")<{
  readonly looksLike: "HTTP" | "SSLv2" | "text" | "nothing known";
  /** The first bytes: as text if printable, otherwise in hexadecimal. */
  readonly start: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `the peer does not speak TLS here: its first bytes look like ${this.looksLike} (${
      printable(this.start)
    })`;
  }
}

/** The peer sent a message or record out of order. */
export class UnexpectedMessage extends Data.TaggedError("UnexpectedMessage")<{
  /** The names of what could have come. */
  readonly expected: ReadonlyArray<string>;
  readonly got: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `expected ${this.expected.join(" or ")}, got ${this.got}`;
  }
}

/** A member of a message has a value that is not allowed. */
export class IllegalParameter extends Data.TaggedError("IllegalParameter")<{
  /** The message that holds the member, e.g. `ServerHello`. */
  readonly subject: string;
  readonly field: string;
  readonly reason: string;
  readonly rfc: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return printable(`${this.subject}.${this.field}: ${this.reason}`);
  }
}

/**
 * The peer answered with an extension that was not offered, or that is never allowed in an answer
 * (RFC 5246 §7.4.1.4).
 */
export class UnsupportedExtension extends Data.TaggedError("UnsupportedExtension")<{
  readonly subject: string;
  readonly extension: string;
  /** Whether the extension was offered, but is never allowed in an answer. */
  readonly offered?: boolean | undefined;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const why = this.offered ? "no answer may have" : "was not offered";
    return `${this.subject} carries ${this.extension}, which ${why}`;
  }
}

/** A record is longer than allowed (RFC 5246 §6.2). */
export class RecordOverflow extends Data.TaggedError("RecordOverflow")<{
  readonly length: number;
  readonly limit: number;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `a record of ${this.length} bytes; at most ${this.limit} are allowed`;
  }
}

/** A record has another version than the agreed one (RFC 5246 §6.2.1). */
export class RecordVersion extends Data.TaggedError("RecordVersion")<{
  readonly expected: string;
  readonly got: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `a record has version ${this.got}; expected ${this.expected}`;
  }
}

/** The name of a limit in `Policy.limits`. */
export type LimitName =
  | "handshakeMessage"
  | "certificateMessage"
  | "warningAlerts"
  | "emptyRecords"
  | "helloRequests"
  | "postHandshakeMessages"
  | "renegotiations"
  | "renegotiationBuffer"
  | "shortBlockData"
  | "skippedEarlyData";

/** The peer sent more of something than the policy allows. */
export class LimitExceeded extends Data.TaggedError("LimitExceeded")<{
  readonly limit: LimitName;
  readonly allowed: number;
  readonly got: number;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${this.limit}: ${this.got}; at most ${this.allowed} are allowed`;
  }
}

/** A reason to refuse a handshake. */
export type RefusalReason = keyof typeof refusals;

/** The handshake was refused, because the two ends' demands do not match. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly reason: RefusalReason;
  readonly detail: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return printable(`${this.reason.replaceAll("_", " ")}: ${this.detail}`);
  }
}

/** A record does not decompress, or decompresses to more than 2^14 bytes. The error does not say which. */
export class DecompressionFailure extends Data.TaggedError("DecompressionFailure") {
  /** What happened, in one sentence. */
  override get message(): string {
    return "a record does not decompress by the agreed method";
  }
}

/**
 * A compressed certificate chain does not decompress to exactly the length that its message names (RFC 8879 §4). The
 * error does not say whether it would be longer, shorter, or cannot be read.
 */
export class CertificateDecompressionFailure extends Data.TaggedError("CertificateDecompressionFailure")<{
  readonly algorithm: CertificateCompressionAlgorithm;
  /** The length that the message names, in bytes. */
  readonly length: number;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const by = CertificateCompressionAlgorithm.nameOf(this.algorithm);
    return `the peer's certificates do not decompress by ${by} to the ${this.length} bytes that they should be`;
  }
}

/** A signature, a Finished or the binder of a PSK does not verify. */
export class DecryptError extends Data.TaggedError("DecryptError")<{
  readonly what: "Finished" | "ServerKeyExchange" | "CertificateVerify" | "binder";
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    switch (this.what) {
      case "Finished":
        return "the peer's Finished does not match the handshake as it was seen here";
      case "binder":
        return "the binder of the client's PSK does not match its ClientHello";
      default:
        return `the signature in the peer's ${this.what} does not verify`;
    }
  }
}

/** A record does not decrypt. The reason is not revealed, neither here nor to the peer. */
export class BadRecordMac extends Data.TaggedError("BadRecordMac") {
  /** What happened, in one sentence. */
  override get message(): string {
    return "a record does not decrypt under the agreed keys";
  }
}

/** The peer sent an alert. */
export class PeerAlert extends Data.TaggedError("PeerAlert")<{
  readonly level: AlertLevel;
  readonly description: AlertDescription;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `the peer sent the ${AlertLevel.nameOf(this.level)} alert ${
      AlertDescription.nameOf(this.description)
    }`;
  }
}

/** A renegotiation that this end asked for did not happen. The connection goes on. */
export class RenegotiationRefused extends Data.TaggedError("RenegotiationRefused")<{
  /**
   * Who prevented it: the peer, by refusing or by not answering in time; the client's offer, which did not contain
   * post_handshake_auth; this end's policy, which does not allow an insecure renegotiation; or the version, since TLS 1.3 has
   * none, and an older one no update of keys.
   */
  readonly by: "peer" | "silence" | "offer" | "policy" | "version" | "older";
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return {
      peer: "the peer does not want to renegotiate",
      silence: "the peer did not answer the request to renegotiate",
      offer: "the client did not offer to show a certificate after the handshake",
      policy: "a secure renegotiation is impossible here, and our policy allows no insecure one",
      version: "TLS 1.3 has no renegotiation",
      older: "only TLS 1.3 can update its keys",
    }[this.by];
  }
}

/** An argument or option is not of its type, or not an allowed value. Nothing was done. */
export class InvalidOption extends Data.TaggedError("InvalidOption")<{
  /** The option with the path to it, e.g. `policy.limits.handshakeTimeout`. */
  readonly option: string;
  /** What is allowed. */
  readonly expected: string;
  readonly got: string;
  /** The fault in words, where these are clearer than `expected` and `got`. */
  readonly fault?: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const { option, fault = `expected ${this.expected}, got ${this.got}` } = this;
    return printable(`${option}: ${fault}`);
  }
}

/** The handshake took longer than the policy allows. */
export class HandshakeTimeout extends Data.TaggedError("HandshakeTimeout")<{
  readonly milliseconds: number;
  /** Whether the peer sent nothing at all. */
  readonly silent?: boolean | undefined;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${
      this.silent ? "the peer sent nothing" : "the handshake did not complete"
    } within ${this.milliseconds} ms`;
  }
}

/** The stream ended without close_notify, so data may be missing (RFC 5246 §7.2.1). */
export class Truncated extends Data.TaggedError("Truncated")<{ readonly handshaking: boolean }> {
  /** What happened, in one sentence. */
  override get message(): string {
    return this.handshaking
      ? "the peer closed the stream in the middle of the handshake"
      : "the stream ended without close_notify: data may be missing";
  }
}

/** The connection was already closed, by this end or by the peer's close_notify. */
export class Closed extends Data.TaggedError("Closed") {
  /** What happened, in one sentence. */
  override get message(): string {
    return "the connection is closed";
  }
}
