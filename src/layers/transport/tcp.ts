/** TCP with Deno. @module */
import { Effect, Layer } from "../../deps.ts";
import { TransportError } from "../../faults/errors/transport.ts";
import type { Address } from "../../names/address.ts";
import { Transport } from "../../ports/transport.ts";
import { acquire, fromPromise } from "./acquire.ts";
import { fromConn } from "./byte_stream.ts";

const failure = (operation: TransportError["operation"], address?: Address) => (cause: unknown) =>
  new TransportError({ operation, cause, address });

/** A connection as a byte stream. Setting options fails on one that was already reset; it is then closed. */
const ready = async (opening: Promise<Deno.TcpConn>) => {
  const conn = await opening;
  try {
    return { conn, stream: fromConn(conn) };
  } catch (e) {
    conn.close();
    throw e;
  }
};

/** TCP connections with Deno. Needs `--allow-net`. */
export const layerTcp: Layer.Layer<Transport> = Layer.succeed(Transport, {
  open: ({ hostname, port }) =>
    acquire(
      Effect.map(
        fromPromise(
          (signal) => ready(Deno.connect({ hostname, port, signal })),
          ({ conn }) => conn.close(),
          failure("open", { hostname, port }),
        ),
        ({ stream }) => stream,
      ),
      (stream) => stream.close,
    ),
  listen: ({ hostname, port }) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.try({
          try: () => Deno.listen({ hostname, port }),
          catch: failure("listen", { hostname, port }),
        }),
        (listener) => Effect.sync(() => listener.close()),
      ),
      (listener) => ({
        address: { hostname: listener.addr.hostname, port: listener.addr.port },
        accept: acquire(
          Effect.map(
            fromPromise(() => ready(listener.accept()), ({ conn }) => conn.close(), failure("accept")),
            ({ conn, stream }) => ({
              stream,
              remote: { hostname: conn.remoteAddr.hostname, port: conn.remoteAddr.port },
            }),
          ),
          ({ stream }) => stream.close,
        ),
      }),
    ),
});
