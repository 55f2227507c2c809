/** Errors of the network. @module */
import { Data } from "../../deps.ts";
import type { Address } from "../../names/address.ts";
import { addressText } from "../../names/address_text.ts";
import { printable } from "../../wire/printable.ts";
import { wordsOf } from "../../wire/words_of.ts";

/** A network operation failed. */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly operation: "open" | "listen" | "accept" | "read" | "write";
  /** The error below: what was thrown. */
  readonly cause: unknown;
  /** The address that was to be opened or listened at. */
  readonly address?: Address | undefined;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const why = wordsOf(this.cause);
    return printable(`${this.operation}${this.address ? ` ${addressText(this.address)}` : ""}: ${why}`);
  }
}
