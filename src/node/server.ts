/** `createServer`: a server whose connections are TLSSockets, as Node's `tls.createServer`. @module */
import { Schema } from "../deps.ts";
import { decodeOption, functionOf, text } from "../options.ts";
import { now } from "../promises/run.ts";
import { type Buffer, type Duplex, type ServerOpts, TcpServer } from "./deps.ts";
import { createSecureContext, SecureContext, type SecureContextOptions } from "./secure_context.ts";
import { type SniCallback, socketOptions, type TLSSocketOptions } from "./socket_options.ts";
import { TLSSocket } from "./tls_socket.ts";

/** The options of `createServer`, and those of `net.createServer`. */
export interface TlsOptions
  extends
    Omit<TLSSocketOptions, "isServer" | "server" | "servername" | "host" | "session" | "checkServerIdentity">,
    Omit<ServerOpts, keyof TLSSocketOptions> {}

/**
 * A TCP server that runs TLS on each connection, also on one that is given to it by `emit("connection", duplex)`. It emits
 * `secureConnection` for each handshake that is done, and `tlsClientError` for each connection that failed before. An error
 * after that is the TLSSocket's own, and ends nothing else if nobody listens to it.
 */
export class Server extends TcpServer {
  #options: TlsOptions;
  #context: SecureContext;
  /** The contexts for names, the newest first. */
  readonly #contexts: Array<readonly [name: RegExp, context: SecureContext]> = [];

  /** Throws InvalidOption, and what `createSecureContext` throws. */
  constructor(
    options: TlsOptions | ((socket: TLSSocket) => void) = {},
    listener?: (socket: TLSSocket) => void,
  ) {
    const [given, told] = typeof options === "function" ? [{}, options] : [options, listener];
    now(decodeListener(told === undefined ? {} : { secureConnectionListener: told }));
    const { secureContext } = socketOptions({ ...given, isServer: true });
    super(given as ServerOpts);
    this.#options = given;
    this.#context = secureContext;
    if (told) this.on("secureConnection", told);
    this.on("connection", (socket: Duplex) => this.#secure(socket));
  }

  #secure(socket: Duplex): void {
    const { SNICallback = this.#contexts.length > 0 ? this.#byName : undefined } = this.#options;
    const own = { secureContext: this.#context, isServer: true, server: this, SNICallback };
    const tls = new TLSSocket(socket, { ...this.#options, ...own });
    let isSecure = false;
    // It stays for good: no client may end a program that does not listen, by leaving without a goodbye for instance.
    tls.on("error", (error) => {
      if (!isSecure) this.emit("tlsClientError", error, tls);
    });
    tls.once("secure", () => {
      isSecure = true;
      this.emit("secureConnection", tls);
    });
    if (this.listenerCount("keylog") > 0) {
      tls.on("keylog", (line: Buffer) => this.emit("keylog", line, tls));
    }
  }

  readonly #byName: SniCallback = (servername, callback) =>
    callback(null, this.#contexts.find(([name]) => name.test(servername))?.[1]);

  /**
   * Has other certificates for a host name, in which `*` stands for any part between dots. Of two that fit, the one that was
   * added last counts. It has no effect beside `SNICallback`. Throws what `createSecureContext` throws.
   */
  addContext(hostname: string, context: SecureContext | SecureContextOptions): void {
    const decoded = now(decodeHostname({ hostname }));
    const escaped = decoded.hostname.replace(/[.^$+?\-\\[\]{}()|]/g, "\\$&").replaceAll("*", "[^.]*");
    this.#contexts.unshift([
      new RegExp(`^${escaped}$`, "i"),
      context instanceof SecureContext ? context : createSecureContext(context),
    ]);
  }

  /** Changes the certificates and all else of the secure context, for connections from now on. */
  setSecureContext(options: SecureContextOptions): void {
    this.#context = createSecureContext(options);
  }

  /** The keys for session tickets, 48 bytes. Until they are asked for or set, they change by themselves. */
  getTicketKeys(): Buffer {
    return this.#context.tickets.keys();
  }

  /** Changes the keys for session tickets, for connections from now on. Throws InvalidOption unless they are 48 bytes. */
  setTicketKeys(keys: Uint8Array): void {
    this.#context.tickets.change(keys);
  }
}

/** Makes a server. `listener` is called for each `secureConnection`. Throws what `createSecureContext` throws. */
export const createServer = (
  options?: TlsOptions | ((socket: TLSSocket) => void),
  listener?: (socket: TLSSocket) => void,
): Server => new Server(options, listener);

const decodeListener = decodeOption(Schema.Struct({
  secureConnectionListener: Schema.optional(functionOf<(socket: TLSSocket) => void>()),
}));
const decodeHostname = decodeOption(Schema.Struct({ hostname: text(1, 255) }));
