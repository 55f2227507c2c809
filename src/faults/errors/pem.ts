/** Errors of PEM. @module */
import { Data } from "../../deps.ts";

/** A certificate or key cannot be read from the text or file that should hold it. */
export class PemError extends Data.TaggedError("PemError")<{
  readonly reason: "malformed" | "missing" | "encrypted" | "passphrase" | "unsupported";
  /** The line where the PEM block begins, counted from 1; 0 when there is no block, or the file is no PEM. */
  readonly line: number;
  /** What is wrong, in one sentence. It never quotes the content. */
  readonly detail: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return this.line > 0 ? `PEM, line ${this.line}: ${this.detail}` : this.detail;
  }
}
