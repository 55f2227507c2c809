/**
 * `makeFetch` of `./src/http/mod.ts`: what programs expect of `fetch`, over connections of this library. The server's side
 * of HTTP is written out, so that each case is what it says.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { ByteStream, Errors, Names, Policy, Transport } from "../../mod.ts";
import { connectTls, startTls } from "../../src/deno/mod.ts";
import { type FetchOptions, fetchOver, makeFetch } from "../../src/http/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf } from "../support/text.ts";
import { scripted } from "./scripted.ts";

const fetching = (options: FetchOptions = {}) => makeFetch({ trust: { roots: Golden.root }, ...options });
const makeOne = () => Promise.resolve(fetching({ connections: 1 }));
const overOne = async (url: string) => {
  const conn = await connectTls({
    port: Number(new URL(url).port),
    serverName: "localhost",
    caCerts: [Golden.root],
  });
  return fetchOver(conn.connection);
};
const ok = (body: string, fields = "") =>
  `HTTP/1.1 200 OK\r\n${fields}content-length: ${body.length}\r\n\r\n${body}`;
const to = (location: string, status: number) =>
  `HTTP/1.1 ${status} Moved\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`;

/** Undici's clock outlives a request by half a second. Whether connections are closed, each test's server tells. */
const test = (name: string, fn: () => Promise<void> | void) =>
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });

/** The TypeError of a request that must fail, and its cause. */
const failure = async (promise: Promise<unknown>): Promise<TypeError & { readonly cause: Error }> => {
  const error = await promise.then(() => undefined, (e) => e);
  assert.ok(error instanceof TypeError, String(error));
  assert.ok(error.cause instanceof Error, String(error.cause));
  return error as TypeError & { readonly cause: Error };
};

// -- answers --

test("an answer is a Response of the runtime, with its status, fields and URL", async () => {
  await using server = scripted(() => ok("hello", "x-a: 1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"));
  await using fetch = fetching();
  const response = await fetch(`${server.url}/path?q#fragment`);
  assert.ok(response instanceof Response);
  assert.equal(response.status, 200);
  assert.equal(response.statusText, "OK");
  assert.equal(response.type, "basic");
  assert.equal(response.url, `${server.url}/path?q`);
  assert.equal(response.redirected, false);
  assert.equal(response.headers.get("x-a"), "1");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  const copy = response.clone();
  assert.equal(copy.url, response.url);
  assert.equal(await copy.text(), "hello");
  assert.equal(await response.text(), "hello");
  assert.match(server.requests[0]!.head, /^GET \/path\?q HTTP\/1\.1\r\n/);
});

test("a connection is kept, and used again", async () => {
  await using server = scripted(() => ok("x"));
  await using fetch = fetching({ connections: 1 });
  for (let i = 0; i < 5; i++) assert.equal(await (await fetch(server.url)).text(), "x");
  assert.deepEqual(server.requests.map(({ connection }) => connection), [0, 0, 0, 0, 0]);
});

test("a connection is closed after each answer where keepAliveTimeout is 0", async () => {
  await using server = scripted(() => ok("x"));
  await using fetch = fetching({ keepAliveTimeout: 0, connections: 1 });
  for (let i = 0; i < 2; i++) assert.equal(await (await fetch(server.url)).text(), "x");
  assert.deepEqual(server.requests.map(({ connection }) => connection), [0, 1]);
  assert.match(server.requests[0]!.head, /connection: close/i);
});

test("many requests at once each get their own answer", async () => {
  await using server = scripted(({ head }) => ok(head.split(" ")[1]!));
  await using fetch = fetching({ connections: 6 });
  const paths = Array.from({ length: 60 }, (_, i) => `/${i}`);
  const answers = await Promise.all(paths.map(async (path) => (await fetch(server.url + path)).text()));
  assert.deepEqual(answers, paths);
  assert.ok(new Set(server.requests.map(({ connection }) => connection)).size <= 6);
});

test("an answer to HEAD has fields and no body", async () => {
  await using server = scripted(() => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
  await using fetch = fetching();
  const response = await fetch(server.url, { method: "HEAD" });
  assert.equal(response.headers.get("content-length"), "1000");
  assert.equal(await response.text(), "");
});

for (const status of [204, 304]) {
  test(`an answer with ${status} has no body, and the connection goes on`, async () => {
    await using server = scripted(({ head }) =>
      head.startsWith("GET /none") ? `HTTP/1.1 ${status} Nothing\r\netag: "a"\r\n\r\n` : ok("next")
    );
    await using fetch = fetching({ connections: 1 });
    const response = await fetch(`${server.url}/none`, { headers: { "if-none-match": '"a"' } });
    assert.equal(response.status, status);
    assert.equal(response.body, null);
    assert.match(server.requests[0]!.head, /if-none-match: "a"/);
    assert.equal(await (await fetch(server.url)).text(), "next");
  });
}

test("a chunked body with extensions and trailers is the bytes of its chunks", async () => {
  await using server = scripted(() =>
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n" +
    "3;a=b\r\nabc\r\n4\r\ndefg\r\n0\r\nx-sum: 7\r\n\r\n"
  );
  await using fetch = fetching({ connections: 1 });
  for (let i = 0; i < 2; i++) assert.equal(await (await fetch(server.url)).text(), "abcdefg");
});

test("a body without a length ends with the connection", async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.write(bytesOf("HTTP/1.0 200 OK\r\n\r\nall of it"));
    await conn.closeWrite();
    return undefined;
  });
  await using fetch = fetching();
  assert.equal(await (await fetch(server.url)).text(), "all of it");
});

for (const coding of ["gzip", "deflate"] as const) {
  test(`a body in ${coding} is decoded, and the fields that told of it are gone`, async () => {
    const packed = new Response("unpacked ".repeat(100)).body!.pipeThrough(new CompressionStream(coding));
    const bytes = await new Response(packed).bytes();
    await using server = scripted(async ({ conn }) => {
      await conn.write(
        bytesOf(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bytes.length}\r\n\r\n`),
      );
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      return undefined;
    });
    await using fetch = fetching();
    const response = await fetch(server.url);
    assert.deepEqual([...response.headers.keys()], []);
    assert.equal(await response.text(), "unpacked ".repeat(100));
  });
}

// -- requests --

test("a body that is known is sent with its length", async () => {
  await using server = scripted(() => ok(""));
  await using fetch = fetching();
  const form = new FormData();
  form.set("name", "value");
  const bodies = ["text", bytesOf("bytes"), new URLSearchParams({ a: "b c" }), new Blob(["blob"]), form];
  for (const body of bodies) await fetch(server.url, { method: "POST", body: body as BodyInit });
  await fetch(new Request(server.url, { method: "PUT", body: "of a Request" }));
  for (const { head, body } of server.requests) {
    assert.equal(/content-length: (\d+)/i.exec(head)?.[1], String(body.length));
  }
  const sent = server.requests.map(({ body }) => body);
  assert.deepEqual(sent.filter((_, i) => i !== 4), ["text", "bytes", "a=b+c", "blob", "of a Request"]);
  assert.match(sent[4]!, /name="name"\r\n\r\nvalue\r\n/);
  assert.match(server.requests[4]!.head, /content-type: multipart\/form-data; boundary=/i);
});

test("a body that is a stream is sent as it comes", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const seen = Promise.withResolvers<void>();
  await using server = scripted(() => ok("done"), {
    observe: () => ({ _tag }) => _tag === "message" && seen.resolve(),
  });
  await using fetch = fetching();
  const answer = fetch(server.url, { method: "POST", body: readable, duplex: "half" } as RequestInit);
  const writer = writable.getWriter();
  await writer.write(bytesOf("first "));
  await seen.promise; // the request is on its way, though its body has not ended
  await writer.write(bytesOf("second"));
  await writer.close();
  assert.equal(await (await answer).text(), "done");
  const [{ head, body }] = server.requests as [(typeof server.requests)[0]];
  assert.match(head, /transfer-encoding: chunked/i);
  assert.match(body, /first [^]*second/);
});

test("a large body is sent and read whole, under back-pressure", async () => {
  const size = 3_000_000;
  await using server = scripted(({ body }) => ok(body));
  await using fetch = fetching();
  const response = await fetch(server.url, { method: "POST", body: "x".repeat(size) });
  assert.equal((await response.text()).length, size);
});

test("a stream that fails while it is sent fails the request", async () => {
  await using server = scripted(() => ok(""));
  await using fetch = fetching();
  let pulled = 0;
  const body = new ReadableStream({
    pull: async (controller) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (pulled++ < 2) controller.enqueue(bytesOf("part"));
      else controller.error(new Error("the disk is full"));
    },
  });
  await failure(fetch(server.url, { method: "POST", body, duplex: "half" } as RequestInit));
});

// -- redirects --

for (
  const [status, method, then, body] of [
    [301, "POST", "GET", ""],
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [307, "POST", "POST", "again"],
    [308, "PUT", "PUT", "again"],
  ] as const
) {
  test(`after ${status}, ${method} becomes ${then}`, async () => {
    await using server = scripted(({ head }) => head.includes(" /from ") ? to("/to", status) : ok("there"));
    await using fetch = fetching();
    const response = await fetch(`${server.url}/from`, { method, body: "again" });
    assert.equal(await response.text(), "there");
    assert.equal(response.url, `${server.url}/to`);
    assert.equal(response.redirected, true);
    const [, second] = server.requests;
    assert.ok(second!.head.startsWith(`${then} /to `));
    assert.equal(second!.body, body);
  });
}

test("a redirect to another origin takes no credentials along", async () => {
  await using other = scripted(() => ok("there"));
  await using server = scripted(() => to(other.url, 302));
  await using fetch = fetching();
  await (await fetch(server.url, { headers: { authorization: "Basic abc", "x-own": "1" } })).text();
  assert.match(server.requests[0]!.head, /authorization: Basic abc/i);
  assert.doesNotMatch(other.requests[0]!.head, /authorization/i);
  assert.match(other.requests[0]!.head, /x-own: 1/i);
});

test("a redirect is given as it is, or is an error, where the request says so", async () => {
  await using server = scripted(() => to("/to", 302));
  await using fetch = fetching();
  const manual = await fetch(server.url, { redirect: "manual" });
  assert.equal(manual.status, 302);
  assert.equal(manual.headers.get("location"), "/to");
  await failure(fetch(server.url, { redirect: "error" }));
});

test("redirects without end are an error", async () => {
  await using server = scripted(() => to("/again", 302));
  await using fetch = fetching({ connections: 1 });
  assert.match((await failure(fetch(server.url))).message, /redirect count exceeded/);
  assert.equal(server.requests.length, 21);
});

// -- what is given up, and what breaks --

test("a request that is aborted before rejects with the signal's reason, and nothing is sent", async () => {
  await using server = scripted(() => ok(""));
  await using fetch = fetching();
  const reason = new Error("not now");
  assert.equal(await fetch(server.url, { signal: AbortSignal.abort(reason) }).catch((e) => e), reason);
  assert.equal(server.requests.length, 0);
});

test("a request that is aborted before its answer rejects with the signal's reason", async () => {
  const controller = new AbortController();
  const reason = new Error("too slow");
  await using server = scripted(() => {
    controller.abort(reason);
    return undefined;
  });
  await using fetch = fetching();
  assert.equal(await fetch(server.url, { signal: controller.signal }).catch((e) => e), reason);
});

for (const [what, over] of [["a fetch", makeOne], ["a fetch over one connection", overOne]] as const) {
  test(`${what} does not begin requests that were given up while they waited, and keeps its connection`, async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    await using server = scripted(async ({ head }) => {
      if (head.startsWith("GET /first ")) await aborted;
      return ok("x");
    });
    await using fetch = await over(server.url);
    const first = fetch(`${server.url}/first`);
    while (server.requests.length === 0) await new Promise((next) => setTimeout(next, 1));
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 50 }, () => fetch(`${server.url}/given-up`, { signal }));
    // A request is in the queue a few turns after it was made.
    for (let turn = 0; turn < 20; turn++) await new Promise((next) => setTimeout(next, 0));
    controller.abort();
    for (const { status } of await Promise.allSettled(waiting)) assert.equal(status, "rejected");
    resolve();
    assert.equal(await (await first).text(), "x");
    assert.equal(await (await fetch(`${server.url}/last`)).text(), "x");
    const asked = server.requests.map(({ head, connection }) => `${head.split(" ")[1]} ${connection}`);
    assert.deepEqual(asked, ["/first 0", "/last 0"]);
  });
}

test("an answer that is aborted while it is read fails with the signal's reason", async () => {
  const controller = new AbortController();
  await using server = scripted(() => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  await using fetch = fetching();
  const response = await fetch(server.url, { signal: controller.signal });
  const reader = response.body!.getReader();
  assert.equal((await reader.read()).value!.length, 4);
  const reason = new Error("enough");
  const rest = reader.read().catch((e) => e);
  controller.abort(reason);
  assert.equal(await rest, reason);
});

test("an answer whose body is cancelled closes its connection, and the next request gets another", async () => {
  await using server = scripted(({ connection }) =>
    connection === 0 ? "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf" : ok("next")
  );
  await using fetch = fetching({ connections: 1 });
  await (await fetch(server.url)).body!.cancel();
  assert.equal(await (await fetch(server.url)).text(), "next");
});

for (
  const [how, head, body] of [
    ["a length", "content-length: 10", "half"],
    ["chunks", "transfer-encoding: chunked", "4\r\nhalf\r\n"],
  ] as const
) {
  test(`a body with ${how} that ends early, though in order, is an error`, async () => {
    await using server = scripted(async ({ conn }) => {
      await conn.write(bytesOf(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${body}`));
      await conn.closeWrite();
      return undefined;
    });
    await using fetch = fetching();
    const response = await fetch(server.url);
    assert.match((await failure(response.text())).message, /^https:\/\/localhost:\d+: other side closed/);
  });
}

test("a body without a length whose connection is cut is an error, and not the whole", async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.write(bytesOf("HTTP/1.0 200 OK\r\n\r\nhalf"));
    await conn.abort();
    return undefined;
  });
  await using fetch = fetching();
  const response = await fetch(server.url);
  const { cause, message } = await failure(response.text());
  assert.ok(cause instanceof Errors.Truncated || cause instanceof Errors.PeerAlert, String(cause));
  assert.ok(message.includes(cause.message));
});

for (const how of ["ends without close_notify", "is reset"]) {
  test(`a body without a length whose connection ${how} is an error, and not the whole`, async () => {
    const [ours, theirs] = await Effect.runPromise(ByteStream.makePair());
    const { certificate: cert, privateKey: key } = Golden.server("p256");
    const reset = Effect.fail(
      new Transport.TransportError({
        operation: "read",
        cause: Object.assign(new Error("connection reset"), { code: "ECONNRESET" }),
      }),
    );
    let isCut = false;
    const stream: ByteStream.ByteStream = {
      ...ours,
      read: Effect.suspend(() =>
        Effect.flatMap(
          ours.read,
          (bytes) => isCut && !bytes && how === "is reset" ? reset : Effect.succeed(bytes),
        )
      ),
    };
    const [client, server] = await Promise.all([
      startTls(stream, { hostname: "localhost", caCerts: [Golden.root] }),
      startTls(theirs, { role: "server", cert, key }),
    ]);
    await using fetch = fetchOver(client.connection);
    const asking = fetch("https://localhost/");
    await server.read(new Uint8Array(5_000));
    await server.write(bytesOf("HTTP/1.0 200 OK\r\n\r\nhalf"));
    const response = await asking;
    isCut = true;
    await Effect.runPromise(theirs.close);
    const { cause } = await failure(response.text());
    assert.ok(
      cause instanceof (how === "is reset" ? Errors.TransportError : Errors.Truncated),
      String(cause),
    );
  });
}

test("a connection that is cut before the answer is an error", async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.abort();
    return undefined;
  });
  await using fetch = fetching();
  await failure(fetch(server.url));
});

test("what is no HTTP is an error, and gives the connection up", async () => {
  await using server = scripted(() => "220 mail.example ESMTP\r\n");
  await using fetch = fetching();
  await failure(fetch(server.url));
});

test("an answer whose head does not come in time is an error", async () => {
  await using server = scripted(() => undefined);
  await using fetch = fetching({ headersTimeout: 50 });
  assert.match((await failure(fetch(server.url))).message, /Headers Timeout/);
});

test("informational answers do not make a request wait for ever", async () => {
  await using server = scripted(async ({ conn }) => {
    for (;;) await conn.write(bytesOf("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"));
  });
  await using fetch = fetching({ headersTimeout: 200 });
  assert.equal((await failure(fetch(server.url))).cause.name, "HeadersTimeoutError");
});

test("informational answers are passed over", async () => {
  await using server = scripted(() => `HTTP/1.1 102 Processing\r\n\r\n`.repeat(20) + ok("at last"));
  await using fetch = fetching();
  assert.equal(await (await fetch(server.url)).text(), "at last");
});

test("an answer whose status no Response can have is an error, and nothing waits for its body", async () => {
  await using server = scripted(async ({ conn }) => {
    await conn.write(bytesOf("HTTP/1.1 999 Request Denied\r\n\r\n"));
    for (;;) await conn.write(bytesOf("more and more"));
  });
  await using fetch = fetching();
  assert.match((await failure(fetch(server.url))).message, /999/);
});

test("an answer whose body does not go on in time is an error", async () => {
  await using server = scripted(() => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  await using fetch = fetching({ bodyTimeout: 50 });
  const response = await fetch(server.url);
  assert.match((await failure(response.text())).message, /Body Timeout/);
});

test("a server that does not shake hands in time is an error that says what to do", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = listener.accept();
  await using fetch = fetching({ connectTimeout: 50 });
  const { message } = await failure(fetch(`https://localhost:${listener.addr.port}`)).catch((e) => e);
  assert.match(message, /no connection to localhost port \d+ within 50 ms; .*connectTimeout/);
  (await silent).close();
});

// -- TLS --

test("a server that is not trusted is a TypeError whose cause is the typed error, and whose message says what to do", async () => {
  await using server = scripted(() => ok(""));
  await using fetch = makeFetch({ trust: { roots: Golden.client("p256").certificate } });
  const { cause, message } = await failure(fetch(server.url));
  assert.ok(cause instanceof Errors.CertificateError);
  assert.match(message, /^https:\/\/localhost:\d+: certificate 0 .*; trust the root that signed it/);
});

test("a server that cannot be reached is named", async () => {
  await using fetch = fetching();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { cause, message } = await failure(fetch(`https://127.0.0.1:${port}`));
  assert.ok(cause instanceof Errors.TransportError);
  assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}: Connection refused`));
});

test("an appliance that speaks TLS 1.0 is reached by name, and by nothing less", async () => {
  const tls10 = { ...Policy.legacy, versions: [Names.ProtocolVersion.TLS_1_0] };
  await using server = scripted(({ conn }) => ok(String(conn.negotiated.version)), { policy: tls10 });
  await using modern = fetching();
  assert.ok((await failure(modern(server.url))).cause instanceof Errors.PeerAlert);
  await using fetch = fetching({ policy: "legacy" });
  assert.equal(await (await fetch(server.url)).text(), String(Names.ProtocolVersion.TLS_1_0));
});

test("sessions are resumed by the next connection, and http/1.1 is agreed on", async () => {
  await using server = scripted(
    ({ conn: { negotiated } }) => ok(`${negotiated.resumed} ${negotiated.alpn}`),
    { alpnProtocols: ["h2", "http/1.1"] },
  );
  await using fetch = fetching({ keepAliveTimeout: 0, connections: 1 });
  assert.equal(await (await fetch(server.url)).text(), "false http/1.1");
  assert.equal(await (await fetch(server.url)).text(), "true http/1.1");
});

test("another name than the URL's can be asked for, and the certificate must be valid for it", async () => {
  await using server = scripted(({ conn }) => ok(conn.negotiated.serverName ?? "none"));
  await using fetch = fetching({ serverName: "localhost" });
  const byAddress = server.url.replace("localhost", "127.0.0.1");
  assert.equal(await (await fetch(byAddress)).text(), "localhost");
  await using other = fetching({ serverName: "other.example" });
  assert.ok((await failure(other(server.url))).cause instanceof Errors.CertificateError);
});

test("a client certificate is shown, and each connection has its observer", async () => {
  const { certificate: cert, privateKey: key } = Golden.client("p256");
  await using server = scripted(
    ({ conn }) => ok(String(conn.peerCertificates.length)),
    { clientAuth: "require", clientCa: Golden.root },
  );
  const seen: Array<string> = [];
  await using fetch = fetching({
    cert,
    key,
    observe: ({ hostname }) => ({ _tag }) => void seen.push(`${hostname} ${_tag}`),
  });
  assert.ok(Number(await (await fetch(server.url)).text()) > 0);
  assert.ok(seen.includes("localhost message"));
});

// -- the rest --

test("plain http works as well, after a redirect for instance", async () => {
  const plain = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("plain"),
  );
  await using server = scripted(() => to(`http://127.0.0.1:${plain.addr.port}/`, 302));
  {
    await using fetch = fetching();
    assert.equal(await (await fetch(server.url)).text(), "plain");
  }
  await plain.shutdown();
});

test("options are decoded at the door, and no password is repeated", () => {
  const fault = (options: object) => {
    try {
      makeFetch(options);
    } catch (e) {
      assert.ok(e instanceof Errors.InvalidOption);
      return e.message;
    }
    assert.fail("it was taken");
  };
  assert.match(fault({ polcy: "modern" }), /did you mean policy\?/);
  assert.match(fault({ connections: 0 }), /connections/);
  assert.match(fault({ proxy: { url: "http://proxy.example", header: {} } }), /proxy/);
  assert.match(fault({ cert: Golden.client("p256").certificate }), /^key/);
  const socks = fault({ proxy: "socks5://user:secret@proxy.example:1080" });
  assert.match(socks, /proxy: expected a URL that begins with http: or https:/);
  assert.doesNotMatch(socks, /secret/);
});

test("pins and roots that are none are refused before the first request", () => {
  assert.throws(() => makeFetch({ trust: { pins: ["abc"] } }), Errors.InvalidPin);
  assert.throws(() => makeFetch({ trust: { roots: "no roots" } }), Errors.PemError);
});

test("certificates that cannot be read fail the request, and are read again by the next one", async () => {
  const file = await Deno.makeTempFile();
  await using server = scripted(() => ok("x"));
  await Deno.writeTextFile(file, "no certificate");
  await using fetch = fetching({ credentials: [{ certificate: file, privateKey: file }] });
  assert.match((await failure(fetch(server.url))).message, new RegExp(file));
  const { certificate, privateKey } = Golden.client("p256");
  await Deno.writeTextFile(file, `${certificate}\n${privateKey}`);
  assert.equal(await (await fetch(server.url)).text(), "x");
  await Deno.remove(file);
});

test("a fetch that is closed lets requests end, closes its connections, and takes no more", async () => {
  const closed = Promise.withResolvers<void>();
  let respond = () => {};
  await using server = scripted(({ conn }) => {
    conn.readable.cancel; // it is only read by the script
    return new Promise((resolve) => {
      respond = () => resolve(ok("late"));
      closed.resolve();
    });
  });
  const fetch = fetching();
  const late = fetch(server.url).then((response) => response.text());
  await closed.promise;
  const closing = fetch.close();
  respond();
  assert.equal(await late, "late");
  await closing;
  assert.match((await fetch(server.url).catch((e) => e)).message, /closed/);
});

test("a fetch that is closed waits for no answer that nobody reads", async () => {
  const endless = `HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n${"x".repeat(1_000_000)}`;
  await using server = scripted(() => endless);
  const fetch = fetching();
  const unread = await fetch(server.url);
  await fetch.close();
  await assert.rejects(unread.text(), TypeError);
});

test("connections that are idle do not keep the program", async () => {
  await using server = scripted(() => ok("x"));
  const program = `
    import { makeFetch } from ${JSON.stringify(new URL("../../src/http/mod.ts", import.meta.url).href)};
    const fetch = makeFetch({ trust: "nobody checks", keepAliveTimeout: 600_000 });
    console.log(await (await fetch(Deno.args[0])).text());`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, program);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net", "--allow-env", file, server.url],
    cwd: new URL("../../", import.meta.url),
    signal: AbortSignal.timeout(30_000),
  }).output();
  await Deno.remove(file);
  assert.equal(new TextDecoder().decode(stderr), "");
  assert.equal(new TextDecoder().decode(stdout), "x\n");
  assert.equal(code, 0);
});

test("a fetch over one connection asks its peer, again and again, and closes it", async () => {
  await using server = scripted(({ connection, head }) => ok(`${connection} ${head.split(" ")[1]}`));
  const conn = await connectTls({
    hostname: "localhost",
    port: Number(new URL(server.url).port),
    caCerts: [Golden.root],
  });
  await using fetch = fetchOver(conn.connection);
  assert.equal(await (await fetch("https://any.example/a")).text(), "0 /a");
  assert.equal(await (await fetch("https://any.example/b")).text(), "0 /b");
  assert.match(server.requests[0]!.head, /host: any\.example/i);
});

test("a fetch over one connection says that it has ended, and opens no other", async () => {
  await using server = scripted(() => ok("last", "connection: close\r\n"));
  const conn = await connectTls({
    hostname: "localhost",
    port: Number(new URL(server.url).port),
    caCerts: [Golden.root],
  });
  await using fetch = fetchOver(conn.connection);
  assert.equal(await (await fetch("https://any.example/")).text(), "last");
  assert.ok((await failure(fetch("https://any.example/"))).cause instanceof Errors.Closed);
  assert.equal(server.requests.length, 1);
});
