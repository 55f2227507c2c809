/** A server of `node:http` over connections of this library. @module */
import { listenTls, type ListenTlsOptions, type TlsConn, type TlsListener } from "../deno/mod.ts";
import { toDuplex } from "../node/mod.ts";
import { InvalidOption } from "../public/errors.ts";
import { beneath } from "./connector.ts";
import {
  type Duplex,
  type RequestListener,
  Server,
  type ServerOptions,
  type ServerResponse,
} from "./deps.ts";

/** The options of `createServer`: those of `listenTls`, and those of Node for HTTP. */
export interface CreateServerOptions extends ListenTlsOptions {
  /** What `http.createServer` takes: timeouts and limits of HTTP. */
  readonly http?: ServerOptions | undefined;
}

/** A server of `node:http` whose connections are this library's. */
export interface HttpServer extends Server {
  /**
   * Accepts no more connections and closes the idle ones, lets answers under way end, and interrupts what is still open after
   * `within` milliseconds (without limit unless given). Gives the number of the interrupted connections.
   */
  readonly shutdown: (options?: { readonly within?: number | undefined }) => Promise<number>;
  /** The connection of a request: `connOf(request.socket)`. */
  readonly connOf: (socket: Duplex) => TlsConn | undefined;
}

/**
 * A server of `node:http` that speaks TLS as this library does: for Express, Fastify, Hono's node server, `ws` and
 * whatever else takes one. It listens and closes as any other; its sockets are `TlsDuplex`. ALPN is `http/1.1` unless given.
 * A certificate or a port that cannot be used is told by the event `error`; `listen` throws InvalidOption.
 *
 * ```ts
 * import { createServer } from "./src/http/mod.ts";
 *
 * export const server = (cert: string, key: string) =>
 *   createServer({ cert, key }, (_, response) => response.end("hello\n")).listen(8443);
 * ```
 */
export const createServer = (options: CreateServerOptions, handler?: RequestListener): HttpServer =>
  new OwnServer(options, handler);

/** The server that `createServer` makes. */
export class OwnServer extends Server implements HttpServer {
  readonly #options: ListenTlsOptions;
  readonly #conns = new Map<Duplex, TlsConn>();
  /** How many answers are under way at each socket; one that was upgraded is under way for good. */
  readonly #busy = new WeakMap<object, number>();
  #listener: TlsListener | undefined;
  /** The listener, also while it ends. */
  #last: TlsListener | undefined;

  constructor({ http = {}, ...options }: CreateServerOptions, handler?: RequestListener) {
    super(http, handler);
    this.#options = { alpnProtocols: ["http/1.1"], ...options };
    // Node's is a property of each server; where it is false, connections are closed after an answer.
    Object.defineProperty(this, "listening", { get: () => this.#listener !== undefined });
  }

  override listen(...args: Array<unknown>): this {
    const done = args.at(-1);
    if (typeof done === "function") this.once("listening", () => done());
    try {
      return this.begin(whereOf(args));
    } catch (error) {
      if (error instanceof InvalidOption) throw error;
      queueMicrotask(() => this.emit("error", error)); // as Node tells of a port that is taken
      return this;
    }
  }

  /** Listens, or throws why not. What is only known later is told by `error`. */
  begin({ port, host, signal }: Where = {}): this {
    const wanted = { port, hostname: host, signal };
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const listener = this.#listener = this.#last = listenTls({ ...this.#options, ...given });
    queueMicrotask(() => {
      if (this.#listener === listener) this.emit("listening");
    });
    this.#accept(listener).catch((error) => {
      this.#listener = undefined;
      listener.close();
      this.emit("error", error);
    });
    return this;
  }

  async #accept(listener: TlsListener): Promise<void> {
    for await (const conn of listener) {
      const duplex = toDuplex(conn.connection, { beneath: beneath(conn) });
      this.#conns.set(duplex, conn);
      duplex.once("close", () => this.#conns.delete(duplex));
      duplex.on("error", () => {}); // after an upgrade nobody else may listen, and a client must not end the program
      this.emit("connection", duplex);
    }
  }

  override emit(event: string | symbol, ...args: Array<unknown>): boolean {
    const [{ socket } = {}, response] = args as [{ readonly socket?: Duplex }?, ServerResponse?];
    if (socket && event === "request") {
      this.#count(socket, 1);
      response?.once("close", () => {
        this.#count(socket, -1);
        if (!this.listening) this.closeIdleConnections();
      });
    }
    if (socket && (event === "upgrade" || event === "connect")) this.#count(socket, 1);
    // deno-lint-ignore no-explicit-any -- an event of any name has arguments of any type
    return super.emit(event as any, ...args as any);
  }

  #count(socket: Duplex, more: number): void {
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + more);
  }

  override closeIdleConnections(): void {
    for (const socket of this.#conns.keys()) if (!this.#busy.get(socket)) socket.destroy();
  }

  override close(done?: (error?: Error) => void): this {
    if (!this.#listener) return super.close(done); // which says that it does not listen
    if (done) this.once("close", () => done());
    void this.shutdown();
    return this;
  }

  async shutdown(options?: { readonly within?: number | undefined }): Promise<number> {
    const wasListening = this.#listener !== undefined;
    this.#listener = undefined;
    const ending = this.#last?.shutdown(options);
    this.closeIdleConnections();
    const count = await ending ?? 0;
    if (wasListening) super.close(); // ends its timers, and emits `close`
    return count;
  }

  connOf(socket: Duplex): TlsConn | undefined {
    return this.#conns.get(socket);
  }

  override address(): { readonly address: string; readonly family: string; readonly port: number } | null {
    if (!this.#listener) return null;
    const { hostname: address, port } = this.#listener.addr;
    return { address, family: address.includes(":") ? "IPv6" : "IPv4", port };
  }

  override getConnections(told: (error: Error | null, count: number) => void): this {
    queueMicrotask(() => told(null, this.#conns.size));
    return this;
  }

  override ref(): this {
    this.#listener?.ref();
    return this;
  }

  override unref(): this {
    this.#listener?.unref();
    return this;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}

/** Where to listen, as `net.Server.listen` takes it. */
interface Where {
  readonly port?: number;
  readonly host?: string;
  readonly signal?: AbortSignal;
}

const whereOf = ([first, second]: ReadonlyArray<unknown>): Where =>
  typeof first === "object" && first !== null ? first : {
    ...typeof first === "number" && { port: first },
    ...typeof first === "string" && { port: Number(first) },
    ...typeof second === "string" && { host: second },
  };
