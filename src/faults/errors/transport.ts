/** Errors of the network. @module */
import { Data } from "../../deps.ts";
import type { Address } from "../../names/address.ts";
import { addressText } from "../../names/address_text.ts";
import { printable } from "../../wire/printable.ts";
import { wordsOf } from "../../wire/words_of.ts";

/** The network said no, or broke. */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly operation: "open" | "listen" | "accept" | "read" | "write";
  /** What was thrown below. */
  readonly cause: unknown;
  /** Where a stream was to be opened, or something was to listen. */
  readonly address?: Address | undefined;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    const why = wordsOf(this.cause);
    return printable(`${this.operation}${this.address ? ` ${addressText(this.address)}` : ""}: ${why}`);
  }
}
