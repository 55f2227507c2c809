/** `listenTls`: a TLS server whose connections are taken one by one. @module */
import {
  Cause,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Option,
  Queue,
  Schema,
  Scope,
} from "../deps.ts";
import { decodeOption, flag, functionOf, limit, port, text } from "../options.ts";
import { object, serverOptions, signal, starttls } from "../promises/decoding.ts";
import type { ServerOptions } from "../promises/options.ts";
import { advised, begun, now, promised } from "../promises/run.ts";
import { serverServices, type Services } from "../promises/services.ts";
import { serverSettings } from "../promises/settings.ts";
import type { Connection, ConnectionLimits, Counts, Observe } from "../public/connections.ts";
import { AdmissionRefused, wordsOf } from "../public/errors.ts";
import { type Address, Transport, TransportError } from "../public/transport.ts";
import * as Server from "../server.ts";
import * as StartTls from "../starttls/mod.ts";
import type { Protocol } from "../starttls/mod.ts";
import { type TlsConn, toTlsConn } from "./conn.ts";
import { addressOf, type Listened, listened } from "./transport.ts";

/** The options of `listenTls`: those of `Deno.listenTls`, and those of this library. */
export interface ListenTlsOptions extends ServerOptions {
  /** The port to listen at; 0, which it is unless given, lets the system choose. */
  readonly port?: number | undefined;
  /** The address to listen at; `0.0.0.0` unless given, as in Deno. */
  readonly hostname?: string | undefined;
  /** TCP is the only one. */
  readonly transport?: "tcp" | undefined;
  /** Whether other processes may listen at the same address, and the system deals connections to all (Linux). */
  readonly reusePort?: boolean | undefined;
  /** Closes the listener when it is aborted. Connections go on. */
  readonly signal?: AbortSignal | undefined;
  /** How many connections are open at once; others wait before their handshake. 1024 unless given. */
  readonly maxConnections?: number | undefined;
  /** How many handshakes are under way at once, besides. 1024 unless given. */
  readonly maxHandshakes?: number | undefined;
  /** Limits beyond which a connection is refused before its handshake; none unless given. */
  readonly onConnection?: ConnectionLimits | undefined;
  /** What is spoken until a client asks for TLS, such as `smtp` or `postgres`; TLS at once unless given. */
  readonly starttls?: Protocol | undefined;
  /** Makes the observer of a connection, from its number and the peer's address. */
  readonly observe?: ((connection: number, remote: Address) => Observe) | undefined;
  /** Called with the error of a handshake that failed; a warning is logged unless given. */
  readonly onError?: ((error: unknown, remote: Address) => void) | undefined;
}

/** A TLS server that is listening: a `Deno.TlsListener`, and more. */
export interface TlsListener extends Deno.TlsListener, AsyncDisposable {
  /** The next connection whose handshake is done. Handshakes run meanwhile, so no slow client delays another. */
  readonly accept: () => Promise<TlsConn>;
  /** The connections, until the listener is closed. */
  readonly [Symbol.asyncIterator]: () => AsyncIterableIterator<TlsConn>;
  /** How many connections there are, and how many were admitted and refused. */
  readonly counts: Counts;
  /**
   * Closes the listener, waits until all its connections are closed, and interrupts those that are still open after `within`
   * milliseconds (without limit unless given). Gives the number of the interrupted.
   */
  readonly shutdown: (options?: { readonly within?: number | undefined }) => Promise<number>;
}

const listenOptions: Schema.Schema<ListenTlsOptions> = Schema.Struct({
  ...serverOptions,
  port: Schema.optional(port),
  hostname: Schema.optional(text(1)),
  transport: Schema.optional(Schema.Literal("tcp")),
  reusePort: Schema.optional(flag),
  signal,
  maxConnections: Schema.optional(limit(1)),
  maxHandshakes: Schema.optional(limit(1)),
  starttls,
  onConnection: Schema.optional(object<ConnectionLimits>("limits on connections")),
  observe: Schema.optional(functionOf<NonNullable<ListenTlsOptions["observe"]>>()),
  onError: Schema.optional(functionOf<NonNullable<ListenTlsOptions["onError"]>>()),
});
const decode = decodeOption(listenOptions);

/**
 * Listens for TLS connections, as `Deno.listenTls` does, with whatever this library speaks. It listens at once; files of
 * certificates are read meanwhile, and if that fails, `accept` rejects with the reason. Closing the listener leaves its
 * connections open. Throws typed errors. Needs `--allow-net`.
 *
 * ```ts
 * import { listenTls } from "./src/deno/mod.ts";
 *
 * export const echo = async (cert: string, key: string) => {
 *   for await (const conn of listenTls({ port: 4433, cert, key })) {
 *     conn.readable.pipeTo(conn.writable).catch((e) => console.error(e.message));
 *   }
 * };
 * ```
 */
export const listenTls = (options: ListenTlsOptions): TlsListener => {
  const decoded = now(decode(options));
  const scope = now(Scope.make());
  const conns = now(Queue.unbounded<TlsConn>());
  // Layers may bring a network of their own.
  let socket = decoded.layers === undefined ? now(opened(decoded)) : undefined;
  let listening: Server.Listening | undefined;
  const served = (connOf: (remote: Address) => Deno.Conn | undefined) =>
    Effect.fnUntraced(function* (connection: Connection, _: number, remote: Address) {
      const conn = connOf(remote);
      const gone = yield* Deferred.make<void>();
      const release = Effect.asVoid(Deferred.succeed(gone, undefined));
      const one = toTlsConn(connection, { local: addressOf(conn?.localAddr), remote, conn, release });
      // A queue that is shut down interrupts who offers: nobody accepts any more, and the connection is closed.
      const isOffered = yield* Effect.catchAllCause(Queue.offer(conns, one), () => Effect.succeed(false));
      if (isOffered) yield* Deferred.await(gone);
    });
  const started = Effect.gen(function* () {
    const services = yield* serverServices(decoded);
    const network = transportIn(services) ?? listened(socket ??= yield* opened(decoded));
    listening = yield* Effect.provide(
      Server.listen(settings(decoded), served(network.connOf)),
      Layer.merge(network.layer, Layer.succeedContext(services)),
    );
  }).pipe(
    Scope.extend(scope),
    Effect.onError((cause) =>
      Effect.suspend(() => {
        if (listening === undefined) socket?.close();
        return Scope.close(scope, Exit.failCause(cause));
      })
    ),
  );
  const { done: starting, fiber } = begun(started);
  starting.catch(() => {}); // `accept` tells it

  /** Ends accepting, and closes what nobody has accepted. */
  const stopped = Effect.flatMap(Queue.takeAll(conns), (waiting) =>
    Effect.zipRight(
      Queue.shutdown(conns),
      Effect.sync(() => [...waiting].forEach((conn) => conn.close())),
    )).pipe(Effect.catchAllCause(() => Effect.void)); // it is shut down already
  const shutdown: TlsListener["shutdown"] = async (options) => {
    if (fiber) await promised(Fiber.interrupt(fiber));
    await starting.catch(() => {});
    const down = listening?.shutdown(options) ?? Effect.succeed(0);
    const count = await promised(Effect.zipRight(stopped, down));
    await promised(Scope.close(scope, Exit.void));
    return count;
  };
  const close = (): void => void shutdown();
  decoded.signal?.addEventListener("abort", close, { once: true });
  const accept = async (): Promise<TlsConn> => {
    await starting;
    return await promised(Effect.catchAllCause(Queue.take(conns), () => Effect.fail(closed())));
  };
  return {
    accept,
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const conn = await accept().catch((e) =>
          now(Queue.isShutdown(conns)) ? undefined : Promise.reject(e)
        );
        if (conn === undefined) return;
        yield conn;
      }
    },
    get addr() {
      const { hostname = "0.0.0.0", port = 0 } = listening?.address ?? addressOf(socket?.addr) ?? decoded;
      return { transport: "tcp" as const, hostname, port };
    },
    get counts() {
      return listening ? now(listening.counts) : nobody;
    },
    close,
    shutdown,
    ref: () => socket?.ref(),
    unref: () => socket?.unref(),
    [Symbol.dispose]: close,
    [Symbol.asyncDispose]: async () => void await shutdown(),
  };
};

const closed = () => new TransportError({ operation: "accept", cause: "the listener is closed" });

/** The counts of a server before it listens. */
const nobody: Counts = {
  handshakes: 0,
  connections: 0,
  admitted: 0,
  refused: { handshakes: 0, connections: 0, connectionsPerAddress: 0, ratePerAddress: 0 },
};

const opened = ({ hostname = "0.0.0.0", port = 0, reusePort = false }: ListenTlsOptions) =>
  Effect.try({
    try: () => Deno.listen({ hostname, port, reusePort }),
    catch: (cause) => new TransportError({ operation: "listen", cause, address: { hostname, port } }),
  });

/** The network that was given, if there is one. */
const transportIn = (services: Context.Context<Services>): Listened | undefined =>
  Option.getOrUndefined(Option.map(
    Context.getOption(services as Context.Context<Services | Transport>, Transport),
    (transport) => ({ layer: Layer.succeed(Transport, transport), connOf: () => undefined }),
  ));

const settings = (options: ListenTlsOptions): Server.ListenOptions => {
  const { hostname = "0.0.0.0", port = 0, maxConnections, maxHandshakes, onConnection, observe } = options;
  const { observe: _, ...spoken } = serverSettings({ ...options, observe: undefined });
  const { onError = warn, starttls } = options;
  return {
    ...spoken,
    hostname,
    port,
    maxConnections,
    maxHandshakes,
    onConnection,
    observe,
    before: starttls && ((stream) => Effect.map(StartTls.server(starttls, stream), (ready) => ready.stream)),
    onFailure: (cause, _, remote) => {
      const error = advised(Cause.squash(cause));
      return Effect.sync(() => {
        // It may be asynchronous, though its type is not.
        const told = async () => await onError(error, remote);
        told().catch((thrown) => console.warn(`onError: ${wordsOf(thrown)}`));
      });
    },
  };
};

/** Says on stderr what failed. Refusals are many, and counted. */
const warn = (error: unknown, { hostname, port }: Address): void => {
  if (!(error instanceof AdmissionRefused)) console.warn(`${hostname} port ${port}: ${wordsOf(error)}`);
};
