/** `makeFetch` and `openTunnel` through Squid, which asks for a name and a password. @module */
import { assert, Effect } from "../deps.ts";
import { startTls } from "../../src/deno/mod.ts";
import { createServer, makeFetch, openTunnel, ProxyRefused } from "../../src/http/mod.ts";
import { fromDuplex } from "../../src/node/mod.ts";
import * as Golden from "../golden/certificates.ts";
import http, { type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { withPeer } from "./peers.ts";
import { PROGRAM, squid } from "./servers/squid.ts";

/** A server that says `ready`, by HTTP alone or over TLS; gives its port. */
const origin = (server: Server) =>
  Effect.acquireRelease(
    Effect.async<Server>((resume) => {
      server.on("request", (_, response) => response.end("ready"));
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)));
    }),
    () => Effect.async<void>((resume) => void server.close(() => resume(Effect.void))),
  ).pipe(Effect.map(() => (server.address() as AddressInfo).port));

const secure = () => {
  const { certificate: cert, privateKey: key } = Golden.server("rsa");
  return createServer({ cert, key, onError: () => {} });
};

const fetching = (proxy: string) =>
  Effect.acquireRelease(
    Effect.sync(() => makeFetch({ proxy, trust: { roots: Golden.root } })),
    (fetch) => Effect.promise(fetch.close),
  );

withPeer(
  PROGRAM,
  "Squid: requests for https: go through a tunnel, those for http: are forwarded, and a wrong password is told",
  Effect.gen(function* () {
    const { port } = yield* squid();
    const [https, plain] = [yield* origin(secure()), yield* origin(http.createServer())];
    const right = yield* fetching(`http://us:secret@127.0.0.1:${port}`);
    const wrong = yield* fetching(`http://us:guessed@127.0.0.1:${port}`);
    yield* Effect.promise(async () => {
      for (let i = 0; i < 2; i++) {
        assert.equal(await (await right(`https://localhost:${https}/`)).text(), "ready");
      }
      const forwarded = await right(`http://localhost:${plain}/`);
      assert.equal(await forwarded.text(), "ready");
      assert.match(forwarded.headers.get("via") ?? "", /squid/i);
      for (const url of [`https://localhost:${https}/`, `http://localhost:${plain}/`]) {
        const error = await wrong(url).catch((e) => e);
        assert.ok(error.cause instanceof ProxyRefused, error);
        assert.equal(error.cause.status, 407);
        assert.doesNotMatch(error.message, /guessed/);
      }
    });
  }),
);

withPeer(
  PROGRAM,
  "Squid: a tunnel carries TLS of ours, and a server that cannot be reached is told",
  Effect.gen(function* () {
    const { port } = yield* squid();
    const server = yield* origin(secure());
    const proxy = `http://us:secret@127.0.0.1:${port}`;
    yield* Effect.promise(async () => {
      const tunnel = await openTunnel(proxy, { hostname: "localhost", port: server });
      await using conn = await startTls(fromDuplex(tunnel), {
        hostname: "localhost",
        trust: { roots: Golden.root },
      });
      assert.equal(conn.negotiated.serverName, "localhost");
      await assert.rejects(
        openTunnel(proxy, { hostname: "127.0.0.1", port: 1 }),
        (e) => e instanceof ProxyRefused && e.status === 503,
      );
    });
  }),
);
