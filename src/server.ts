/** The server's side of TLS, and the loop that accepts connections. @module */
import { Cause, Effect, Either, Exit, FiberSet, Schema, Scope } from "./deps.ts";
import { within } from "./connection/bounds/deadline.ts";
import type { Connection } from "./connection/connection.ts";
import { establish } from "./connection/establish.ts";
import { serverProgram } from "./connection/handshakes/server_program.ts";
import type { InvalidOption } from "./faults/errors/connection.ts";
import { TransportError } from "./faults/errors/transport.ts";
import type { TlsError } from "./faults/tls_error.ts";
import type { ServerSettings } from "./flights/base/server_settings.ts";
import { fromStore } from "./flights/sessions/made.ts";
import type { Address } from "./names/address.ts";
import { alpnOption, clientAuthOption, decodeOption, functionOf, limit, port, text } from "./options.ts";
import type { ByteStream } from "./ports/byte_stream.ts";
import type { Credentials } from "./ports/credentials.ts";
import type { Crypto } from "./ports/crypto.ts";
import type { Observe } from "./ports/observer.ts";
import type { SessionStore } from "./ports/sessions.ts";
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
  readonly clientAuth?: ServerSettings["clientAuth"] | undefined;
  /** Called with each message, change of keys and alert as it happens. */
  readonly observe?: Observe | undefined;
}

/** The address that a server listens at, and the server's options. */
export interface ListenOptions<R = never> extends Address, Omit<ServerOptions, "observe"> {
  /** How many connections are served at once; others wait before their handshake. 1024 unless given. */
  readonly maxConnections?: number | undefined;
  /**
   * How many more connections may wait for their handshake or be in it, besides those that are served. Any others
   * wait in the system's backlog. 1024 unless given.
   */
  readonly maxHandshakes?: number | undefined;
  /**
   * Makes the observer of a connection, from its number (starting at 1) and the peer's address. If it throws, the log
   * says so and the connection is served without an observer.
   */
  readonly observe?: ((connection: number, remote: Address) => Observe) | undefined;
  /** Called when a connection fails, in its handshake or in the handler. Logs a warning unless given. */
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
  /** Completes when the server accepts no more connections. */
  readonly ended: Effect.Effect<void>;
}

const spoken = {
  policy: Schema.optional(PolicyOption),
  alpn: Schema.optional(alpnOption),
  clientAuth: Schema.optional(clientAuthOption),
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
  observe: Schema.optional(functionOf<NonNullable<ListenOptions["observe"]>>()),
  onFailure: Schema.optional(functionOf()),
});
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
  options: ServerOptions = {},
): Effect.Effect<Connection, TlsError, ServerRequirements | Scope.Scope> =>
  Either.match(decodeOver(options), {
    onLeft: (error) => Effect.zipRight(stream.close, Effect.fail(error)),
    onRight: (decoded) => speak(stream, decoded),
  });

/** Runs TLS over a byte stream as the server, with options that were decoded. */
const speak = (
  stream: ByteStream,
  options: ServerOptions,
): Effect.Effect<Connection, TlsError, ServerRequirements | Scope.Scope> => {
  const { policy = modern, alpn = [], clientAuth = "none", observe } = options;
  return establish<ServerRequirements>(stream, {
    ...serverProgram({ policy, alpn, clientAuth }),
    observe,
    forget: (left) => {
      const key = left?.sessionKey;
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
    const { hostname, port, maxConnections = 1024, maxHandshakes = 1024, onFailure = warn } = decoded;
    const listener = yield* (yield* Transport).listen({ hostname, port });
    const fibers = yield* FiberSet.make<void>();
    const serving = yield* Effect.makeSemaphore(maxConnections);
    const shaking = yield* Effect.makeSemaphore(maxHandshakes);
    let count = 0;

    const observer = (number: number, remote: Address) =>
      Effect.try(() => decoded.observe?.(number, remote)).pipe(
        Effect.catchAll(({ error }) =>
          Effect.as(Effect.logWarning(`connection ${number} has no observer: ${wordsOf(error)}`), undefined)
        ),
      );
    /** Runs one connection. `established` completes when the connection may be served. */
    const serve = (stream: ByteStream, remote: Address, number: number, established: Effect.Effect<void>) =>
      // While the limit of served connections is reached, no handshake starts.
      Effect.zipRight(serving.withPermits(1)(Effect.void), observer(number, remote)).pipe(
        Effect.flatMap((observe) => speak(stream, { ...decoded, observe })),
        Effect.zipLeft(established),
        Effect.flatMap((connection) =>
          Effect.zipRight(handler(connection, number, remote), connection.close)
        ),
        Effect.scoped,
      );
    const told = (cause: Cause.Cause<unknown>, number: number, remote: Address) =>
      Cause.isInterruptedOnly(cause) ? Effect.void : Effect.catchAllCause(
        Effect.suspend(() => onFailure(cause, number, remote)),
        (again) => warn(again, number),
      );

    /** Accepts and serves one connection, which has a scope of its own from the start. */
    const acceptOne = Effect.uninterruptibleMask(Effect.fnUntraced(
      function* (restore) {
        yield* restore(shaking.take(1));
        const scope = yield* Scope.make();
        let held = shaking;
        const established = Effect.uninterruptibleMask((restore) =>
          Effect.zipRight(
            restore(serving.take(1)),
            Effect.suspend(() => {
              held = serving;
              return Effect.asVoid(shaking.release(1));
            }),
          )
        );
        // The permit is released whatever a transport's finalizer does.
        const end = (exit: Exit.Exit<unknown, unknown>) =>
          Effect.zipRight(within(CLOSES, Scope.close(scope, exit)), Effect.suspend(() => held.release(1)));
        const { stream, remote } = yield* Effect.onError(
          restore(Effect.catchAllCause(Scope.extend(listener.accept, scope), failed)),
          (cause) => end(Exit.failCause(cause)),
        );
        const number = ++count;
        const served = Effect.onExit(restore(serve(stream, remote, number, established)), end);
        // The permit is released before `onFailure` runs.
        yield* FiberSet.run(
          fibers,
          Effect.catchAllCause(served, (cause) => restore(told(cause, number, remote))),
        );
      },
    ));
    // An accept can fail for one peer (it reset the connection too early), which must not delay the next, or for lack
    // of file descriptors, which takes time to pass. Neither ends the loop.
    let failures = 0;
    const loop = acceptOne.pipe(
      Effect.tap(() => Effect.sync(() => void (failures = 0))),
      Effect.catchAllCause((cause) => {
        if (Cause.isInterrupted(cause)) return Effect.failCause(cause);
        if (++failures < PATIENCE) return Effect.void;
        return Effect.zipRight(
          Effect.logWarning(`accept: ${wordsOf(Cause.squash(cause))}`),
          Effect.sleep("100 millis"),
        );
      }),
      Effect.forever,
    );
    const accepting = yield* Effect.forkScoped(loop);
    return { address: listener.address, ended: Effect.asVoid(Effect.exit(accepting)) };
  });

/** How many accepts in a row may fail before the loop pauses. */
const PATIENCE = 64;

/** How long a stream's finalizer may take, in milliseconds. */
const CLOSES = 1_000;

/**
 * Turns the cause of a failed accept into a TransportError. An interruption that did not come from here is a failure,
 * too.
 */
const failed = (cause: Cause.Cause<TransportError>) => {
  const why = Cause.isInterruptedOnly(cause) ? "it was interrupted below" : Cause.squash(cause);
  return Effect.fail(
    why instanceof TransportError ? why : new TransportError({ operation: "accept", cause: why }),
  );
};

const warn = (cause: Cause.Cause<unknown>, connection: number): Effect.Effect<void> =>
  Effect.logWarning(`connection ${connection}: ${wordsOf(Cause.squash(cause))}`);
