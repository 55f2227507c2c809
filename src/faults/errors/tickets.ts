/** Errors of the file with ticket keys. @module */
import { Data } from "../../deps.ts";

/** The file with ticket keys cannot be read or written, or is malformed. */
export class TicketKeysError extends Data.TaggedError("TicketKeysError")<{
  readonly operation: "read" | "write";
  readonly path: string;
  /** The system's error, or the member that is wrong. It never quotes the file's content. */
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `ticket keys, ${this.operation} ${this.path}: ${this.reason}`;
  }
}
