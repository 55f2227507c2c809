/** What a TLSSocket and the end of TLS that runs in it ask of each other. @module */
import type { Effect, Scope } from "../deps.ts";
import type { ByteStream } from "../public/byte_stream.ts";
import type { Connection, Observe } from "../public/connections.ts";
import type { Session } from "../public/session_store.ts";
import type { Buffer } from "./deps.ts";
import type { SocketOptions } from "./socket_options.ts";

/** One end of TLS: how it begins, and what it thinks of its peer. */
export interface End {
  /** Runs the handshake. The stream closes if it fails. */
  readonly open: (stream: ByteStream) => Effect.Effect<Connection, unknown, Scope.Scope>;
  /** Gets ready to judge a peer that was not asked for a certificate at first. */
  readonly prepare: Effect.Effect<void, unknown>;
  /** Our certificate as DER, if there is one: at a server the one that was shown last. */
  readonly shown: () => Uint8Array | undefined;
  /** Why the peer is not trusted, as far as somebody asked. */
  readonly fault: () => Error | undefined;
}

/** What an end tells its TLSSocket, and asks of it. */
export interface Hooks {
  readonly options: SocketOptions;
  /** Client: the session to offer. */
  readonly session: () => Session | undefined;
  /** Client: there is a session to keep. */
  readonly keep: (session: Session) => void;
  readonly keylog: (line: Buffer) => void;
  readonly stapled: (response: Uint8Array) => void;
  readonly observe: Observe;
}
