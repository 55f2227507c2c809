/** The port to a stream of bytes. @module */
import type { Effect } from "../deps.ts";
import type { TransportError } from "../faults/errors/transport.ts";
import type { Bytes } from "../wire/bytes.ts";

/**
 * A stream of bytes in both directions.
 *
 * - `read` gives some bytes, or `undefined` at the end, and again `undefined` after it. An interrupted `read` loses no
 *   byte. What it gave is the reader's: it is never written to again.
 * - `write` ends when all is handed on. An interrupted `write` may have written a part.
 * - `close` ends both directions, breaks a pending `read` (with `undefined`) and a pending `write` (with an error), and
 *   may be called again.
 */
export interface ByteStream {
  /** Gives some bytes, or `undefined` at the end. */
  readonly read: Effect.Effect<Bytes | undefined, TransportError>;
  /** Writes all of the bytes. */
  readonly write: (bytes: Bytes) => Effect.Effect<void, TransportError>;
  /** Closes both directions. */
  readonly close: Effect.Effect<void>;
}
