/** The port to the network: opens byte streams and listens for them. @module */
import { Context, type Effect, type Scope } from "../deps.ts";
import type { TransportError } from "../faults/errors/transport.ts";
import type { Address } from "../names/address.ts";
import type { ByteStream } from "./byte_stream.ts";

/** A stream that a peer opened, with the peer's address. */
export interface Incoming {
  /** The stream to the peer. */
  readonly stream: ByteStream;
  /** The address of the peer. */
  readonly remote: Address;
}

/** A listening socket. It closes with its scope, and a pending `accept` then fails. */
export interface Listener {
  /** The address that it listens at, with the port that the system chose. */
  readonly address: Address;
  /** Waits for the next incoming stream, which closes with its scope. */
  readonly accept: Effect.Effect<Incoming, TransportError, Scope.Scope>;
}

/** Opens streams. Each lives in the scope of its caller. */
export interface TransportService {
  /** Opens a stream to an address. The stream closes with the scope. */
  readonly open: (address: Address) => Effect.Effect<ByteStream, TransportError, Scope.Scope>;
  /** Listens at an address until the scope closes. */
  readonly listen: (address: Address) => Effect.Effect<Listener, TransportError, Scope.Scope>;
}

/** The network, as a service. */
export class Transport extends Context.Tag("effect-tls/1/Transport")<Transport, TransportService>() {}
