/** A byte stream that keeps its contract, whoever wrote it. @module */
import { Cause, Effect } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import { within } from "./deadline.ts";

/** How long closing a stream may take, in milliseconds. */
const CLOSES = 250;

/**
 * A stream that keeps its contract. If the given one throws, dies or is interrupted from within, that is a TransportError;
 * if its `close` throws or hangs, nobody waits for it.
 */
export const heldStream = (stream: ByteStream): ByteStream => ({
  read: Effect.catchAllCause(Effect.suspend(() => stream.read), failed("read")),
  write: (bytes) => Effect.catchAllCause(Effect.suspend(() => stream.write(bytes)), failed("write")),
  close: within(CLOSES, Effect.suspend(() => stream.close)),
});

/** Catches an interruption from within the stream, and none of the fiber that uses it. */
const failed = (operation: "read" | "write") => (cause: Cause.Cause<TransportError>) => {
  const why = Cause.isInterruptedOnly(cause) ? "it was interrupted below" : Cause.squash(cause);
  return Effect.fail(why instanceof TransportError ? why : new TransportError({ operation, cause: why }));
};
