/** A byte stream held to its contract, whoever wrote it. @module */
import { Cause, Effect } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { ByteStream } from "../../ports/byte_stream.ts";
import { within } from "./deadline.ts";

/** Milliseconds that closing a stream may take. */
const CLOSES = 250;

/**
 * The same stream: what throws, dies or is interrupted below is a TransportError, for nobody interrupted the connection;
 * and a `close` that throws or hangs is let go of.
 */
export const heldStream = (stream: ByteStream): ByteStream => ({
  read: Effect.catchAllCause(Effect.suspend(() => stream.read), failed("read")),
  write: (bytes) => Effect.catchAllCause(Effect.suspend(() => stream.write(bytes)), failed("write")),
  close: within(CLOSES, Effect.suspend(() => stream.close)),
});

/** Runs only where the fiber that asked was not interrupted itself: then nothing is caught. */
const failed = (operation: "read" | "write") => (cause: Cause.Cause<TransportError>) => {
  const why = Cause.isInterruptedOnly(cause) ? "it was interrupted below" : Cause.squash(cause);
  return Effect.fail(why instanceof TransportError ? why : new TransportError({ operation, cause: why }));
};
