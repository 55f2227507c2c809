/** The client's side of a connection. @module */
import { Effect, Either, Schema, type Scope } from "./deps.ts";
import type { Connection } from "./connection/connection.ts";
import { establish } from "./connection/establish.ts";
import { clientProgram } from "./connection/handshakes/client_program.ts";
import type { TlsError } from "./faults/tls_error.ts";
import type { ClientSettings } from "./flights/base/client_settings.ts";
import { forget } from "./flights/sessions/client_sessions.ts";
import type { Address } from "./names/address.ts";
import { alpnOption, decodeOption, flag, functionOf, port, text } from "./options.ts";
import type { ByteStream } from "./ports/byte_stream.ts";
import type { Credentials } from "./ports/credentials.ts";
import type { Crypto } from "./ports/crypto.ts";
import type { Observe } from "./ports/observer.ts";
import type { SessionStore } from "./ports/sessions.ts";
import { Transport } from "./ports/transport.ts";
import type { CertificateVerifier } from "./ports/trust.ts";
import { modern, type Policy } from "./tables/policy.ts";
import { PolicyOption } from "./tables/policy_option.ts";
import { asciiName } from "./x509/path/host_name.ts";

/** What every client connection needs but a network. */
export type ClientRequirements =
  | Crypto
  | SessionStore
  | CertificateVerifier
  | Credentials
  | Scope.Scope;

/** How a client speaks. */
export interface ClientOptions {
  /** What it is willing to speak; `Policy.modern` unless given. */
  readonly policy?: Policy | undefined;
  /** Application protocols for ALPN, the best first (RFC 7301). */
  readonly alpn?: ReadonlyArray<string> | undefined;
  /** Says that this is another attempt at a lower version, so that a server which knows better refuses (RFC 7507). */
  readonly fallback?: boolean | undefined;
  /** Told of each message, change of keys and alert as it passes. */
  readonly observe?: Observe | undefined;
}

/** How a client speaks over a stream that is open already. */
export interface OverOptions extends ClientOptions {
  /**
   * The host name or IP address that the server's certificate must be for. A name, in ASCII or not, also goes out as
   * SNI; an address never does (RFC 6066 §3).
   */
  readonly serverName: string | undefined;
  /**
   * Under which key the session store keeps this server's session. Give what tells one service from another: host and
   * port, as `connect` does. Unless given it is made of the name and the protocols of `alpn`; since two services of one
   * host may have the same, the last two sessions are kept under it, and each service gets its own back when they are met
   * in turn. Without a name and a key nothing is resumed. Clients with certificates of their own have keys of their own.
   */
  readonly sessionKey?: string | undefined;
}

/** Where a client connects, and how it speaks. */
export interface ConnectOptions extends ClientOptions, Address {
  /** The name that the certificate must be for, where it is not `hostname`. */
  readonly serverName?: string | undefined;
}

const clientOptions = {
  policy: Schema.optional(PolicyOption),
  alpn: Schema.optional(alpnOption),
  fallback: Schema.optional(flag),
  observe: Schema.optional(functionOf<Observe>()),
};
/** As long as a host name is at most, and more. */
const hostOption = text(1, 255);
const overOptions: Schema.Schema<OverOptions> = Schema.Struct({
  ...clientOptions,
  serverName: Schema.UndefinedOr(hostOption),
  sessionKey: Schema.optional(text(0)),
});
const connectOptions: Schema.Schema<ConnectOptions> = Schema.Struct({
  ...clientOptions,
  hostname: hostOption,
  port,
  serverName: Schema.optional(hostOption),
});
const decodeOver = decodeOption(overOptions);
const decodeConnect = decodeOption(connectOptions);

/**
 * Makes a byte stream a TLS connection, in the client's role: for STARTTLS, pipes, WebSockets. The stream is closed
 * with the connection, and when the handshake fails. `InvalidOption`: an option is not of its type; no handshake was
 * begun.
 */
export const over = (
  stream: ByteStream,
  options: OverOptions,
): Effect.Effect<Connection, TlsError, ClientRequirements> =>
  Either.match(decodeOver(options), {
    onLeft: (error) => Effect.zipRight(stream.close, Effect.fail(error)),
    onRight: (decoded) => speak(stream, decoded),
  });

/** The same with options that are known to be of their types. */
const speak = (
  stream: ByteStream,
  options: OverOptions,
): Effect.Effect<Connection, TlsError, ClientRequirements> => {
  const { policy = modern, alpn = [], fallback = false, observe } = options;
  const serverName = options.serverName === undefined
    ? undefined
    : asciiName(options.serverName) ?? options.serverName;
  const usual = serverName === undefined ? undefined : [serverName, ...alpn].join(" ");
  const { sessionKey = usual } = options;
  const keyIsShared = options.sessionKey === undefined;
  const settings: ClientSettings = { policy, alpn, fallback, serverName, sessionKey, keyIsShared };
  return establish<Exclude<ClientRequirements, Scope.Scope>>(stream, {
    ...clientProgram(settings),
    observe,
    forget: () => forget(settings),
  });
};

/**
 * Opens a stream by the Transport and makes it a TLS connection. Both live in the scope; the stream is closed at once
 * when the handshake fails or is interrupted.
 */
export const connect = (
  options: ConnectOptions,
): Effect.Effect<Connection, TlsError, Transport | ClientRequirements> =>
  Effect.flatMap(decodeConnect(options), (decoded) => {
    const { hostname, port, serverName = hostname, ...rest } = decoded;
    return Effect.flatMap(
      Effect.flatMap(Transport, (transport) => transport.open({ hostname, port })),
      (stream) => speak(stream, { ...rest, serverName, sessionKey: `${serverName}@${hostname}:${port}` }),
    );
  });
