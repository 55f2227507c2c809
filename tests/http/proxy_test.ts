/**
 * `makeFetch` through a proxy: CONNECT over TCP and over TLS (TLS in TLS), with credentials and without, and `http:` without
 * a tunnel.
 *
 * @module
 */
import http, { type IncomingMessage, type Server } from "node:http";
import net from "node:net";
import type { Duplex } from "node:stream";
import { assert } from "../deps.ts";
import { Errors } from "../../mod.ts";
import { startTls } from "../../src/deno/mod.ts";
import { createServer, type FetchOptions, makeFetch, openTunnel, ProxyRefused } from "../../src/http/mod.ts";
import { fromDuplex } from "../../src/node/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { local, scripted } from "./scripted.ts";

const fetching = (options: FetchOptions) => makeFetch({ trust: { roots: Golden.root }, ...options });
const ok = (body: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

/** Undici's clock outlives a request by half a second. */
const test = (name: string, fn: () => Promise<void>) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** What a proxy was asked. */
interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
}

/** Makes a server a proxy. `refuse` gives the status of an answer that is no tunnel. */
const proxying = async (server: Server, refuse: (asked: Asked) => number | undefined = () => undefined) => {
  const asked: Array<Asked> = [];
  const seen = ({ method, url, headers }: IncomingMessage) => {
    const one = { line: `${method} ${url}`, headers };
    asked.push(one);
    return refuse(one);
  };
  server.on("connect", (request: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    const status = seen(request);
    if (status !== undefined) return socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const { port } = new URL(`http://${request.url}`);
    const there = net.connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      there.write(head);
      socket.pipe(there).pipe(socket);
    });
    there.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("error", () => there.destroy()).on("close", () => there.destroy());
  });
  server.on("request", (request, response) => {
    response.writeHead(seen(request) ?? 200).end("forwarded");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
};

/** A server of TCP, which does with each connection what it is told. */
const listening = async (serve: (socket: net.Socket) => void) => {
  const server = net.createServer((socket) => serve(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
};

test("a request goes through a proxy's tunnel, and TLS is with the server behind it", async () => {
  await using server = scripted(({ conn }) => ok(conn.negotiated.serverName ?? "none"));
  await using proxy = await proxying(http.createServer());
  await using fetch = fetching({ proxy: `http://127.0.0.1:${proxy.port}` });
  for (let i = 0; i < 3; i++) assert.equal(await (await fetch(server.url)).text(), "localhost");
  assert.ok(proxy.asked.length <= 2); // the connection is kept
  assert.equal(proxy.asked[0]!.line, `CONNECT ${new URL(server.url).host}`);
  assert.equal(proxy.asked[0]!.headers["proxy-authorization"], undefined);
});

test("a proxy over TLS is a tunnel in a tunnel, each with a trust of its own", async () => {
  await using server = scripted(() => ok("inner"));
  await using proxy = await proxying(createServer({ ...local, onError: () => {} }));
  const url = `https://localhost:${proxy.port}`;
  await using fetch = fetching({ proxy: { url, trust: { roots: Golden.root } } });
  assert.equal(await (await fetch(server.url)).text(), "inner");
  assert.equal(await (await fetch("http://printer.example/")).text(), "forwarded");
  await using untrusting = fetching({ proxy: { url, trust: { roots: Golden.client("p256").certificate } } });
  const { cause } = await untrusting(server.url).catch((e) => e);
  assert.ok(cause instanceof Errors.CertificateError);
  // Nor is the trust in servers one in proxies.
  await using other = makeFetch({
    trust: "nobody checks",
    proxy: { url, trust: { roots: [Golden.client("p256").certificate] } },
  });
  assert.ok((await other(server.url).catch((e) => e)).cause instanceof Errors.CertificateError);
});

test("credentials in the URL go to the proxy, decoded, and not to the server", async () => {
  await using server = scripted(() => ok("x"));
  await using proxy = await proxying(
    http.createServer(),
    ({ headers }) => headers["proxy-authorization"] === `Basic ${btoa("me:p@ss:word")}` ? undefined : 407,
  );
  const host = `127.0.0.1:${proxy.port}`;
  await using fetch = fetching({ proxy: `http://me:p%40ss%3Aword@${host}` });
  assert.equal(await (await fetch(server.url)).text(), "x");
  assert.doesNotMatch(server.requests[0]!.head, /proxy-authorization/i);
  await using wrong = fetching({ proxy: { url: `http://me:secret@${host}` } });
  const error = await wrong(server.url).catch((e) => e);
  assert.ok(error.cause instanceof ProxyRefused);
  assert.equal(error.cause.status, 407);
  assert.match(
    error.message,
    /the proxy http:\/\/127\.0\.0\.1:\d+ refuses .* 407; give a user name and password/,
  );
  assert.doesNotMatch(error.message, /secret/);
});

test("fields for the proxy are sent to it alone", async () => {
  await using server = scripted(() => ok("x"));
  await using proxy = await proxying(http.createServer());
  await using fetch = fetching({
    proxy: { url: `http://127.0.0.1:${proxy.port}`, headers: { "x-for": "proxy" } },
  });
  await (await fetch(server.url)).text();
  assert.equal(proxy.asked[0]!.headers["x-for"], "proxy");
  assert.doesNotMatch(server.requests[0]!.head, /x-for/);
});

test("a request for http: is given to the proxy as it is, and a refusal is told", async () => {
  await using proxy = await proxying(
    http.createServer(),
    ({ headers }) => headers["proxy-authorization"] === `Basic ${btoa("me:pw")}` ? undefined : 407,
  );
  await using fetch = fetching({ proxy: `http://me:pw@127.0.0.1:${proxy.port}` });
  assert.equal(await (await fetch("http://printer.example/status")).text(), "forwarded");
  assert.equal(proxy.asked[0]!.line, "GET http://printer.example/status");
  assert.equal(proxy.asked[0]!.headers.host, "printer.example");
  await using wrong = fetching({ proxy: `http://me:secret@127.0.0.1:${proxy.port}` });
  const { cause, message } = await wrong("http://printer.example/status").catch((e) => e);
  assert.ok(cause instanceof ProxyRefused);
  assert.match(message, /refuses to connect to printer\.example: it answered 407; give a user name/);
  assert.equal(await (await fetch("http://printer.example/status")).text(), "forwarded");
});

for (const status of [403, 502]) {
  test(`a proxy that answers ${status} is a typed error`, async () => {
    await using proxy = await proxying(http.createServer(), () => status);
    await using fetch = fetching({ proxy: `http://127.0.0.1:${proxy.port}` });
    const { cause } = await fetch("https://blocked.example/").catch((e) => e);
    assert.ok(cause instanceof ProxyRefused);
    assert.equal(cause.target, "blocked.example:443");
    assert.equal(cause.status, status);
  });
}

test("a proxy that is not there, and one that says nothing, are errors", async () => {
  using gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  await using fetch = fetching({ proxy: `http://127.0.0.1:${port}` });
  assert.match(
    (await fetch("https://a.example/").catch((e) => e)).message,
    /ECONNREFUSED|Connection refused/,
  );
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  await using waiting = fetching({ proxy: `http://127.0.0.1:${silent.addr.port}`, connectTimeout: 100 });
  assert.match((await waiting("https://a.example/").catch((e) => e)).message, /within 100 ms/);
  (await accepted).close();
});

const endings = { closes: "", "breaks off": "HTTP/1.1 2", "says 100": "HTTP/1.1 100 Go\r\n\r\n" };
for (const [how, answer] of Object.entries(endings)) {
  test(`a proxy that ${how} before its answer is an error, and is not asked again and again`, async () => {
    let count = 0;
    await using proxy = await listening((socket) => {
      count++;
      socket.once("data", () => socket.end(answer));
    });
    const url = `http://127.0.0.1:${proxy.port}`;
    await using fetch = fetching({ proxy: url });
    const { cause } = await fetch("https://a.example/").catch((e) => e);
    assert.ok(cause instanceof Errors.TransportError, String(cause));
    assert.equal(count, 1);
    await assert.rejects(openTunnel(url, { hostname: "a.example", port: 1 }), Errors.TransportError);
  });
}

test("a tunnel that is given up does not go on trying to reach the proxy", async () => {
  await using proxy = await listening(() => {});
  const controller = new AbortController();
  const tunnel = openTunnel(`http://127.0.0.1:${proxy.port}`, { hostname: "a", port: 1 }, controller.signal);
  controller.abort(new Error("not now"));
  await assert.rejects(tunnel, /not now/);
});

test("escapes in credentials are bytes, and a lone % is itself", async () => {
  await using proxy = await proxying(http.createServer(), () => 403);
  for (
    const [userinfo, bytes] of [["%zz:%", "%zz:%"], ["a%3Ab:%ff", "a:b:\xff"], [
      "\u00fc:",
      "\xc3\xbc:",
    ]] as const
  ) {
    await using fetch = fetching({ proxy: `http://${userinfo}@127.0.0.1:${proxy.port}` });
    await fetch("https://a.example/").catch(() => {});
    assert.equal(proxy.asked.at(-1)!.headers["proxy-authorization"], `Basic ${btoa(bytes)}`);
  }
});

test("an IPv6 address is asked for in brackets", async () => {
  await using proxy = await proxying(http.createServer(), () => 403);
  await using fetch = fetching({ proxy: `http://127.0.0.1:${proxy.port}` });
  await fetch("https://[2001:db8::1]/").catch(() => {});
  assert.equal(proxy.asked[0]!.line, "CONNECT [2001:db8::1]:443");
});

test("a tunnel carries any protocol, and what a refusal says is typed", async () => {
  await using server = scripted(() => ok("x"));
  await using proxy = await proxying(
    http.createServer(),
    ({ line }) => line.endsWith(":1") ? 403 : undefined,
  );
  const url = `http://127.0.0.1:${proxy.port}`;
  const { hostname, port } = new URL(server.url);
  const duplex = await openTunnel(url, { hostname, port: Number(port) });
  {
    await using conn = await startTls(fromDuplex(duplex), { hostname: "localhost", caCerts: [Golden.root] });
    assert.equal(conn.negotiated.serverName, "localhost");
  }
  await assert.rejects(openTunnel(url, { hostname: "a.example", port: 1 }), ProxyRefused);
  assert.throws(
    () => openTunnel("ftp://a:secret@b", { hostname, port: 1 }),
    /^InvalidOption: proxy: expected a URL.*[^t]$/,
  );
  const reason = new Error("not now");
  await assert.rejects(openTunnel(url, { hostname, port: 1 }, AbortSignal.abort(reason)), reason);
});
