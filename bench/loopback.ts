/** Handshakes over loopback: ours, and those of the TLS in Deno and Node. @module */
import { connect as nodeConnect, createServer, type Server as NodeServer } from "node:tls";
import { Effect, Layer } from "../src/deps.ts";
import { Client } from "../mod.ts";
import * as Golden from "../tests/golden/certificates.ts";
import { ends, listening } from "./bulk.ts";

const { certificate: cert, privateKey: key } = Golden.server("p256");

/** The milliseconds per handshake, one after another, each on a connection of its own. */
export interface Loopback {
  readonly once: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Full handshakes with our library at both ends. */
export const ours = async (): Promise<Loopback> => {
  const { port, stop } = await listening(() => Effect.void);
  const client = await Effect.runPromise(Effect.scoped(Layer.build(ends.client)));
  const connect = Client.connect({ hostname: "127.0.0.1", port, serverName: "localhost" });
  const once = Effect.scoped(Effect.flatMap(connect, ({ read }) => read)).pipe(Effect.provide(client));
  return { once: () => Effect.runPromise(Effect.asVoid(once)), stop };
};

/** Handshakes of Deno's own TLS (rustls, in Rust), without Nagle's algorithm, as in ours. */
export const deno = (): Promise<Loopback> => {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  const serving = (async () => {
    try {
      for await (const conn of listener) {
        await conn.handshake();
        conn.close();
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted)) {
        throw error;
      }
    }
  })();
  return Promise.resolve({
    once: async () => {
      // By default Deno leaves Nagle's algorithm on, and would wait 40 ms for an acknowledgement.
      const tcp = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
      tcp.setNoDelay(true);
      const conn = await Deno.startTls(tcp, { hostname: "localhost", caCerts: [Golden.root] });
      await conn.handshake();
      await conn.read(new Uint8Array(1));
      conn.close();
    },
    stop: async () => {
      listener.close();
      await serving;
    },
  });
};

/** Handshakes of `node:tls` in Deno. */
export const node = async (): Promise<Loopback> => {
  const server: NodeServer = createServer({ cert, key }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    once: () =>
      new Promise((resolve, reject) => {
        const socket = nodeConnect({ host: "127.0.0.1", port, ca: Golden.root, servername: "localhost" });
        socket.on("error", reject).on("close", () => resolve()).resume();
      }),
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
};
