/**
 * `createServer` and `serve` of `./src/http/mod.ts`: what is written for `node:http` and for `Deno.serve` runs over
 * connections of this library.
 *
 * @module
 */
import express from "npm:express@^5.3.0";
import fastify from "npm:fastify@^5.12.8";
import { Hono } from "npm:hono@^4.13.19";
import { getRequestListener } from "npm:@hono/node-server@^2.1.9";
import { WebSocket, WebSocketServer } from "npm:ws@^8.23.0";
import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { assert } from "../deps.ts";
import { Errors } from "../../mod.ts";
import { connectTls } from "../../src/deno/mod.ts";
import {
  createServer,
  type FetchOptions,
  type HttpServer,
  makeFetch,
  serve,
  type ServeHandler,
  type ServeInfo,
  type ServeOptions,
} from "../../src/http/mod.ts";
import { TlsDuplex, toDuplex } from "../../src/node/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { local } from "./scripted.ts";

const fetching = (options: FetchOptions = {}) => makeFetch({ trust: { roots: Golden.root }, ...options });

const trusting = { serverName: "localhost", caCerts: [Golden.root] };

/** Undici's clock outlives a request by half a second; that no connection is left, `shutdown` tells. */
const test = (name: string, fn: () => Promise<void> | void) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** What is used of a request of Express, which comes without types. */
interface Asked {
  readonly secure: boolean;
  readonly body: { readonly n: number };
}

/** What a server gives a client that asks it once. All connections must have ended in good order. */
const asked = async (server: HttpServer, path: string, init?: RequestInit): Promise<string> => {
  await new Promise<void>((resolve) =>
    server.listening ? resolve() : server.once("listening", () => resolve())
  );
  const { port } = server.address() as { readonly port: number };
  try {
    await using fetch = fetching();
    return await (await fetch(`https://localhost:${port}${path}`, init)).text();
  } finally {
    assert.equal(await server.shutdown({ within: 2_000 }), 0);
  }
};

const serving = (handler: ServeHandler, options: Partial<ServeOptions> = {}) => {
  const server = serve({ ...local, onListen: () => {}, ...options }, handler);
  return { ...server, url: `https://localhost:${server.addr.port}` };
};

// -- what others wrote for node:http --

test("a handler of node:http answers, and its socket tells of the connection", async () => {
  const server = createServer(local, ({ socket, method, url }, response) => {
    assert.ok(socket instanceof TlsDuplex);
    response.end(`${method} ${url} ${socket.encrypted} ${socket.getProtocol()} ${socket.remoteAddress}`);
  });
  assert.equal(await asked(server.listen(), "/a"), "GET /a true TLSv1.3 127.0.0.1");
});

test("Express answers", async () => {
  const app = express();
  app.use(express.json());
  app.post("/double", (request: Asked, response: { readonly json: (value: unknown) => void }) => {
    response.json({ secure: request.secure, doubled: request.body.n * 2 });
  });
  const server = createServer(local, app);
  const init = { method: "POST", body: '{"n":21}', headers: { "content-type": "application/json" } };
  assert.equal(await asked(server.listen(0, "127.0.0.1"), "/double", init), '{"secure":true,"doubled":42}');
});

test("Hono answers, by its server for Node", async () => {
  const app = new Hono().get("/hello/:name", (c) => c.text(`hello ${c.req.param("name")} at ${c.req.url}`));
  const server = createServer(local, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const text = await asked(server.listen({ port: 0, host: "127.0.0.1" }), "/hello/you");
  assert.match(text, /^hello you at https:\/\/localhost:\d+\/hello\/you$/);
});

test("Fastify answers, and closes the server that it was given", async () => {
  let server!: HttpServer;
  const app = fastify({
    serverFactory: (handler) => server = createServer(local, (q, r) => handler(q, r)),
  });
  app.get("/", () => ({ fast: true }));
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = server.address() as { readonly port: number };
  {
    await using fetch = fetching();
    assert.deepEqual(await (await fetch(`https://localhost:${port}/`)).json(), { fast: true });
  }
  await app.close();
  assert.equal(server.listening, false);
});

test("WebSockets of ws are upgraded at either end, and go on while the server ends", async () => {
  const server = createServer(local).listen();
  const sockets = new WebSocketServer({ server: server as unknown as Server }); // the types of ws are @types/node's
  sockets.on(
    "connection",
    (socket: WebSocket) => socket.on("message", (data: unknown) => socket.send(`echo ${data}`)),
  );
  const { port } = server.address() as { readonly port: number };
  const tls = await connectTls({ hostname: "localhost", port, caCerts: [Golden.root] });
  const client = new WebSocket("ws://localhost/", {
    createConnection: () => toDuplex(tls.connection) as never, // its types want a net.Socket
  });
  await new Promise((resolve) => client.once("open", resolve));
  const ending = server.shutdown();
  const answer = new Promise((resolve) => client.once("message", (data: unknown) => resolve(String(data))));
  client.send("hello");
  assert.equal(await answer, "echo hello");
  client.close();
  assert.equal(await ending, 0);
});

test("an upgrade that nobody listens for is a request as any other", async () => {
  const server = createServer(local, (_, response) => response.end("no")).listen();
  const { port } = server.address() as { readonly port: number };
  {
    await using conn = await connectTls({ hostname: "localhost", port, caCerts: [Golden.root] });
    await conn.write(bytesOf("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"));
    const bytes = new Uint8Array(1_000);
    assert.match(textOf(bytes.subarray(0, (await conn.read(bytes))!)), /^HTTP\/1\.1 200 /);
  }
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("a certificate or a port that cannot be used is told by the event error, and by finished", async () => {
  const told = (server: HttpServer) => new Promise((resolve) => server.listen().once("error", resolve));
  const file = {
    cert: undefined,
    key: undefined,
    credentials: [{ certificate: "/none", privateKey: "/none" }],
  } as const;
  assert.ok(await told(createServer({ ...local, cert: "none" })) instanceof Errors.PemError);
  assert.ok(await told(createServer({ ...local, ...file })) instanceof Errors.CredentialFileError);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.ok(await told(createServer({ ...local, port: taken.addr.port })) instanceof Errors.TransportError);
  const { finished } = serving(() => new Response(), file);
  assert.ok(await finished.then(() => undefined, (e) => e) instanceof Errors.CredentialFileError);
});

test("options of the wrong type and ports that are taken are typed errors at once", () => {
  const thrown = (act: () => unknown) => {
    try {
      act();
    } catch (e) {
      return e;
    }
    assert.fail("it did not throw");
  };
  assert.ok(
    thrown(() => createServer({ ...local, polcy: 1 } as object).listen()) instanceof Errors.InvalidOption,
  );
  assert.ok(thrown(() => serving(() => new Response(), { port: -1 })) instanceof Errors.InvalidOption);
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  assert.ok(thrown(() => serving(() => new Response(), { port })) instanceof Errors.TransportError);
});

// -- serve --

test("serve gives the request, who asks, and what was agreed on", async () => {
  const { certificate: cert, privateKey: key } = Golden.client("p256");
  const server = serving(async (request, info) =>
    Response.json({
      url: request.url,
      text: await request.text(),
      from: info.remoteAddr.hostname,
      version: info.negotiated.version,
      certificates: info.peerCertificates.length > 0,
      trusted: info.peerVerdict !== undefined,
    }), { clientAuth: "require", clientCa: Golden.root });
  {
    await using fetch = fetching({ cert, key });
    const response = await fetch(`${server.url}/path?q=1`, { method: "POST", body: "hello" });
    assert.deepEqual(await response.json(), {
      url: `${server.url}/path?q=1`,
      text: "hello",
      from: "127.0.0.1",
      version: 0x0304,
      certificates: true,
      trusted: true,
    });
  }
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
  await server.finished;
});

test("bodies stream both ways at once", async () => {
  const server = serving((request) => new Response(request.body));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  await using conn = await connectTls({
    hostname: "localhost",
    port: server.addr.port,
    caCerts: [Golden.root],
  });
  await conn.write(bytesOf("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"));
  readable.pipeTo(conn.writable, { preventClose: true });
  const read = async (what: RegExp) => {
    let text = "";
    const bytes = new Uint8Array(4_096);
    while (!what.test(text)) text += textOf(bytes.subarray(0, (await conn.read(bytes))!));
  };
  await writer.write(bytesOf("5\r\nfirst\r\n"));
  await read(/first/); // the answer goes on its way while the request is not at its end
  await writer.write(bytesOf("6\r\nsecond\r\n0\r\n\r\n"));
  await read(/second/);
  await writer.close();
  await conn.close();
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("an answer that was read already is answered by onError", async () => {
  const read = async () => {
    const response = new Response("x");
    await response.text();
    return response;
  };
  const onError = (error: unknown) => new Response(String(error), { status: 500 });
  await using server = serving(read, { onError });
  await using fetch = fetching();
  assert.match(await (await fetch(server.url)).text(), /read already/);
});

test("a handler that throws, or gives no Response, is answered by onError", async () => {
  const seen: Array<unknown> = [];
  const server = serving(
    ({ url }) => url.endsWith("/throw") ? Promise.reject(new Error("a fault")) : (undefined as never),
    {
      onError: (error) => {
        seen.push(error);
        return new Response("sorry", { status: 503 });
      },
    },
  );
  {
    await using fetch = fetching();
    for (const path of ["/throw", "/nothing"]) {
      const response = await fetch(server.url + path);
      assert.equal(response.status, 503);
      assert.equal(await response.text(), "sorry");
    }
  }
  assert.deepEqual(seen.map(String), ["Error: a fault", "TypeError: the handler gave no Response"]);
  await server.shutdown();
});

for (const parts of [0, 1, 2, 3, 4, 20]) {
  test(`a body that fails after ${parts} parts is never a whole answer, and its error stays here`, async () => {
    let count = 0;
    const pull = (controller: ReadableStreamDefaultController) => {
      if (count++ < parts) controller.enqueue(bytesOf("part"));
      else controller.error(new Error("a secret"));
    };
    await using server = serving(() => new Response(new ReadableStream({ pull })));
    await using conn = await connectTls({ port: server.addr.port, ...trusting });
    await conn.write(bytesOf("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    let text = "";
    const reading = async () => {
      for await (const bytes of conn.readable) text += textOf(bytes);
    };
    await assert.rejects(reading(), Errors.PeerAlert);
    assert.doesNotMatch(text, /secret|\r\n0\r\n/);
  });
}

test("a client that leaves aborts the request's signal, and completed rejects", async () => {
  const began = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<string>();
  const server = serving(async (request, info) => {
    request.signal.addEventListener("abort", () => began.resolve());
    info.completed.catch((e) => gone.resolve(e.message));
    controller.abort();
    await began.promise;
    return new Response("too late");
  });
  const controller = new AbortController();
  await using fetch = fetching();
  await fetch(server.url, { signal: controller.signal }).catch(() => {});
  assert.match(await gone.promise, /was not sent/);
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("completed tells how it ended to those who ask later, and need not be asked", async () => {
  const infos: Array<ServeInfo> = [];
  const { promise: left, resolve } = Promise.withResolvers<void>();
  await using server = serving(async (request, info) => {
    infos.push(info);
    if (request.url.endsWith("/left")) {
      void info.completed; // nobody hears it reject
      request.signal.addEventListener("abort", () => resolve());
      await left;
    }
    return new Response("x");
  });
  await using fetch = fetching();
  await (await fetch(server.url)).text();
  await infos[0]!.completed;
  const controller = new AbortController();
  const asked = fetch(`${server.url}/left`, { signal: controller.signal });
  while (infos.length < 2) await new Promise((next) => setTimeout(next, 1));
  controller.abort();
  await assert.rejects(asked);
  await left;
  await assert.rejects(infos[1]!.completed, /not sent/);
});

test("a client that breaks an upgraded connection off does not end a program that does not listen", async () => {
  const { promise: upgraded, resolve } = Promise.withResolvers<Duplex>();
  const server = createServer({ cert: local.cert, key: local.key });
  server.on("upgrade", (_, socket) => resolve(socket)).listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as { readonly port: number };
  const conn = await connectTls({ port, ...trusting });
  await conn.write(bytesOf("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"));
  const socket = await upgraded;
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.resume();
  await conn.abort();
  assert.equal(await closed, true); // with an error
  await server.shutdown();
});

test("shutdown lets answers end, closes idle connections, and refuses new ones", async () => {
  const began = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const server = serving(async ({ url }) => {
    if (url.endsWith("/slow")) {
      began.resolve();
      await end.promise;
    }
    return new Response("whole");
  });
  await using fetch = fetching();
  const slow = fetch(`${server.url}/slow`).then((response) => response.text());
  assert.equal(await (await fetch(`${server.url}/fast`)).text(), "whole"); // its connection is idle now
  await began.promise;
  const ending = server.shutdown();
  await assert.rejects(fetch(`${server.url}/new`), TypeError);
  end.resolve();
  assert.equal(await slow, "whole");
  assert.equal(await ending, 0);
  await server.finished;
});

test("shutdown interrupts what is still open after its time, and counts it", async () => {
  const began = Promise.withResolvers<void>();
  const server = serving(() => {
    began.resolve();
    return new Promise(() => {});
  });
  await using fetch = fetching();
  const stuck = fetch(server.url).catch((e) => e);
  await began.promise;
  assert.equal(await server.shutdown({ within: 50 }), 1);
  assert.ok(await stuck instanceof TypeError);
});

test("handshakes that fail are told, and harm nobody", async () => {
  const told = Promise.withResolvers<unknown>();
  const server = serving(() => new Response("fine"), { onTlsError: told.resolve });
  {
    await using conn = await Deno.connect({ port: server.addr.port });
    await conn.write(bytesOf("GET / HTTP/1.1\r\n\r\n"));
    assert.ok(await told.promise instanceof Error);
  }
  {
    await using fetch = fetching();
    assert.equal(await (await fetch(server.url)).text(), "fine");
  }
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("a request that is no HTTP, and one whose path is none, are answered with 400", async () => {
  const server = serving(() => new Response("fine"));
  for (const line of ["nonsense\r\n\r\n", "GET http:///// HTTP/1.1\r\nhost: a\r\n\r\n"]) {
    await using conn = await connectTls({
      hostname: "localhost",
      port: server.addr.port,
      caCerts: [Golden.root],
    });
    await conn.write(bytesOf(line));
    const bytes = new Uint8Array(1_000);
    assert.match(textOf(bytes.subarray(0, (await conn.read(bytes))!)), /^HTTP\/1\.1 400 /);
  }
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("a request of HTTP/1.0 needs no Host", async () => {
  const server = serving(({ url }) => new Response(url));
  {
    await using conn = await connectTls({
      hostname: "localhost",
      port: server.addr.port,
      caCerts: [Golden.root],
    });
    await conn.write(bytesOf("GET /check HTTP/1.0\r\n\r\n"));
    const text = await new Response(conn.readable).text();
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nhttps:\/\/127\.0\.0\.1\/check$/);
  }
  assert.equal(await server.shutdown({ within: 2_000 }), 0);
});

test("the address is told on stderr, as a URL, unless somebody listens", async () => {
  const { error } = console;
  const lines: Array<string> = [];
  console.error = (line: string) => void lines.push(line);
  try {
    const server = serve(local, () => new Response());
    await new Promise<void>((resolve) => server.server.once("listening", () => resolve()));
    assert.deepEqual(lines, [`Listening on https://127.0.0.1:${server.addr.port}/`]);
    await server.shutdown();
  } finally {
    console.error = error;
  }
});

test("a fetch behind serve is a reverse proxy: its answers are sent on as they are", async () => {
  const text = "unpacked ".repeat(1_000);
  const origin = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(new Response(text).body!.pipeThrough(new CompressionStream("gzip")), {
        headers: { "content-encoding": "gzip" },
      }),
  );
  {
    await using inner = fetching();
    const server = serving(({ url }) =>
      inner(`http://127.0.0.1:${origin.addr.port}${new URL(url).pathname}`)
    );
    await using outer = fetching();
    assert.equal(await (await outer(server.url)).text(), text);
    await outer.close();
    assert.equal(await server.shutdown({ within: 2_000 }), 0);
  }
  await origin.shutdown();
});
