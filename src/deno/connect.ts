/** `connectTls` and `startTls`: TLS over a new connection, or over one that is open, in either role. @module */
import { Context, Effect, Either, Schema, type Scope } from "../deps.ts";
import * as Client from "../client.ts";
import { decodeOption, flag, port, text, whole, word } from "../options.ts";
import { clientOptions, serverOptions, signal, starttls } from "../promises/decoding.ts";
import type { ClientOptions, ServerOptions } from "../promises/options.ts";
import { living, promised } from "../promises/run.ts";
import { clientServices, serverServices } from "../promises/services.ts";
import { clientSettings, serverSettings } from "../promises/settings.ts";
import {
  type ByteStream,
  type ConnLike,
  fromConn,
  fromStreams,
  prepend,
  type StreamsLike,
} from "../public/byte_stream.ts";
import type { Connection, Observe } from "../public/connections.ts";
import { InvalidOption } from "../public/errors.ts";
import { type Address, Transport, type TransportError } from "../public/transport.ts";
import * as Server from "../server.ts";
import * as StartTls from "../starttls/mod.ts";
import type { Protocol } from "../starttls/mod.ts";
import { type Below, type TlsConn, toTlsConn } from "./conn.ts";
import { addressOf, connecting } from "./transport.ts";

/** The options of `connectTls`: those of `Deno.connectTls`, and those of this library. */
export interface ConnectTlsOptions extends ClientOptions {
  /** The port of the server. */
  readonly port: number;
  /** A host name or an IP address, to connect to and for the certificate to be valid for; `127.0.0.1` unless given. */
  readonly hostname?: string | undefined;
  /** The name that the certificate must be valid for and that is sent as SNI, if it is not `hostname`. */
  readonly serverName?: string | undefined;
  /** Gives the connection up: `connectTls` rejects with the signal's reason. Once it is open, the signal has no effect. */
  readonly signal?: AbortSignal | undefined;
  /** What is spoken until TLS begins, such as `smtp` or `postgres`; TLS at once unless given. */
  readonly starttls?: Protocol | undefined;
  /** Whether to try addresses of both families, a little one after the other (RFC 8305); yes unless given. */
  readonly autoSelectFamily?: boolean | undefined;
  /** The time between two such tries in milliseconds; 250 unless given. */
  readonly autoSelectFamilyAttemptDelay?: number | undefined;
}

/** The options of `startTls` as the client. */
export interface StartClientOptions extends ClientOptions {
  /** This end is the client; so it is unless given. */
  readonly role?: "client" | undefined;
  /** The host name or IP address that the certificate must be valid for; `127.0.0.1` unless given, as in Deno. */
  readonly hostname?: string | undefined;
  /** The same as `hostname`, which it comes before. */
  readonly serverName?: string | undefined;
  /** What is spoken until TLS begins, such as `smtp` or `postgres`; TLS at once unless given. */
  readonly starttls?: Protocol | undefined;
  /** Gives the handshake up: `startTls` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that were read from the stream already and belong to TLS. Never pass on what a peer sent before it was asked to. */
  readonly head?: Uint8Array | undefined;
}

/** The options of `startTls` as the server. */
export interface StartServerOptions extends ServerOptions {
  /** This end is the server. */
  readonly role: "server";
  /** What is spoken until the client asks for TLS, such as `smtp` or `postgres`; TLS at once unless given. */
  readonly starttls?: Protocol | undefined;
  /** Called with each message, change of keys and alert as it happens. */
  readonly observe?: Observe | undefined;
  /** Gives the handshake up: `startTls` rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that were read from the stream already and belong to TLS. Never pass on what a peer sent before it was asked to. */
  readonly head?: Uint8Array | undefined;
}

/** What TLS can run over: a `Deno.Conn`, two web streams, or a byte stream of this library. */
export type Stream = ConnLike | StreamsLike | ByteStream;

const connectOptions: Schema.Schema<ConnectTlsOptions> = Schema.Struct({
  ...clientOptions,
  port,
  hostname: Schema.optional(text(1, 257)),
  serverName: Schema.optional(text(1, 255)),
  signal,
  starttls,
  autoSelectFamily: Schema.optional(flag),
  autoSelectFamilyAttemptDelay: Schema.optional(whole(0)),
});
const head = Schema.optional(Schema.Uint8ArrayFromSelf);
const startClientOptions: Schema.Schema<StartClientOptions> = Schema.Struct({
  ...clientOptions,
  role: Schema.optional(word("client")),
  hostname: Schema.optional(text(1, 257)),
  serverName: Schema.optional(text(1, 255)),
  starttls,
  signal,
  head,
});
const startServerOptions: Schema.Schema<StartServerOptions> = Schema.Struct({
  ...serverOptions,
  role: word("server"),
  starttls,
  observe: clientOptions.observe,
  signal,
  head,
});
const decodeConnect = decodeOption(connectOptions);
const decodeStartClient = decodeOption(startClientOptions);
const decodeStartServer = decodeOption(startServerOptions);

/**
 * Connects to a server and runs the handshake, as `Deno.connectTls` does, but with whatever this library speaks. It resolves
 * when the handshake is done, and rejects with a typed error that says what to do. Needs `--allow-net`, and for the default trust
 * `--allow-sys`.
 *
 * ```ts
 * import { connectTls } from "./src/deno/mod.ts";
 *
 * export const ask = async () => {
 *   await using conn = await connectTls({ hostname: "device.local", port: 443, policy: "legacy", trust: "nobody checks" });
 *   await conn.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
 *   return await new Response(conn.readable).text();
 * };
 * ```
 */
export const connectTls = (options: ConnectTlsOptions): Promise<TlsConn> =>
  promised(
    Effect.flatMap(decodeConnect(options), (decoded) => {
      const { hostname: host = "127.0.0.1", port, serverName, starttls, signal: _, ...rest } = decoded;
      const hostname = host.replace(/^\[(.*)\]$/, "$1");
      const name = serverName ?? hostname;
      return connected(
        Effect.gen(function* () {
          const services = yield* clientServices(rest);
          const { stream, ...below } = yield* opened({ hostname, port }, decoded, services);
          const sessionKey = rest.sessionKey ?? `${name}@${hostname}:${port}`;
          const connection = yield* Effect.provide(
            Client.over(
              yield* asked(starttls, stream, name),
              clientSettings({ ...rest, sessionKey }, name),
            ),
            services,
          );
          return { connection, below };
        }),
      );
    }),
    options?.signal,
  );

/**
 * Runs TLS over a stream that is open, as `Deno.startTls` does, in either role: `role: "server"` makes this end the server. It
 * resolves when the handshake is done. The stream belongs to the connection from then on, and is closed if the handshake fails.
 * Rejects with a typed error.
 *
 * ```ts
 * import { startTls } from "./src/deno/mod.ts";
 *
 * export const serve = async (conn: Deno.Conn, cert: string, key: string) => {
 *   await using tls = await startTls(conn, { role: "server", cert, key });
 *   await tls.write(new TextEncoder().encode("hello\n"));
 * };
 * ```
 */
export const startTls = (
  stream: Stream,
  options: StartClientOptions | StartServerOptions = {},
): Promise<TlsConn> =>
  promised(
    Effect.flatMap(Effect.suspend(() => byteStreamOf(stream)), (bare) => {
      const { head, signal, ...rest } = options;
      // Nothing below would run for a signal that is aborted already.
      if (signal?.aborted) return Effect.zipRight(bare.close, Effect.die(signal.reason));
      const over = head === undefined ? bare : prepend(head, bare);
      return connected(
        Effect.map(
          rest.role === "server" ? startedServer(over, options) : startedClient(over, options),
          (connection) => ({ connection, below: belowOf(stream) }),
        ),
      ).pipe(Effect.onError(() => bare.close));
    }),
    options?.signal?.aborted ? undefined : options?.signal,
  );

/** The stream on which a client's TLS begins: where a protocol is spoken first, that on which its server has agreed. */
const asked = (protocol: Protocol | undefined, stream: ByteStream, name: string) =>
  protocol === undefined ? Effect.succeed(stream) : Effect.map(
    StartTls.client(protocol, stream, protocol === "xmpp" ? { domain: name } : {}),
    (ready) => ready.stream,
  );

const startedClient = (stream: ByteStream, options: unknown) =>
  Effect.gen(function* () {
    const {
      hostname = "127.0.0.1",
      role: _,
      head: _head,
      signal: _signal,
      serverName = hostname,
      starttls,
      ...rest
    } = yield* decodeStartClient(options);
    const name = serverName.replace(/^\[(.*)\]$/, "$1");
    return yield* Effect.provide(
      Client.over(yield* asked(starttls, stream, name), clientSettings(rest, name)),
      yield* clientServices(rest),
    );
  });

const startedServer = (stream: ByteStream, options: unknown) =>
  Effect.gen(function* () {
    const decoded = yield* decodeStartServer(options);
    const services = yield* serverServices(decoded);
    const over = decoded.starttls === undefined
      ? stream
      : (yield* StartTls.server(decoded.starttls, stream)).stream;
    return yield* Effect.provide(Server.over(over, serverSettings(decoded)), services);
  });

/** A connection in a scope of its own, which ends with it. */
const connected = <E>(
  opening: Effect.Effect<
    { readonly connection: Connection; readonly below: Omit<Below, "release"> },
    E,
    Scope.Scope
  >,
): Effect.Effect<TlsConn, E> =>
  Effect.map(
    living(opening),
    ({ value: { connection, below }, close }) => toTlsConn(connection, { ...below, release: close }),
  );

/** Opens a connection by Deno, or by the Transport that was given. */
const opened = (
  address: Address,
  options: Pick<ConnectTlsOptions, "autoSelectFamily" | "autoSelectFamilyAttemptDelay">,
  services: Context.Context<never>,
): Effect.Effect<Omit<Below, "release"> & { readonly stream: ByteStream }, TransportError, Scope.Scope> => {
  const transport = Context.getOption(services as Context.Context<Transport>, Transport);
  if (transport._tag === "Some") {
    return Effect.map(
      transport.value.open(address),
      (stream) => ({ stream, local: undefined, remote: address }),
    );
  }
  const { autoSelectFamily, autoSelectFamilyAttemptDelay } = options;
  return Effect.map(
    connecting({ ...address, ...defined({ autoSelectFamily, autoSelectFamilyAttemptDelay }) }),
    ({ conn, stream }) => ({ stream, ...belowOf(conn) }),
  );
};

const defined = <A extends object>(members: A): Partial<{ [K in keyof A]: Exclude<A[K], undefined> }> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Partial<
    { [K in keyof A]: Exclude<A[K], undefined> }
  >;

/** What a stream knows of its addresses. */
const belowOf = (stream: Stream | Deno.Conn): Omit<Below, "release"> => ({
  local: "localAddr" in stream ? addressOf(stream.localAddr) : undefined,
  remote: "remoteAddr" in stream ? addressOf(stream.remoteAddr) : undefined,
  conn: "ref" in stream ? stream : undefined,
});

const byteStreamOf = (stream: Stream): Either.Either<ByteStream, InvalidOption> =>
  isByteStream(stream)
    ? Either.right(stream)
    : isConn(stream)
    ? Either.right(fromConn(stream))
    : stream?.readable instanceof ReadableStream && stream.writable instanceof WritableStream
    ? Either.right(fromStreams(stream))
    : Either.left(
      new InvalidOption({
        option: "stream",
        expected: "a Deno.Conn, { readable, writable } or a ByteStream",
        got: "something else",
      }),
    );

const isByteStream = (stream: Stream): stream is ByteStream =>
  typeof stream === "object" && stream !== null && "read" in stream && Effect.isEffect(stream.read);
const isConn = (stream: Stream): stream is ConnLike =>
  typeof stream === "object" && stream !== null && "read" in stream && typeof stream.read === "function";
