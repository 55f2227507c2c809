/** The errors of decoding and encoding. @module */
import { Data } from "../deps.ts";

/** The bytes are not a value of the expected type. The alert is `decode_error` (RFC 5246 §7.2.2). */
export class DecodeError extends Data.TaggedError("DecodeError")<{
  /** The type that was decoded, e.g. `ClientHello`. */
  readonly subject: string;
  /** The member that could not be decoded, e.g. `extensions.2.groups`. */
  readonly path: string;
  /** The offset of the fault in the bytes of `subject`. */
  readonly offset: number;
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const where = this.path ? `${this.subject}.${this.path}` : this.subject;
    return `${where}, byte ${this.offset}: ${this.reason}`;
  }
}

/** A value cannot be encoded, because a member is out of its declared bounds. The mistake is this end's. */
export class EncodeError extends Data.TaggedError("EncodeError")<{
  readonly subject: string;
  readonly path: string;
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${this.path ? `${this.subject}.${this.path}` : this.subject}: ${this.reason}`;
  }
}
