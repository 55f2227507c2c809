/** The port to the network: byte streams, and a factory of them. @module */
import { Context, type Effect, type Scope } from "../deps.ts";
import type { TransportError } from "../faults/errors/transport.ts";
import type { Address } from "../names/address.ts";
import type { ByteStream } from "./byte_stream.ts";

/** A stream that a peer opened, and where it says it is. */
export interface Incoming {
  /** The stream to the peer. */
  readonly stream: ByteStream;
  /** The address of the peer. */
  readonly remote: Address;
}

/** Something that listens. It stops when its scope closes, and a pending `accept` then fails. */
export interface Listener {
  /** Where it listens indeed, with the port that the system chose. */
  readonly address: Address;
  /** The next stream; it closes with the scope. */
  readonly accept: Effect.Effect<Incoming, TransportError, Scope.Scope>;
}

/** What opens streams; each lives in the scope of who asks for it. */
export interface TransportService {
  /** Opens a stream to an address; the stream closes with the scope. */
  readonly open: (address: Address) => Effect.Effect<ByteStream, TransportError, Scope.Scope>;
  /** Listens at an address until the scope closes. */
  readonly listen: (address: Address) => Effect.Effect<Listener, TransportError, Scope.Scope>;
}

/** The network, as a service. */
export class Transport extends Context.Tag("effect-tls/1/Transport")<Transport, TransportService>() {}
