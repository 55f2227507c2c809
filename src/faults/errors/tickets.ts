/** Errors of the keys that seal tickets. @module */
import { Data } from "../../deps.ts";

/** The file with the keys of tickets can't be read or written, or is no such file. */
export class TicketKeysError extends Data.TaggedError("TicketKeysError")<{
  readonly operation: "read" | "write";
  readonly path: string;
  /** What the system said, or which member is wrong; never what the file holds. */
  readonly reason: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return `ticket keys, ${this.operation} ${this.path}: ${this.reason}`;
  }
}
