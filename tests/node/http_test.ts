/** node:http over TLS in memory: its server is given Duplexes, its client makes requests over one. @module */
import http from "node:http";
import { assert, Deferred, Effect } from "../deps.ts";
import { type TlsDuplex, toDuplex } from "../../src/node/mod.ts";
import { live } from "../support/effect.ts";
import { handshake } from "../support/handshake.ts";

/** A server of node:http at one end of a connection, and the other end as a Duplex. */
const served = (serve: http.RequestListener, observe: (server: http.Server) => void = () => {}) =>
  Effect.gen(function* () {
    const { client, server: under } = yield* handshake();
    // Deno's server closes what it was given after one answer, unless it listens.
    const server = yield* Effect.acquireRelease(
      Effect.async<http.Server>((resume) => {
        const listening = http.createServer(serve).listen(
          0,
          "127.0.0.1",
          () => resume(Effect.succeed(listening)),
        );
      }),
      (listening) => Effect.async<void>((resume) => void listening.close(() => resume(Effect.void))),
    );
    observe(server);
    const theirs = toDuplex(under);
    server.emit("connection", theirs);
    return { ours: toDuplex(client), theirs };
  });

/** An agent whose requests all go over one Duplex. */
const agentOver = (duplex: TlsDuplex): http.Agent =>
  Object.assign(new http.Agent({ keepAlive: true, maxSockets: 1 }), { createConnection: () => duplex });

/** What a request is answered. */
interface Answer {
  readonly status: number | undefined;
  readonly body: Uint8Array;
}

/** Makes a request and reads its answer to the end. */
const ask = (options: http.RequestOptions, body?: Uint8Array) =>
  Effect.async<Answer, unknown>((resume) => {
    const request = http.request({ host: "localhost", ...options }, (response) => {
      const parts: Array<Uint8Array> = [];
      response.on("data", (data) => parts.push(data));
      response.on("error", (error) => resume(Effect.fail(error)));
      response.on("end", () =>
        resume(Effect.succeed({ status: response.statusCode, body: Buffer.concat(parts) })));
    });
    request.on("error", (error) =>
      resume(Effect.fail(error)));
    request.end(body);
  });

live(
  "several requests go over one connection that is kept alive",
  Effect.gen(function* () {
    const { ours } = yield* served((request, response) => void response.end(`you asked for ${request.url}`));
    const agent = agentOver(ours);
    for (const path of ["/one", "/two", "/three"]) {
      const { status, body } = yield* ask({ agent, path });
      assert.deepEqual([status, String(body)], [200, `you asked for ${path}`]);
    }
    assert.equal(ours.destroyed, false);
    agent.destroy();
    ours.destroy();
  }),
);

live(
  "a body of megabytes goes there and comes back",
  Effect.gen(function* () {
    const { ours } = yield* served((request, response) => void request.pipe(response));
    const body = Uint8Array.from({ length: 3 << 20 }, (_, i) => i * 31 >> 3);
    const answer = yield* ask({ createConnection: () => ours, method: "POST" }, body);
    assert.ok(Buffer.compare(answer.body, body) === 0);
    ours.destroy();
  }),
);

live(
  "an answer with `Connection: close` ends the connection, and no error is told",
  Effect.gen(function* () {
    const { ours, theirs } = yield* served((_, response) => {
      response.setHeader("Connection", "close");
      response.end("the last word");
    });
    const bothClosed = Promise.all(
      [ours, theirs].map((one) =>
        new Promise<void>((resolve, reject) => one.once("close", resolve).once("error", reject))
      ),
    );
    const { body } = yield* ask({ createConnection: () => ours });
    assert.equal(String(body), "the last word");
    yield* Effect.promise(() => bothClosed);
  }),
);

live(
  "a request that is given up in the middle of its body is `aborted` at the server",
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void>();
    const aborted = yield* Deferred.make<unknown>();
    const { ours } = yield* served((request) => {
      request.once("data", () => Deferred.unsafeDone(begun, Effect.void));
      request.on("error", (error) => Deferred.unsafeDone(aborted, Effect.succeed(error)));
    });
    const request = http.request({ createConnection: () => ours, method: "POST" });
    request.on("error", () => {});
    request.write("the beginning");
    yield* Deferred.await(begun);
    request.destroy();
    assert.match(String(yield* Deferred.await(aborted)), /aborted/);
  }),
);

live(
  "an answer that is cut short is an error at the client, and not a short answer",
  Effect.gen(function* () {
    const { ours, theirs } = yield* served((_, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("not a hundred bytes", () => theirs.destroy());
    });
    const error = yield* Effect.flip(ask({ createConnection: () => ours }));
    assert.match(String(error), /aborted|reset|hang up/i);
  }),
);

live(
  "an answer without a length is cut short by a connection that ends without close_notify, which is told",
  Effect.gen(function* () {
    const { ours, theirs } = yield* served((_, response) => {
      response.setHeader("Connection", "close");
      response.removeHeader("Transfer-Encoding");
      response.useChunkedEncodingByDefault = false;
      response.write("is this all?", () => theirs.resetAndDestroy());
    });
    const error = yield* Effect.flip(ask({ createConnection: () => ours }));
    assert.match(String(error), /internal_error|aborted/);
  }),
);

live(
  "an upgrade gives both ends the Duplex, and data over it",
  Effect.gen(function* () {
    const { ours } = yield* served(() => {}, (server) =>
      server.on("upgrade", (_, socket) => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        socket.pipe(socket);
      }));
    const echoed = yield* Effect.async<string>((resume) => {
      const request = http.request({
        createConnection: () => ours,
        headers: { Connection: "Upgrade", Upgrade: "echo" },
      });
      request.on("upgrade", (_, socket) => {
        socket.once("data", (data) => resume(Effect.succeed(String(data))));
        socket.write("over the upgraded connection");
      });
      request.end();
    });
    assert.equal(echoed, "over the upgraded connection");
    ours.destroy();
  }),
);
