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

/** A stream ended in the middle of what was to be read. */
export class StreamEnded extends Data.TaggedError("StreamEnded")<{
  /** What was to be read, such as `8 bytes` or `the end of a line`. */
  readonly wanted: string;
  /** How many bytes of it had come. */
  readonly got: number;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `the stream ended after ${this.got} bytes, before ${this.wanted} had come`;
  }
}

/** A line has more bytes than are allowed. */
export class LineTooLong extends Data.TaggedError("LineTooLong")<{
  /** The most bytes that are allowed, without the end of the line. */
  readonly limit: number;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `a line is longer than ${this.limit} bytes`;
  }
}
