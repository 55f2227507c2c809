/** The port to the network: byte streams, and a factory of them. @module */
import { Context, Data, type Effect, type Scope } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";
import { printable, wordsOf } from "../wire/printable.ts";

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
  readonly read: Effect.Effect<Bytes | undefined, TransportError>;
  readonly write: (bytes: Bytes) => Effect.Effect<void, TransportError>;
  readonly close: Effect.Effect<void>;
}

/** Where a server listens or a client connects. */
export interface Address {
  readonly hostname: string;
  /** 0 lets the system choose, where something listens. */
  readonly port: number;
}

/** A stream that a peer opened, and where it says it is. */
export interface Incoming {
  readonly stream: ByteStream;
  readonly remote: Address;
}

/** Something that listens. It stops when its scope closes, and a pending `accept` then fails. */
export interface Listener {
  /** Where it listens indeed, with the port that the system chose. */
  readonly address: Address;
  /** The next stream; it closes with the scope. */
  readonly accept: Effect.Effect<Incoming, TransportError, Scope.Scope>;
}

/** `HOST:PORT`, an IPv6 address in brackets. */
export const addressText = ({ hostname, port }: Address): string =>
  `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;

/** The network said no, or broke. */
export class TransportError extends Data.TaggedError("TransportError")<{
  readonly operation: "open" | "listen" | "accept" | "read" | "write";
  /** What was thrown below. */
  readonly cause: unknown;
  /** Where a stream was to be opened, or something was to listen. */
  readonly address?: Address | undefined;
}> {
  override get message() {
    const why = wordsOf(this.cause);
    return printable(`${this.operation}${this.address ? ` ${addressText(this.address)}` : ""}: ${why}`);
  }
}

/** What opens streams; each lives in the scope of who asks for it. */
export interface TransportService {
  readonly open: (address: Address) => Effect.Effect<ByteStream, TransportError, Scope.Scope>;
  readonly listen: (address: Address) => Effect.Effect<Listener, TransportError, Scope.Scope>;
}

/** The network, as a service. */
export class Transport extends Context.Tag("effect-tls/1/Transport")<Transport, TransportService>() {}
