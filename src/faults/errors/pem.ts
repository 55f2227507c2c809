/** Errors of PEM. @module */
import { Data } from "../../deps.ts";

/** The PEM is not what was wanted. */
export class PemError extends Data.TaggedError("PemError")<{
  readonly reason: "malformed" | "missing" | "encrypted" | "passphrase" | "unsupported";
  /** The line on which the block begins, counted from 1; 0 where there is none. */
  readonly line: number;
  /** What was found, in a sentence. Never the content. */
  readonly detail: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return this.line > 0 ? `PEM, line ${this.line}: ${this.detail}` : `PEM: ${this.detail}`;
  }
}
