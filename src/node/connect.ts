/** `connect`: a TLSSocket over a new connection, or over one that is there, as Node's `tls.connect`. @module */
import { Schema } from "../deps.ts";
import { decodeOption, functionOf, limit } from "../options.ts";
import { now } from "../promises/run.ts";
import { object, signal } from "../promises/decoding.ts";
import { InvalidOption } from "../public/errors.ts";
import {
  addAbortSignal,
  connectTcp,
  type Duplex,
  type NetConnectOpts,
  type TcpNetConnectOpts,
} from "./deps.ts";
import { picked } from "./secure_context.ts";
import { socketOptions, type TLSSocketOptions } from "./socket_options.ts";
import { TLSSocket } from "./tls_socket.ts";

/** The options of `net.connect` for the TCP connection, such as `lookup` and `family`. */
export type TcpOptions = Omit<
  Partial<TcpNetConnectOpts>,
  keyof TLSSocketOptions | "port" | "path" | "timeout" | "signal"
>;

/** The options of `connect`. */
export interface ConnectionOptions
  extends Omit<TLSSocketOptions, "isServer" | "server" | "SNICallback" | "requestCert">, TcpOptions {
  /** The host to connect to, and the name to find in its certificate; `localhost` unless given. */
  readonly host?: string | undefined;
  /** The port to connect to. */
  readonly port?: number | string | undefined;
  /** A Unix socket to connect to instead. */
  readonly path?: string | undefined;
  /** A stream that is there already, or is being connected, to use instead of a new connection. */
  readonly socket?: Duplex | undefined;
  /** The idle time after which `timeout` is emitted, in milliseconds. */
  readonly timeout?: number | undefined;
  /** Destroys the TLSSocket when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

const decode = decodeOption(Schema.Struct({
  socket: Schema.optional(object<Duplex>("a Duplex")),
  path: Schema.optional(Schema.String),
  port: Schema.optional(Schema.Union(Schema.Number, Schema.String)),
  timeout: Schema.optional(limit(0)),
  signal,
  told: Schema.optional(functionOf<() => void>()),
}));

/**
 * Connects to a server and gives the TLSSocket at once. `secureConnect` is emitted when the handshake is done and the server
 * is trusted, and `error` otherwise, with a typed error. Throws InvalidOption for an option of the wrong type.
 */
export const connect: Connect = (...given: ReadonlyArray<unknown>): TLSSocket => {
  const [options, listener] = sorted(given);
  const { socket, path, port, timeout, signal, told } = now(
    decode({
      ...picked(options, ["socket", "path", "port", "timeout", "signal"]),
      ...(listener !== undefined && { told: listener }),
    }),
  );
  if (!socket && path === undefined && port === undefined) {
    throw new InvalidOption({
      option: "port",
      expected: "",
      got: "",
      fault: "is missing; give port, path or socket",
    });
  }
  // Before anything is connected.
  const { secureContext } = socketOptions(options as TLSSocketOptions);
  const below = socket ?? connectTcp(ofTcp(options));
  const { host = hostOf(below) } = options;
  const made = new TLSSocket(below, { ...options, host, secureContext, isServer: false } as TLSSocketOptions);
  if (timeout !== undefined) made.setTimeout(timeout);
  if (signal) addAbortSignal(signal, made);
  return told ? made.once("secureConnect", told) : made;
};

/** The forms in which Node's `tls.connect` can be called. */
export interface Connect {
  (options: ConnectionOptions, secureConnectListener?: () => void): TLSSocket;
  (port: number, host?: string, options?: ConnectionOptions, secureConnectListener?: () => void): TLSSocket;
  (port: number, options?: ConnectionOptions, secureConnectListener?: () => void): TLSSocket;
}

/** Sorts the arguments: options, or a port and perhaps a host, or a path; then options, then a listener. */
const sorted = (given: ReadonlyArray<unknown>): readonly [ConnectionOptions, unknown] => {
  const rest = [...given];
  const listener = typeof rest.at(-1) === "function" ? rest.pop() : undefined;
  const where: Record<string, unknown> = {};
  if (typeof rest[0] !== "object") {
    const first = rest.shift();
    where[typeof first === "string" && !/^\d+$/.test(first) ? "path" : "port"] = first;
    if (typeof rest[0] === "string") where.host = rest.shift();
  }
  return [{ ...(rest[0] as object | undefined), ...where }, listener];
};

/** What concerns the TCP connection: the time limit and the signal are about all of it. */
const ofTcp = ({ timeout: _, signal: _s, ...options }: ConnectionOptions): NetConnectOpts =>
  options as unknown as NetConnectOpts; // `net.connect` takes port, path and the rest in one object

/** The host that a socket was connected to, as `net.connect` leaves it there. */
const hostOf = (socket: object): string | undefined =>
  "_host" in socket && typeof socket._host === "string" ? socket._host : undefined;
