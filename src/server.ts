/** The server's side of TLS, and the loop that accepts connections. @module */
import { Cause, Duration, Effect, Either, Exit, Option, Schema, Scope } from "./deps.ts";
import { makePermits, startAccepting } from "./connection/accept.ts";
import { settled } from "./connection/bounds/deadline.ts";
import { connectionLimits, makeAdmission } from "./connection/admission.ts";
import type { ConnectionLimits, Counts } from "./connection/connection_limits.ts";
import type { Connection } from "./connection/connection.ts";
import { establish } from "./connection/establish.ts";
import { serverProgram } from "./connection/handshakes/server_program.ts";
import { AdmissionRefused } from "./faults/errors/admission.ts";
import { HandshakeTimeout, type InvalidOption } from "./faults/errors/connection.ts";
import type { TransportError } from "./faults/errors/transport.ts";
import type { TlsError } from "./faults/tls_error.ts";
import type { ClientAuth } from "./flights/base/client_auth.ts";
import { fromStore } from "./flights/sessions/made.ts";
import type { Address } from "./names/address.ts";
import {
  alpnOption,
  clientAuthOption,
  decodeOption,
  duration,
  functionOf,
  given,
  limit,
  port,
  text,
} from "./options.ts";
import type { ByteStream } from "./ports/byte_stream.ts";
import type { Credentials } from "./ports/credentials.ts";
import type { Crypto } from "./ports/crypto.ts";
import type { Observe } from "./ports/observer.ts";
import type { SessionStore } from "./ports/sessions.ts";
import { SessionTickets } from "./ports/tickets.ts";
import { Transport } from "./ports/transport.ts";
import type { CertificateVerifier } from "./ports/trust.ts";
import { modern, type Policy } from "./tables/policy.ts";
import { PolicyOption } from "./tables/policy_option.ts";
import { wordsOf } from "./wire/words_of.ts";

/** The services that every server connection needs, apart from a network and a scope. */
export type ServerRequirements = Crypto | SessionStore | CertificateVerifier | Credentials;

/** The options of a server. */
export interface ServerOptions {
  /** The policy: what the server is willing to speak. `Policy.modern` unless given. */
  readonly policy?: Policy | undefined;
  /** The application protocols to accept with ALPN, the preferred first (RFC 7301); none unless given. */
  readonly alpn?: ReadonlyArray<string> | undefined;
  /**
   * Whether to ask clients for a certificate (`request`), and to refuse those without one (`require`); `none` unless
   * given.
   */
  readonly clientAuth?: ClientAuth | undefined;
  /**
   * TLS 1.3: the most bytes of early data to accept, with a session that the store gives once (`take`); 0 unless given, and at
   * most `limits.renegotiationBuffer`. A server with `SessionTickets` accepts none, because a sealed ticket can be used again. An
   * attacker can send early data again to another server that does not share the store, so accept only what may be done twice.
   * If it is more than 0, the connection is there before the client has finished: see `Connection.confirmed`.
   */
  readonly earlyData?: number | undefined;
  /** Called with each message, change of keys and alert as it happens. */
  readonly observe?: Observe | undefined;
}

/** The address that a server listens at, and the server's options. */
export interface ListenOptions<R = never> extends Address, Omit<ServerOptions, "observe"> {
  /** How many connections are served at once; others wait before their handshake. 1024 unless given. */
  readonly maxConnections?: number | undefined;
  /**
   * How many connections may be in their handshake, or wait for it, in addition to `maxConnections`. Any others wait in
   * the system's backlog. 1024 unless given.
   */
  readonly maxHandshakes?: number | undefined;
  /** Limits beyond which a connection is refused before its handshake, instead of waiting; none unless given. */
  readonly onConnection?: ConnectionLimits | undefined;
  /**
   * What is said on a stream before TLS begins, such as STARTTLS. It gives the stream that TLS then runs over. It takes a place
   * among the handshakes, and may take as long as one (`limits.handshakeTimeout`); if it fails, so does the connection.
   */
  readonly before?:
    | ((stream: ByteStream, remote: Address) => Effect.Effect<ByteStream, unknown, R>)
    | undefined;
  /**
   * Makes the observer of a connection, from its number (starting at 1) and the peer's address. If it throws, the log
   * says so and the connection is served without an observer.
   */
  readonly observe?: ((connection: number, remote: Address) => Observe) | undefined;
  /**
   * Called when a connection fails, in its handshake or in the handler, or is refused (`AdmissionRefused`). Logs a warning
   * unless given; refusals are then counted alone, because a flood of them would flood the log.
   */
  readonly onFailure?:
    | ((
      cause: Cause.Cause<unknown>,
      connection: number,
      remote: Address,
    ) => Effect.Effect<void, never, R>)
    | undefined;
}

/** A server that is listening, until its scope closes. */
export interface Listening {
  /** The address that the server listens at, with the port that the system chose. */
  readonly address: Address;
  /** Completes when the server accepts no more connections: a handler that waits for its peer can end then. */
  readonly ended: Effect.Effect<void>;
  /** How many connections there are now, and how many were admitted and refused. */
  readonly counts: Effect.Effect<Counts>;
  /**
   * Ends the server in good order: accepts no more connections, and waits until the handlers have ended and their connections
   * are closed with close_notify. Those that are still open after `within` are interrupted, and closed with a fatal alert; it
   * waits without limit unless given. Gives the number of the interrupted. Called again, it only waits (and interrupts) again.
   */
  readonly shutdown: (options?: ShutdownOptions) => Effect.Effect<number, InvalidOption>;
}

/** How a server is ended. */
export interface ShutdownOptions {
  /** How long the handlers may go on. */
  readonly within?: Duration.DurationInput | undefined;
}

const spoken = {
  policy: Schema.optional(PolicyOption),
  alpn: Schema.optional(alpnOption),
  clientAuth: Schema.optional(clientAuthOption),
  earlyData: Schema.optional(limit(0)),
};
const serverOptions: Schema.Schema<ServerOptions> = Schema.Struct({
  ...spoken,
  observe: Schema.optional(functionOf<Observe>()),
});
const listenOptions = Schema.Struct({
  ...spoken,
  hostname: text(1),
  port,
  maxConnections: Schema.optional(limit(1)),
  maxHandshakes: Schema.optional(limit(1)),
  before: Schema.optional(functionOf<NonNullable<ListenOptions["before"]>>()),
  onConnection: Schema.optional(connectionLimits),
  observe: Schema.optional(functionOf<NonNullable<ListenOptions["observe"]>>()),
  onFailure: Schema.optional(functionOf()),
});
const shutdownOptions: Schema.Schema<ShutdownOptions> = Schema.Struct({
  within: Schema.optional(duration()),
});
const decodeShutdown = decodeOption(shutdownOptions);
const decodeOver = decodeOption(serverOptions);
/** Only the type knows the requirements of a function. */
const decodeListen = decodeOption(listenOptions) as <R>(
  options: ListenOptions<R>,
) => Either.Either<ListenOptions<R>, InvalidOption>;

/**
 * Runs TLS over a byte stream, as the server. The stream closes with the connection, or when the handshake fails.
 * Fails with InvalidOption, before any handshake, when an option has the wrong type.
 */
export const over = (
  stream: ByteStream,
  options?: ServerOptions,
): Effect.Effect<Connection, TlsError, ServerRequirements | Scope.Scope> =>
  Either.match(decodeOver(given(options)), {
    onLeft: (error) => Effect.zipRight(stream.close, Effect.fail(error)),
    onRight: (decoded) => speak(stream, decoded),
  });

/** Runs TLS over a byte stream as the server, with options that were decoded. */
const speak = (
  stream: ByteStream,
  options: ServerOptions,
): Effect.Effect<Connection, TlsError, ServerRequirements | Scope.Scope> => {
  const { policy = modern, alpn = [], clientAuth = "none", earlyData = 0, observe } = options;
  return establish<ServerRequirements>(stream, {
    ...serverProgram({
      policy,
      alpn,
      clientAuth,
      earlyData: Math.min(earlyData, policy.limits.renegotiationBuffer),
    }),
    observe,
    forget: (last) => {
      const key = last?.sessionKey;
      return key === undefined ? Effect.void : fromStore((store) => store.remove(key), undefined);
    },
  });
};

/**
 * Listens through the Transport, and runs `handler` in a fiber for each connection. When the handler succeeds, its
 * connection closes with close_notify. When it fails or is interrupted, the connection closes with a fatal alert.
 * When the scope closes, nothing more is accepted and every handler is interrupted.
 */
export const listen = <E, R, R2 = never>(
  options: ListenOptions<R2>,
  handler: (connection: Connection, number: number, remote: Address) => Effect.Effect<void, E, R>,
): Effect.Effect<
  Listening,
  TransportError | InvalidOption,
  Transport | ServerRequirements | Scope.Scope | Exclude<R, Scope.Scope> | R2
> =>
  Effect.gen(function* () {
    const decoded = yield* decodeListen(options);
    const { hostname, port, maxConnections = 1024, maxHandshakes = 1024, onFailure = warned } = decoded;
    const { earlyData = 0, policy = modern } = decoded;
    if (earlyData > 0 && policy.sessionTickets && (yield* SessionTickets)) {
      yield* Effect.logWarning(
        "no early data will be accepted: SessionTickets makes tickets that can be used again; leave it out, and the " +
          "store keeps the sessions",
      );
    }
    // A scope of its own, so that the address is free before the last connection has ended.
    const open = yield* Effect.acquireRelease(Scope.make(), Scope.close);
    const listener = yield* Scope.extend((yield* Transport).listen({ hostname, port }), open);
    const admission = makeAdmission(decoded.onConnection ?? {});
    const permits = makePermits(maxConnections, maxHandshakes);
    const observer = (number: number, remote: Address) =>
      Effect.try(() => decoded.observe?.(number, remote)).pipe(
        Effect.catchAll(({ error }) =>
          Effect.as(Effect.logWarning(`connection ${number} has no observer: ${wordsOf(error)}`), undefined)
        ),
      );
    const { before } = decoded;
    const context = yield* Effect.context<R2>();
    const milliseconds = policy.limits.handshakeTimeout;
    const inTheClear = (stream: ByteStream, remote: Address) =>
      before === undefined ? Effect.succeed(stream) : Effect.flatMap(
        settled(milliseconds, Effect.provide(Effect.suspend(() => before(stream, remote)), context)),
        (exit) => exit ?? new HandshakeTimeout({ milliseconds }),
      );
    const accepting = yield* startAccepting(listener.accept, permits, admission, {
      serve: ({ stream, remote }, number, permit) =>
        // While the limit of served connections is reached, no handshake starts.
        Effect.zip(
          Effect.zipRight(permits.room, observer(number, remote)),
          inTheClear(stream, remote),
        ).pipe(
          Effect.flatMap(([observe, stream]) => speak(stream, { ...decoded, observe })),
          Effect.zipLeft(permit.served),
          Effect.flatMap((connection) =>
            Effect.zipRight(handler(connection, number, remote), connection.close)
          ),
          Effect.scoped,
        ),
      told: (cause, number, remote) =>
        Cause.isInterruptedOnly(cause) ? Effect.void : Effect.catchAllCause(
          Effect.suspend(() => onFailure(cause, number, remote)),
          (again) => warn(again, number),
        ),
    });
    const stop = Effect.zipRight(accepting.stop, Scope.close(open, Exit.void));
    return {
      address: listener.address,
      ended: accepting.ended,
      counts: Effect.sync(admission.counts),
      shutdown: (options) =>
        Effect.flatMap(
          Effect.suspend(() => decodeShutdown(given(options))),
          ({ within = Duration.infinity }) =>
            stop.pipe(
              Effect.zipRight(Effect.timeoutOption(accepting.idle, within)),
              Effect.flatMap((idle) => Option.isSome(idle) ? Effect.succeed(0) : accepting.interrupt),
            ),
        ),
    };
  });

/** Logs a failure. A refusal is counted, and tells nothing new. */
const warned = (cause: Cause.Cause<unknown>, connection: number): Effect.Effect<void> =>
  Cause.squash(cause) instanceof AdmissionRefused ? Effect.void : warn(cause, connection);

const warn = (cause: Cause.Cause<unknown>, connection: number): Effect.Effect<void> =>
  Effect.logWarning(`connection ${connection}: ${wordsOf(Cause.squash(cause))}`);
