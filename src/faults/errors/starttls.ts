/** Errors of what is said before TLS begins on a stream (STARTTLS). After each of them the stream is closed. @module */
import { Data } from "../../deps.ts";
import { printable, shortened } from "../../wire/printable.ts";

/** What every error of STARTTLS tells. */
interface Where {
  /** The protocol that was spoken, such as `smtp`. */
  readonly protocol: string;
  /** The section that describes how it begins TLS, such as `RFC 3207 §4`; `undefined` if no RFC does. */
  readonly rfc: string | undefined;
}

const told = ({ protocol }: Where, what: string): string => printable(`${protocol}: ${what}`);

/** What a peer said, for a message. */
const quoted = (text: string): string => text === "" ? "nothing" : shortened(text);

/** The server does not offer TLS. The connection is given up, and never goes on in the clear. */
export class StartTlsNotOffered extends Data.TaggedError("StartTlsNotOffered")<
  Where & {
    /** What it said instead: what it offers, or its answer to the command. */
    readonly offered: string;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `the server does not offer TLS; it said: ${quoted(this.offered)}`);
  }
}

/** The server refuses, although it may know the command. */
export class StartTlsRefused extends Data.TaggedError("StartTlsRefused")<
  Where & {
    /** The code of its answer, as the protocol writes it: `454`, `NO`, `-ERR`; empty if there is none. */
    readonly code: string;
    /** Its whole answer. */
    readonly text: string;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `the server refuses: ${quoted(this.text)}`);
  }
}

/**
 * Bytes in the clear came together with the last word before TLS. Whoever wrote them may be an attacker who wants them taken
 * for a part of what TLS protects (CVE-2011-0411). They were neither read nor given to TLS.
 */
export class StartTlsInjection extends Data.TaggedError("StartTlsInjection")<
  Where & {
    /** How many bytes had come. */
    readonly bytes: number;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `${this.bytes} bytes in the clear came behind the last word before TLS`);
  }
}

/** The peer says something that does not belong to the protocol, or not to this place in it. */
export class StartTlsUnexpected extends Data.TaggedError("StartTlsUnexpected")<
  Where & {
    readonly expected: string;
    /** What came instead. */
    readonly got: string;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `expected ${this.expected}, got ${quoted(this.got)}`);
  }
}

/** The stream ended before TLS could begin. */
export class StartTlsEnded extends Data.TaggedError("StartTlsEnded")<
  Where & {
    /** What should have come next. */
    readonly expected: string;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `the peer ended the connection before ${this.expected}`);
  }
}

/** The peer says more than is allowed before TLS. */
export class StartTlsTooLong extends Data.TaggedError("StartTlsTooLong")<
  Where & {
    /** What was awaited. */
    readonly expected: string;
    /** The most bytes that were allowed. */
    readonly limit: number;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `more than ${this.limit} bytes came, where ${this.expected} was expected`);
  }
}

/** What is said before TLS took too long. */
export class StartTlsTimeout extends Data.TaggedError("StartTlsTimeout")<
  Where & {
    /** What was awaited. */
    readonly expected: string;
    readonly milliseconds: number;
  }
> {
  /** What happened, in one sentence. */
  override get message(): string {
    return told(this, `TLS could not begin in ${this.milliseconds} ms: still waiting for ${this.expected}`);
  }
}
