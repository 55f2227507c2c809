/** `serve`: an HTTP server whose handler takes a Request and gives a Response. @module */
import type { ListenTlsOptions, TlsConn } from "../deno/mod.ts";
import { getRequestListener, type ServerResponse } from "./deps.ts";
import { type CreateServerOptions, type HttpServer, OwnServer } from "./node_server.ts";

/** What is known of a request besides itself. */
export interface ServeInfo extends Pick<TlsConn, "negotiated" | "peerCertificates" | "peerVerdict"> {
  /** The peer's address. */
  readonly remoteAddr: Deno.NetAddr;
  /** Resolves when the answer has been sent; rejects if that failed. */
  readonly completed: Promise<void>;
  /** The connection, to ask more of it: its bytes are HTTP's. */
  readonly conn: TlsConn;
}

/** Answers a request. */
export type ServeHandler = (request: Request, info: ServeInfo) => Response | Promise<Response>;

/** The options of `serve`: those of `Deno.serve`, and those of `createServer`. */
export interface ServeOptions extends Omit<CreateServerOptions, "onError"> {
  /** Called when it listens; unless given, a line on stderr tells where. */
  readonly onListen?: ((address: Deno.NetAddr) => void) | undefined;
  /** Answers a request whose handler has thrown; unless given, the error is logged, and the answer is 500. */
  readonly onError?: ((error: unknown) => Response | Promise<Response>) | undefined;
  /** Called with the error of a handshake that failed; a warning is logged unless given. */
  readonly onTlsError?: ListenTlsOptions["onError"];
}

/** A server that is serving: a `Deno.HttpServer`, and more. */
export interface Serving extends AsyncDisposable {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** Resolves when it has ended; rejects if it could not listen, or its certificate cannot be used. */
  readonly finished: Promise<void>;
  /** Ends it in good order: see `HttpServer.shutdown`. */
  readonly shutdown: HttpServer["shutdown"];
  /** Keeps the program alive. */
  readonly ref: () => void;
  /** Does not keep the program alive. */
  readonly unref: () => void;
  /** The server of `node:http`, for upgrades: `new WebSocketServer({ server })`. */
  readonly server: HttpServer;
}

/**
 * Serves HTTP over TLS as `Deno.serve` does, with whatever this library speaks. It listens at port 8000 unless given, and at all
 * addresses. Throws InvalidOption, TransportError if the port cannot be had, and what is wrong with a certificate; if it comes from
 * a file, `finished` tells it. Needs `--allow-net`.
 *
 * ```ts
 * import { serve } from "./src/http/mod.ts";
 *
 * export const start = (cert: string, key: string) =>
 *   serve({ port: 8443, cert, key }, (request, { negotiated }) =>
 *     new Response(`${request.url}, ${negotiated.resumed ? "again" : "for the first time"}\n`));
 * ```
 */
export const serve = (
  { onListen = said, onError = failed, onTlsError, port = 8000, ...options }: ServeOptions,
  handler: ServeHandler,
): Serving => {
  const answered = async (request: Request, info: ServeInfo): Promise<Response> => {
    try {
      const response = await handler(request, info);
      if (!(response instanceof Response)) throw new TypeError("the handler gave no Response");
      if (response.bodyUsed || response.body?.locked) {
        throw new TypeError("the handler gave a Response whose body is read already");
      }
      return response;
    } catch (error) {
      return await onError(error);
    }
  };
  const server: OwnServer = new OwnServer(
    { ...options, port, onError: onTlsError },
    getRequestListener(
      (request, { incoming, outgoing }) => {
        const conn = server.connOf(incoming.socket)!; // it is one of the server's
        const info = infoOf(conn, outgoing as ServerResponse);
        return answered(request, info).then((response) => cutting(response, outgoing as ServerResponse));
      },
      { overrideGlobalObjects: false, errorHandler: lastly, hostname: options.hostname ?? "localhost" },
    ),
  );
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  server.once("close", () => resolve()).once("error", reject).begin();
  const addr: Deno.NetAddr = { transport: "tcp", ...addressOf(server) };
  server.once("listening", () => onListen(addr));
  return {
    addr,
    finished,
    shutdown: (options) => server.shutdown(options),
    ref: () => void server.ref(),
    unref: () => void server.unref(),
    server,
    [Symbol.asyncDispose]: async () => void await server.shutdown(),
  };
};

/**
 * What the bridge reads of an answer. When its body fails, the connection is cut first: the bridge would send the words of the
 * error, and then what the client got would look whole.
 */
const cutting = (response: Response, outgoing: ServerResponse): Response => {
  const { status, headers, body } = response;
  if (body === null) return response;
  const getReader = () => {
    const reader = body.getReader();
    const read = () => {
      const next = reader.read();
      next.catch((error) => outgoing.destroy(error));
      return next;
    };
    return { read, cancel: (reason: unknown) => reader.cancel(reason), closed: reader.closed };
  };
  return { status, headers, body: { getReader } } as Response;
};

const addressOf = (server: HttpServer): { readonly hostname: string; readonly port: number } => {
  const { address, port } = server.address() as { readonly address: string; readonly port: number };
  return { hostname: address, port };
};

const infoOf = (conn: TlsConn, outgoing: ServerResponse): ServeInfo => {
  let completed: Promise<void> | undefined;
  return {
    conn,
    remoteAddr: conn.remoteAddr as Deno.NetAddr,
    get negotiated() {
      return conn.negotiated;
    },
    get peerCertificates() {
      return conn.peerCertificates;
    },
    get peerVerdict() {
      return conn.peerVerdict;
    },
    get completed() {
      return completed ??= sent(outgoing);
    },
  };
};

const sent = (outgoing: ServerResponse): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const notSent = () => reject(new Error("the answer was not sent: the connection was closed"));
  if (outgoing.writableFinished) resolve();
  else if (outgoing.destroyed) notSent();
  else outgoing.once("finish", resolve).once("close", notSent);
  promise.catch(() => {}); // a client that leaves does not end a program that looks at it later, or never
  return promise;
};

const said = ({ hostname, port }: Deno.NetAddr): void =>
  console.error(`Listening on https://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}/`);

const failed = (error: unknown): Response => {
  console.error(error);
  return new Response("Internal Server Error", { status: 500 });
};

/** What remains are faults of the request, and of `onError` itself. */
const lastly = (error: unknown): Response => {
  if (!(error instanceof Error && error.name === "RequestError")) return failed(error);
  return new Response(null, { status: 400 });
};
