/** The programs of `docs/recipes` that need no server of others: each runs as its page says. @module */
import { assert, Effect } from "../deps.ts";
import { Names, Policy } from "../../mod.ts";
import { connectTls, listenTls, type ListenTlsOptions, type TlsConn } from "../../src/deno/mod.ts";
import * as StartTls from "../../src/starttls/mod.ts";
import * as Golden from "../golden/certificates.ts";
import { client } from "../interop/ends.ts";
import { live } from "../support/effect.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { clean, interrupted, placed, ran } from "./recipes.ts";

const pinOf = (kind: Golden.Kind): string =>
  createHash("sha256")
    .update(createPublicKey(Golden.server(kind).privateKey).export({ type: "spki", format: "der" }))
    .digest("hex");

/** A server of ours on a port of its own, which does something with each connection and closes it. */
const serving = (
  kind: Golden.Kind,
  answer: (conn: TlsConn) => Promise<unknown>,
  options: Partial<ListenTlsOptions> = {},
) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const { certificate: cert, privateKey: key } = Golden.server(kind);
      const listener = listenTls({
        hostname: "127.0.0.1",
        port: 0,
        cert,
        key,
        onError: () => {},
        ...options,
      });
      const done = (async () => {
        for await (const conn of listener) void answer(conn).catch(() => {}).finally(() => conn.close());
      })();
      return { listener, done };
    }),
    ({ listener, done }) => Effect.promise(() => listener.shutdown().then(() => done)),
  ).pipe(Effect.map(({ listener }) => listener.addr.port));

const nothing = () => Promise.resolve();

const page = async (conn: TlsConn) => {
  await conn.read(new Uint8Array(4096));
  await conn.write(bytesOf("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready"));
};

/** Connects to a program that listens, and reads to the end. */
const heard = (port: number) =>
  Effect.promise(async () => {
    await using conn = await connectTls({ hostname: "localhost", port, trust: { roots: Golden.root } });
    return await new Response(conn.readable).text();
  });

/** Asks a program that listens for a page. */
const fetched = (port: number, path = "/") =>
  Effect.promise(async () => {
    using client = Deno.createHttpClient({ caCerts: [Golden.root] });
    return await (await fetch(`https://localhost:${port}${path}`, { client })).text();
  });

live(
  "old-appliance: a page comes from a device of TLS 1.0 with the key that is pinned, and from no other",
  Effect.gen(function* () {
    const port = yield* serving("rsa", page, {
      policy: { ...Policy.legacy, versions: [Names.ProtocolVersion.TLS_1_0] },
    });
    const url = `https://localhost:${port}/`;
    const program = yield* placed("old-appliance");
    assert.equal(clean(yield* program.run({ args: [url, pinOf("rsa")] })), "200 ready\n");
    const { code, complaints } = yield* program.run({ args: [url, pinOf("p256")] });
    assert.equal(code, 1);
    assert.match(complaints, /not among those pinned/);
  }),
);

live(
  "pins: the pin is that of the server's key, and the connection holds it",
  exhaustiveOnly,
  Effect.gen(function* () {
    const port = yield* serving("p256", nothing);
    assert.equal(
      clean(yield* ran("pins", { args: ["localhost", port] })),
      `${pinOf("p256")}\npinned: localhost\n`,
    );
  }),
);

live(
  "trust-on-first-use: a server is known again by its key, and another in its place is refused",
  exhaustiveOnly,
  Effect.gen(function* () {
    const program = yield* placed("trust-on-first-use");
    const meet = (port: number) => program.run({ args: ["localhost", port, "known.json"] });
    const port = yield* Effect.scoped(Effect.gen(function* () {
      const port = yield* serving("p256", nothing);
      assert.match(clean(yield* meet(port)), /is new: /);
      assert.match(clean(yield* meet(port)), /is who it was/);
      return port;
    }));
    yield* serving("rsa", nothing, { port });
    const { code, complaints } = yield* meet(port);
    assert.equal(code, 1);
    assert.match(complaints, /not among those pinned/);
  }),
);

live(
  "signer: a server whose key cannot be exported is trusted by its certificate",
  exhaustiveOnly,
  Effect.gen(function* () {
    const key = createPrivateKey(Golden.server("rsa").privateKey).export({ type: "pkcs8", format: "der" });
    const program = yield* placed("signer", { files: { "key.der": key } });
    const peer = yield* program.start({ args: ["cert.pem", "key.der", 0] });
    const [, port] = yield* peer.until(/port (\d+)\n/);
    assert.equal(yield* heard(Number(port)), "signed elsewhere\n");
    clean(yield* interrupted(peer));
  }),
);

live(
  "starttls-server: a client asks for TLS in the clear, and goes on over it",
  Effect.gen(function* () {
    const program = yield* placed("starttls-server");
    const peer = yield* program.start({ args: ["cert.pem", "key.pem", 0] });
    const [, port] = yield* peer.until(/port (\d+)\n/);
    yield* Effect.gen(function* () {
      const { connection } = yield* StartTls.connect("smtp", {
        hostname: "127.0.0.1",
        port: Number(port),
        serverName: "localhost",
      });
      yield* connection.write(bytesOf("EHLO us\r\n"));
      assert.equal(textOf((yield* connection.read)!), "250 hello over TLS\r\n");
      yield* connection.write(bytesOf("QUIT\r\n"));
      assert.equal(textOf((yield* connection.read)!), "221 bye\r\n");
    }).pipe(Effect.scoped, Effect.provide(client()));
    clean(yield* interrupted(peer));
  }),
);

live(
  "express: the application is asked over TLS, and tells what was agreed on",
  exhaustiveOnly,
  Effect.gen(function* () {
    const peer = yield* (yield* placed("express")).start({ args: [0] });
    const [, port] = yield* peer.until(/port: (\d+)/);
    assert.match(yield* fetched(Number(port)), /^TLS 1\.3 TLS_AES/);
    clean(yield* interrupted(peer));
  }),
);

live(
  "hono: the application is asked over TLS, and tells what was agreed on",
  exhaustiveOnly,
  Effect.gen(function* () {
    const peer = yield* (yield* placed("hono")).start({ args: [0] });
    const [, port] = yield* peer.until(/port (\d+)\n/);
    assert.equal(yield* fetched(Number(port)), "TLS 1.3\n");
    assert.equal(yield* fetched(Number(port), "/you"), "hello you\n");
    clean(yield* interrupted(peer));
  }),
);

live(
  "websocket-server, websocket-client: what one says, the other answers",
  exhaustiveOnly,
  Effect.gen(function* () {
    const peer = yield* (yield* placed("websocket-server")).start({ args: [0] });
    const [, port] = yield* peer.until(/port: (\d+)/);
    assert.equal(
      clean(yield* ran("websocket-client", { args: ["localhost", port!] })),
      "you said hello, by TLS 1.3\n",
    );
    clean(yield* interrupted(peer));
  }),
);

live(
  "in-memory: the test passes",
  exhaustiveOnly,
  Effect.gen(function* () {
    assert.match(clean(yield* ran("in-memory", {})), /ok \| 1 passed \| 0 failed/);
  }),
);

live(
  "opentelemetry: the handshake is a span within the visit's",
  exhaustiveOnly,
  Effect.gen(function* () {
    const port = yield* serving("rsa", nothing);
    const said = clean(yield* ran("opentelemetry", { args: ["localhost", port] }));
    assert.match(said, /name: "effect-tls\.client\.handshake"/);
    assert.match(said, /name: "visit"/);
  }),
);
