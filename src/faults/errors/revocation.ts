/** Errors of CRLs. @module */
import { Data } from "../../deps.ts";

/** A file of CRLs cannot be read, or holds none. */
export class CrlFileError extends Data.TaggedError("CrlFileError")<{
  readonly file: string;
  /** The system's error for the file, or the fault in it. */
  readonly cause: Error;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${this.file}: ${this.cause.message}`;
  }
}
