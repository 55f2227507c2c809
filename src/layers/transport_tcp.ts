/** TCP by Deno. @module */
import { Effect, Layer } from "../deps.ts";
import { type ByteStream, Transport, TransportError } from "../services/transport.ts";
import { acquire, fromPromise } from "./acquire.ts";
import { fromConn } from "./byte_stream.ts";

const failure = (operation: TransportError["operation"]) => (cause: unknown) =>
  new TransportError({ operation, cause });

/** A flight is one write; Nagle's algorithm would hold the next one back until it is acknowledged (RFC 896). */
const ready = (conn: Deno.TcpConn): ByteStream => {
  conn.setNoDelay(true);
  return fromConn(conn);
};

/** TCP: `open` connects, `listen` listens. Needs `--allow-net`. */
export const layerTcp: Layer.Layer<Transport> = Layer.succeed(Transport, {
  open: ({ hostname, port }) =>
    acquire(
      Effect.map(
        fromPromise(() => Deno.connect({ hostname, port }), (conn) => conn.close(), failure("open")),
        ready,
      ),
      (stream) => stream.close,
    ),
  listen: ({ hostname, port }) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.try({ try: () => Deno.listen({ hostname, port }), catch: failure("listen") }),
        (listener) => Effect.sync(() => listener.close()),
      ),
      (listener) => ({
        address: { hostname: listener.addr.hostname, port: listener.addr.port },
        accept: acquire(
          Effect.map(
            fromPromise(() => listener.accept(), (conn) => conn.close(), failure("accept")),
            (conn) => ({
              stream: ready(conn),
              remote: { hostname: conn.remoteAddr.hostname, port: conn.remoteAddr.port },
            }),
          ),
          ({ stream }) => stream.close,
        ),
      }),
    ),
});
