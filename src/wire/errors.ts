/** Bytes that are no value of a declared type, and values that cannot be bytes. @module */
import { Data } from "../deps.ts";

/** The bytes are not a value of the declared type; the alert is `decode_error` (RFC 5246 §7.2.2). */
export class DecodeError extends Data.TaggedError("DecodeError")<{
  /** What was being read, e.g. `ClientHello`. */
  readonly subject: string;
  /** The member that could not be read, e.g. `extensions.2.groups`. */
  readonly path: string;
  /** Where in `subject`'s bytes. */
  readonly offset: number;
  readonly reason: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    const where = this.path ? `${this.subject}.${this.path}` : this.subject;
    return `${where}, byte ${this.offset}: ${this.reason}`;
  }
}

/** A value that cannot be written, because a member is outside its declared bounds: a fault of this end. */
export class EncodeError extends Data.TaggedError("EncodeError")<{
  readonly subject: string;
  readonly path: string;
  readonly reason: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `${this.path ? `${this.subject}.${this.path}` : this.subject}: ${this.reason}`;
  }
}
