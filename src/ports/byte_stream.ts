/** The port to a stream of bytes. @module */
import type { Effect } from "../deps.ts";
import type { TransportError } from "../faults/errors/transport.ts";
import type { Bytes } from "../wire/bytes.ts";

/**
 * A stream of bytes in both directions.
 *
 * - `read` gives some bytes, or `undefined` at the end and on every later call. An interrupted `read` loses no bytes.
 *   The bytes belong to the reader: the stream never writes to them again.
 * - `write` completes when all bytes are handed on. An interrupted `write` may have written a part of them.
 * - `close` closes both directions. A pending `read` then gives `undefined`, and a pending `write` fails. It may be
 *   called more than once.
 */
export interface ByteStream {
  /** Gives some bytes, or `undefined` at the end. */
  readonly read: Effect.Effect<Bytes | undefined, TransportError>;
  /** Writes all of the bytes. */
  readonly write: (bytes: Bytes) => Effect.Effect<void, TransportError>;
  /** Closes both directions. */
  readonly close: Effect.Effect<void>;
}
