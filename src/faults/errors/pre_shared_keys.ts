/** Errors of the file with pre-shared keys. @module */
import { Data } from "../../deps.ts";

/** The file with pre-shared keys cannot be read, or is malformed. */
export class PreSharedKeysError extends Data.TaggedError("PreSharedKeysError")<{
  readonly path: string;
  /** The system's error, or the line that is wrong and why. It never quotes the file's content. */
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `pre-shared keys, ${this.path}: ${this.reason}`;
  }
}
