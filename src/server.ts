/** The server's side of a connection, and the loop that accepts them. @module */
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

/** What every server connection needs but a network and a scope. */
export type ServerRequirements = Crypto | SessionStore | CertificateVerifier | Credentials;

/** How a server speaks. */
export interface ServerOptions {
  /** What it is willing to speak; `Policy.modern` unless given. */
  readonly policy?: Policy | undefined;
  /** Application protocols for ALPN, the best first (RFC 7301). */
  readonly alpn?: ReadonlyArray<string> | undefined;
  /** Whether clients are asked for a certificate, and refused without one; `none` unless given. */
  readonly clientAuth?: ServerSettings["clientAuth"] | undefined;
  /** Told of each message, change of keys and alert as it passes. */
  readonly observe?: Observe | undefined;
}

/** Where a server listens, and how it speaks. */
export interface ListenOptions<R = never> extends Address, Omit<ServerOptions, "observe"> {
  /** How many connections are served at once; more wait before their handshake. 1024 unless given. */
  readonly maxConnections?: number | undefined;
  /**
   * At most this many connections may be in their handshake, or wait for it, in addition to those that are served; more
   * wait in the system's backlog. 1024 unless given.
   */
  readonly maxHandshakes?: number | undefined;
  /**
   * An observer for a connection, by its number (from 1) and where the peer is. One that can't be made is told of in the
   * log, and the connection is served without.
   */
  readonly observe?: ((connection: number, remote: Address) => Observe) | undefined;
  /** Told how a connection failed, in its handshake or in the handler; a warning in the log unless given. */
  readonly onFailure?:
    | ((
      cause: Cause.Cause<unknown>,
      connection: number,
      remote: Address,
    ) => Effect.Effect<void, never, R>)
    | undefined;
}

/** A server that listens, until its scope closes. */
export interface Listening {
  /** Where it listens indeed. */
  readonly address: Address;
  /** Ends when nothing is accepted any more. */
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
/** What a function needs is known to its type alone. */
const decodeListen = decodeOption(listenOptions) as <R>(
  options: ListenOptions<R>,
) => Either.Either<ListenOptions<R>, InvalidOption>;

/**
 * Makes a byte stream a TLS connection, in the server's role. The stream is closed with the connection, and when the
 * handshake fails. `InvalidOption`: an option is not of its type; no handshake was begun.
 */
export const over = (
  stream: ByteStream,
  options: ServerOptions = {},
): Effect.Effect<Connection, TlsError, ServerRequirements | Scope.Scope> =>
  Either.match(decodeOver(options), {
    onLeft: (error) => Effect.zipRight(stream.close, Effect.fail(error)),
    onRight: (decoded) => speak(stream, decoded),
  });

/** The same with options that are known to be of their types. */
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
 * Listens by the Transport and runs `handler` in a fiber for each connection, which closes when the handler ends: with
 * close_notify when it succeeds, with a fatal alert when it fails or is interrupted. When the scope closes nothing more
 * is accepted and every handler is interrupted.
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
    /** `established` ends when the connection may be served. */
    const serve = (stream: ByteStream, remote: Address, number: number, established: Effect.Effect<void>) =>
      // While all are served that may be, no handshake begins.
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

    /** One connection, in a scope of its own from the moment it is accepted. */
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
        // What a transport's finalizer makes of it keeps no place.
        const end = (exit: Exit.Exit<unknown, unknown>) =>
          Effect.zipRight(within(CLOSES, Scope.close(scope, exit)), Effect.suspend(() => held.release(1)));
        const { stream, remote } = yield* Effect.onError(
          restore(Effect.catchAllCause(Scope.extend(listener.accept, scope), failed)),
          (cause) => end(Exit.failCause(cause)),
        );
        const number = ++count;
        const served = Effect.onExit(restore(serve(stream, remote, number, established)), end);
        // Who is told has no permit any more.
        yield* FiberSet.run(
          fibers,
          Effect.catchAllCause(served, (cause) => restore(told(cause, number, remote))),
        );
      },
    ));
    // An accept can fail for one peer (reset before it was accepted), which may not keep the next one waiting, or for
    // want of descriptors, which takes a while. Neither is the end.
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

/** How many accepts in a row may fail before the loop takes a breath. */
const PATIENCE = 64;

/** Milliseconds that a stream's own finalizer may take. */
const CLOSES = 1_000;

/** An accept that nobody interrupted here has failed, whatever its transport calls it. */
const failed = (cause: Cause.Cause<TransportError>) => {
  const why = Cause.isInterruptedOnly(cause) ? "it was interrupted below" : Cause.squash(cause);
  return Effect.fail(
    why instanceof TransportError ? why : new TransportError({ operation: "accept", cause: why }),
  );
};

const warn = (cause: Cause.Cause<unknown>, connection: number): Effect.Effect<void> =>
  Effect.logWarning(`connection ${connection}: ${wordsOf(Cause.squash(cause))}`);
