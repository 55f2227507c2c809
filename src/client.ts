/** The client's side of TLS. @module */
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
import { type Bytes, isBytes } from "./wire/bytes.ts";
import { asciiName } from "./x509/path/host_name.ts";

/** The services that every client connection needs, apart from a network. */
export type ClientRequirements =
  | Crypto
  | SessionStore
  | CertificateVerifier
  | Credentials
  | Scope.Scope;

/** The options of a client. */
export interface ClientOptions {
  /** The policy: what the client is willing to speak. `Policy.modern` unless given. */
  readonly policy?: Policy | undefined;
  /** The application protocols to offer with ALPN, the preferred first (RFC 7301); none unless given. */
  readonly alpn?: ReadonlyArray<string> | undefined;
  /**
   * Whether this is a retry at a lower version than before. It sends TLS_FALLBACK_SCSV, so that a server that
   * supports more refuses (RFC 7507). No unless given.
   */
  readonly fallback?: boolean | undefined;
  /**
   * TLS 1.3: what to send together with the first flight, where a session allows so many bytes (RFC 8446 §2.3): all of it or
   * nothing. `negotiated.earlyData` says whether the server accepted it, and is `undefined` if it was not sent. If it is not
   * `true`, nothing was received, and only you can send it again. An attacker may send early data to the server again, so send
   * only what may be done twice, such as a request to read.
   */
  readonly earlyData?: Bytes | undefined;
  /** Called with each message, change of keys and alert as it happens. */
  readonly observe?: Observe | undefined;
}

/** The options of a client that uses an open stream. */
export interface OverOptions extends ClientOptions {
  /**
   * The host name or IP address that the server's certificate must be valid for. A host name (also a non-ASCII one)
   * is sent as SNI; an IP address never is (RFC 6066 §3). With `undefined` no name is checked and no SNI is sent: every
   * certificate that the verifier trusts passes, whomever it was issued to.
   */
  readonly serverName: string | undefined;
  /**
   * The key under which the session store keeps this server's session. Give one that tells services apart, such as
   * host and port, as `connect` does. Unless given, it is made from the name and the protocols of `alpn`. That
   * key may stand for two services of one host, so it holds two sessions, offered alternately. With neither a name nor
   * a key, nothing is resumed. Clients with different credentials never share a key.
   */
  readonly sessionKey?: string | undefined;
}

/** The address that a client connects to, and the client's options. */
export interface ConnectOptions extends ClientOptions, Address {
  /** The name that the certificate must be valid for; `hostname` unless given. */
  readonly serverName?: string | undefined;
}

const bytes: Schema.Schema<Bytes> = Schema.declare(isBytes, { description: "a Uint8Array" });
const clientOptions = {
  policy: Schema.optional(PolicyOption),
  alpn: Schema.optional(alpnOption),
  fallback: Schema.optional(flag),
  earlyData: Schema.optional(bytes),
  observe: Schema.optional(functionOf<Observe>()),
};
/** A little more than the longest host name, which has 253 characters. */
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
 * Runs TLS over a byte stream, as the client: for STARTTLS, pipes or WebSockets. The stream closes with the connection,
 * or when the handshake fails. Fails with InvalidOption, before any handshake, when an option has the wrong type.
 */
export const over = (
  stream: ByteStream,
  options: OverOptions,
): Effect.Effect<Connection, TlsError, ClientRequirements> =>
  Either.match(decodeOver(options), {
    onLeft: (error) => Effect.zipRight(stream.close, Effect.fail(error)),
    onRight: (decoded) => speak(stream, decoded),
  });

/** Runs TLS over a byte stream as the client, with options that were decoded. */
const speak = (
  stream: ByteStream,
  options: OverOptions,
): Effect.Effect<Connection, TlsError, ClientRequirements> => {
  const { policy = modern, alpn = [], earlyData, fallback = false, observe } = options;
  const serverName = options.serverName === undefined
    ? undefined
    : asciiName(options.serverName) ?? options.serverName;
  const usual = serverName === undefined ? undefined : [serverName, ...alpn].join(" ");
  const { sessionKey = usual } = options;
  const keyIsShared = options.sessionKey === undefined;
  const settings: ClientSettings = {
    policy,
    alpn,
    fallback,
    earlyData,
    serverName,
    sessionKey,
    keyIsShared,
  };
  return establish<Exclude<ClientRequirements, Scope.Scope>>(stream, {
    ...clientProgram(settings),
    observe,
    forget: () => forget(settings),
  });
};

/**
 * Opens a stream through the Transport and runs TLS over it, as the client. Stream and connection close with the scope;
 * the stream closes at once when the handshake fails or is interrupted. Fails with InvalidOption, before any handshake,
 * when an option has the wrong type.
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
