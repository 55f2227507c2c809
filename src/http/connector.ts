/** How a request gets its connection: TLS by this library, plain TCP by the runtime, and both through a proxy. @module */
import { connectTls, startTls, type TlsConn } from "../deno/mod.ts";
import { type Context, Effect, Layer } from "../deps.ts";
import { type Beneath, fromDuplex, toDuplex } from "../node/mod.ts";
import type { ClientOptions } from "../promises/options.ts";
import type { Services } from "../promises/services.ts";
import type { Connection } from "../public/connections.ts";
import { TransportError } from "../public/transport.ts";
import { connect, type Duplex, type Socket } from "./deps.ts";
import type { FetchOptions } from "./options.ts";

/** A host and its port, and how to speak with it. */
export interface Target {
  /** A name or an address, without brackets. */
  readonly hostname: string;
  readonly protocol: string;
  readonly port: number;
}

/** Opens a connection to a target. */
export type Dial = (target: Target, signal: AbortSignal) => Promise<Duplex>;

/** How TLS is spoken with a server, and the services that were made of the options. */
export interface Spoken {
  readonly options: Pick<ClientOptions, "policy" | "fallback"> & Pick<FetchOptions, "observe">;
  readonly services: Context.Context<Services>;
}

/** The target of a URL. */
export const targetOf = ({ hostname, port, protocol }: URL): Target => ({
  hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
  protocol,
  port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
});

/** TCP, by the runtime. */
export const plain: Dial = ({ hostname, port }, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket = connect({ host: hostname, port, noDelay: true });
    const givenUp = () => {
      socket.destroy(); // it could try for minutes, and keep the program
      reject(signal.reason);
    };
    const failed = (cause: unknown) =>
      reject(new TransportError({ operation: "open", cause, address: { hostname, port } }));
    signal.addEventListener("abort", givenUp, { once: true });
    socket.once("error", failed).once("connect", () => {
      signal.removeEventListener("abort", givenUp);
      resolve(socket.off("error", failed));
    });
  });

/** TLS over TCP, or over a connection that another dial opens. */
export const tls = (spoken: Spoken, serverName?: string, below?: Dial): Dial => async (target, signal) => {
  const { hostname, port } = target;
  const name = serverName ?? hostname;
  const options = { ...settings(spoken, target), serverName: name, signal };
  const conn = below
    ? await startTls(fromDuplex(await below(target, signal)), {
      ...options,
      sessionKey: `${name}@${hostname}:${port}`,
    })
    : await connectTls({ ...options, hostname, port });
  return inOrder(conn.connection, beneath(conn));
};

const settings = ({ options: { policy, fallback, observe }, services }: Spoken, target: Target) => ({
  policy,
  fallback,
  observe: observe?.({ hostname: target.hostname, port: target.port }),
  alpnProtocols: ["http/1.1"],
  layers: Layer.succeedContext(services), // what the other options say is in there
});

/**
 * A client's connection, which ends in order whatever it is destroyed with: undici does so with errors after each answer that
 * is the last, and what it sends has an end of its own. A fatal alert would also forget the session.
 *
 * Its errors have no code: undici takes ECONNRESET for the end of an answer without a length, so that anybody on the way could
 * shorten one.
 */
export const inOrder = (connection: Connection, beneath: Beneath = {}): Duplex =>
  toDuplex(
    Object.create(connection, {
      abort: { value: connection.close },
      read: { value: Effect.mapError(connection.read, withoutCode) },
      write: { value: (data: Uint8Array) => Effect.mapError(connection.write(data), withoutCode) },
      closeWrite: { value: Effect.mapError(connection.closeWrite, withoutCode) },
    }),
    { beneath },
  );

const withoutCode = <E extends object>(error: E): E =>
  Object.defineProperty(error, "code", { value: undefined });

/** What a connection knows of the socket below. */
export const beneath = (conn: TlsConn): Beneath => ({
  remoteAddress: conn.remoteAddr.hostname,
  remotePort: conn.remoteAddr.port,
  localAddress: conn.localAddr.hostname,
  localPort: conn.localAddr.port,
  ref: conn.ref,
  unref: conn.unref,
});

/** A Duplex as undici types it: it asks for no more of a socket than ours has. */
export const asSocket = (duplex: Duplex): Socket => duplex as Socket;
