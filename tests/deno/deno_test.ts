/**
 * `./src/deno/mod.ts`: Deno's own functions with more in them. A program that was written for `Deno.connectTls`,
 * `Deno.startTls` and `Deno.listenTls` runs with its import changed, in both roles.
 *
 * @module
 */
import { assert, Effect, Layer } from "../deps.ts";
import {
  connectTls,
  type ConnectTlsOptions,
  listenTls,
  startTls,
  type TlsConn,
  type TlsListener,
} from "../../src/deno/mod.ts";
import { ByteStream, Credentials, Crypto, Errors, Names, Policy, Transport } from "../../mod.ts";
import * as Golden from "../golden/certificates.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { certificate: cert, privateKey: key } = Golden.server("p256");
const client = Golden.client("p256");
const caCerts = [Golden.root];
const local = { hostname: "127.0.0.1", port: 0, cert, key };

// -- types: what is given can stand where Deno's is asked for --

((conn: TlsConn) => conn satisfies Deno.TlsConn);
((listener: TlsListener) => listener satisfies Deno.TlsListener);
((options: Deno.ConnectTlsOptions & Partial<Deno.TlsCertifiedKeyPem>) => connectTls(options));
((conn: Deno.TcpConn, options: Deno.StartTlsOptions) => startTls(conn, options));
((options: Deno.ListenTlsOptions & Deno.TlsCertifiedKeyPem) => listenTls(options));

/** The error of a promise that must reject. */
const rejection = async (promise: Promise<unknown>): Promise<Error & { readonly _tag?: string }> => {
  try {
    await promise;
  } catch (e) {
    return e as Error;
  }
  assert.fail("it did not reject");
};

/** A server that gives back what it gets, and what connects to it. */
const echoing = (options: Partial<Parameters<typeof listenTls>[0]> = {}) => {
  const listener = listenTls({ ...local, onError: () => {}, ...options });
  const serving = (async () => {
    for await (const conn of listener) conn.readable.pipeTo(conn.writable).catch(() => conn.close());
  })();
  return {
    listener,
    to: { hostname: "localhost", port: listener.addr.port, caCerts } satisfies ConnectTlsOptions,
    end: async () => {
      await listener.shutdown({ within: 50 });
      await serving;
    },
  };
};

const said = async (conn: Pick<Deno.Conn, "read" | "write">, text: string): Promise<string> => {
  await conn.write(bytesOf(text));
  const into = new Uint8Array(text.length);
  for (let at = 0; at < into.length;) at += await conn.read(into.subarray(at)) ?? assert.fail("it ended");
  return textOf(into) ?? "";
};

const nameIn = ({ peerCertificates: [leaf] }: TlsConn): string => leaf?.subject ?? "nobody";

// -- both ends --

Deno.test("connectTls and listenTls speak with each other, and resume, as Deno's own do", async () => {
  const { to, end } = echoing({ alpnProtocols: ["echo"] });
  for (const resumed of [false, true]) {
    using conn = await connectTls({ ...to, alpnProtocols: ["other", "echo"] });
    assert.deepEqual(await conn.handshake(), { alpnProtocol: "echo" });
    assert.equal(conn.negotiated.resumed, resumed);
    assert.equal(Names.versionText(conn.negotiated.version), "TLS 1.3");
    assert.equal(conn.remoteAddr.port, to.port);
    assert.equal(conn.localAddr.transport, "tcp");
    assert.equal(await said(conn, "hello"), "hello");
    await conn.closeWrite();
    assert.equal(await conn.read(new Uint8Array(1)), null);
  }
  await end();
});

Deno.test("Deno's own client speaks with listenTls, and its own server with connectTls", async () => {
  const { to, end } = echoing();
  const theirs = await Deno.connectTls(to);
  assert.equal(await said(theirs, "from Deno"), "from Deno");
  theirs.close();
  await end();
  using listener = Deno.listenTls(local);
  const accepted = listener.accept();
  await using conn = await connectTls({ ...to, port: listener.addr.port });
  const peer = await accepted;
  await Promise.all([
    peer.readable.pipeTo(peer.writable),
    said(conn, "to Deno").then(() => conn.closeWrite()),
  ]);
});

for (const [name, start] of Object.entries({ ours: startTls, "Deno's": Deno.startTls })) {
  Deno.test(`startTls makes this end the server of an open connection; the client is ${name}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const [near, far] = await Promise.all([Deno.connect({ port: listener.addr.port }), listener.accept()]);
    // First in the clear, as SMTP does.
    await near.write(bytesOf("STARTTLS\r\n"));
    assert.equal(await far.read(new Uint8Array(64)), 10);
    const serving = startTls(far, { role: "server", cert, key });
    const conn = await start(near, { hostname: "localhost", caCerts });
    const [, server] = await Promise.all([conn.handshake(), serving]);
    const echo = server.readable.pipeTo(server.writable);
    assert.equal(await said(conn, "sealed now"), "sealed now");
    conn.close();
    await echo.catch(() => {}); // Deno's client may reset what it closes
    await server[Symbol.asyncDispose]();
  });
}

Deno.test("a server asks for a client's certificate, and both see whom they speak with", async () => {
  const listener = listenTls({ ...local, clientAuth: "require", clientCa: Golden.root });
  const accepted = listener.accept();
  await using conn = await connectTls({
    hostname: "localhost",
    port: listener.addr.port,
    trust: { roots: Golden.root },
    cert: client.certificate,
    key: client.privateKey,
  });
  await using peer = await accepted;
  assert.match(nameIn(peer), /CN=test client/);
  assert.match(nameIn(conn), /CN=localhost/);
  assert.ok((conn.peerVerdict?.path.length ?? 0) > 1);
  assert.deepEqual(
    conn.exportKeyingMaterial("EXPORTER-mine", 32),
    peer.exportKeyingMaterial("EXPORTER-mine", 32),
  );
  assert.deepEqual(conn.channelBinding("tls-exporter"), peer.channelBinding("tls-exporter"));
  await conn.updateKeys({ request: true });
  await listener.shutdown({ within: 1 });
});

Deno.test("a client certificate is asked for late, and TLS 1.2 renegotiates", async () => {
  const policy = { ...Policy.compatible, versions: [Names.ProtocolVersion.TLS_1_2] };
  const listener = listenTls({ ...local, policy, trust: { roots: Golden.root } });
  const accepted = listener.accept();
  await using conn = await connectTls({
    hostname: "localhost",
    port: listener.addr.port,
    caCerts,
    policy,
    cert: client.certificate,
    key: client.privateKey,
  });
  await using peer = await accepted;
  const reading = conn.read(new Uint8Array(5));
  await Promise.all([
    peer.requestClientCertificate(),
    peer.read(new Uint8Array(1)).catch(() => {}),
    (async () => {
      // Only reading takes part in a renegotiation.
      await conn.write(bytesOf("x"));
    })(),
  ]);
  assert.equal(peer.peerCertificates.length > 0, true);
  assert.equal(peer.negotiated.epoch, 2);
  await peer.write(bytesOf("done!"));
  assert.equal(await reading, 5);
  await listener.shutdown({ within: 1 });
});

Deno.test("unwrap gives the stream back, and both ends go on in the clear", async () => {
  const listener = listenTls(local);
  const accepted = listener.accept();
  const conn = await connectTls({ hostname: "localhost", port: listener.addr.port, caCerts });
  const [ours, theirs] = await Promise.all([conn.unwrap(), accepted.then((peer) => peer.unwrap())]);
  const writer = ours.writable.getWriter();
  await writer.write(bytesOf("in the clear"));
  const reader = theirs.readable.getReader();
  assert.equal(textOf((await reader.read()).value), "in the clear");
  await Promise.all([ours.close(), theirs.close()]);
  await listener.shutdown();
});

// -- reading and writing --

Deno.test("readers take turns, whatever room they have, and lose nothing", async () => {
  const { to, end } = echoing();
  await using conn = await connectTls(to);
  await conn.write(bytesOf("abcdefgh"));
  const rooms = [3, 0, 1, 4].map((n) => new Uint8Array(n));
  const counts = await Promise.all(rooms.map((room) => conn.read(room)));
  assert.deepEqual(counts, [3, 0, 1, 4]);
  assert.equal(rooms.map((room) => textOf(room)).join(""), "abcdefgh");
  await conn.write(bytesOf("xyz"));
  await conn.read(new Uint8Array(1));
  // What did not fit into the array is the stream's first.
  assert.equal(textOf((await conn.readable.getReader().read()).value), "yz");
  await end();
});

Deno.test("a megabyte passes through the web streams of both ends, and the end is the end", async () => {
  const { to, end } = echoing();
  const conn = await connectTls(to);
  const data = crypto.getRandomValues(new Uint8Array(65_536));
  const many = ReadableStream.from(Array<Uint8Array<ArrayBuffer>>(16).fill(data));
  const [, back] = await Promise.all([many.pipeTo(conn.writable), new Response(conn.readable).bytes()]);
  assert.equal(back.length, 16 * data.length);
  assert.deepEqual(back.subarray(-data.length), data);
  await end();
});

Deno.test("a connection that both ends have ended closes by itself, and close may come as often as it likes", async () => {
  const { listener, to, end } = echoing();
  const conn = await connectTls(to);
  await conn.closeWrite();
  assert.equal(await conn.read(new Uint8Array(1)), null);
  conn.close();
  conn.close();
  await conn[Symbol.asyncDispose]();
  assert.equal((await rejection(conn.write(bytesOf("x"))))._tag, "Closed");
  assert.equal(await conn.read(new Uint8Array(1)), null);
  await end();
  assert.deepEqual([listener.counts.connections, listener.counts.admitted], [0, 1]);
});

// -- what goes wrong --

Deno.test("an error is the typed one, and its message says what, why and what to do", async () => {
  const { to, end } = echoing();
  const unknown = await rejection(connectTls({ ...to, caCerts: [], trust: { roots: client.certificate } }));
  assert.ok(unknown instanceof Errors.CertificateError);
  assert.match(unknown.message, /^certificate .*\(alert unknown_ca.*RFC.*\); trust the root that signed it/);
  assert.ok(unknown.stack?.includes(unknown.message));
  assert.equal(String(unknown), `CertificateError: ${unknown.message}`);
  const name = await rejection(connectTls({ ...to, serverName: "other.example" }));
  assert.match(name.message, /other\.example/);
  const nobody = await rejection(connectTls({ hostname: "127.0.0.1", port: 1, trust: "nobody checks" }));
  assert.match(nobody.message, /127\.0\.0\.1:1/);
  await end();
});

const wrong: ReadonlyArray<readonly [string, () => unknown, RegExp]> = [
  ["a name that is none", () => connectTls({ prot: 1 } as never), /^prot: there is no such option; /],
  ["a port that is none", () => connectTls({ port: -1 }), /^port: expected a whole number from 0 to 65535/],
  ["a policy that is none", () => connectTls({ port: 1, policy: "old" as never }), /^policy: /],
  ["a certificate without a key", () => connectTls({ port: 1, cert }), /^key: is missing; .*cert/],
  ["a key without a certificate", () => connectTls({ port: 1, key }), /^cert: is missing; .*key/],
  [
    "trust in nothing",
    () => connectTls({ port: 1, trust: {} as never }),
    /^trust: is missing; expected { roots }/,
  ],
  [
    "roots that are none",
    () => connectTls({ port: 1, trust: { roots: "x" } }),
    /^trust\.roots: there is no CERTIFICATE/,
  ],
  [
    "authorities that are none",
    () => connectTls({ port: 1, caCerts: ["x"] }),
    /^caCerts: there is no CERTIFICATE/,
  ],
  [
    "pins with what is about roots",
    () => connectTls({ port: 1, trust: { pins: [], sha1: true } as never }),
    /^trust\.roots/,
  ],
  ["a pin that is none", () => connectTls({ port: 1, trust: { pins: ["x"] } }), /SHA-256/],
  ["a server without a certificate", () => listenTls({ port: 0 }), /^cert: is missing; /],
  [
    "a server whose key is none",
    () => listenTls({ port: 0, cert, key: "x" }),
    /^cert, key: there is no PRIVATE KEY/,
  ],
  [
    "clients asked for what nobody trusts",
    () => listenTls({ ...local, clientAuth: "require" }),
    /^clientCa: is missing/,
  ],
  [
    "two ways to say trust",
    () => listenTls({ ...local, clientCa: Golden.root, trust: "system" }),
    /^clientCa: cannot be combined/,
  ],
  [
    "two ways to say a certificate",
    () => listenTls({ ...local, credentials: [{ certificate: "a", privateKey: "b" }] }),
    /^credentials: cannot/,
  ],
  ["a stream that is none", () => startTls({} as never), /^stream: /],
  [
    "a limit that is none",
    () => listenTls({ ...local, onConnection: { connections: 0 } }),
    /^onConnection\.connections: /,
  ],
];
for (const [what, run, message] of wrong) {
  Deno.test(`${what} is refused before anything is opened`, async () => {
    const error = await rejection((async () => await run())());
    assert.match(error.message, message);
    assert.ok(error._tag !== undefined);
  });
}

Deno.test("files that are not there make accept reject with their path, and close the listener", async () => {
  const listener = listenTls({
    port: 0,
    credentials: [{ certificate: "/nowhere.pem", privateKey: "/nowhere.key" }],
  });
  const error = await rejection(listener.accept());
  assert.match(error.message, /\/nowhere\.pem/);
  await rejection(Deno.connect({ port: listener.addr.port }));
});

Deno.test("a port that is taken is a TransportError that names it, at once", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.throws(() => listenTls({ ...local, port: taken.addr.port }), {
    _tag: "TransportError",
    message: /127\.0\.0\.1:\d+.*in use/,
  });
});

Deno.test("a signal gives up a handshake that hangs, with its reason, and closes the connection", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const giveUp = new AbortController();
  const connecting = connectTls({ port: listener.addr.port, trust: "nobody checks", signal: giveUp.signal });
  const peer = await accepted;
  await peer.read(new Uint8Array(1));
  const why = new Error("enough");
  giveUp.abort(why);
  assert.equal(await rejection(connecting), why);
  while (await peer.read(new Uint8Array(4096)) !== null);
  peer.close();
  assert.equal(await rejection(connectTls({ port: 1, signal: giveUp.signal })), why);
});

Deno.test("a signal that is aborted already gives up startTls, and the stream is closed all the same", async () => {
  for (const role of ["client", "server"] as const) {
    const [ours, theirs] = await Effect.runPromise(ByteStream.makePair());
    const reason = new Error("not now");
    const signal = AbortSignal.abort(reason);
    const starting = role === "client"
      ? startTls(ours, { caCerts, signal })
      : startTls(ours, { role, cert, key, signal });
    assert.equal(await starting.catch((e) => e), reason);
    assert.equal(await Effect.runPromise(theirs.read), undefined);
  }
});

for (const starttls of ["smtp", "imap", "ldap", "postgres", "xmpp"] as const) {
  Deno.test(`TLS begins as ${starttls} begins it, at both ends, over a listener and over a stream`, async () => {
    const { to, end } = echoing({ starttls });
    await using conn = await connectTls({ ...to, starttls });
    assert.equal(await said(conn, "over TLS"), "over TLS");
    const [ours, theirs] = await Effect.runPromise(ByteStream.makePair());
    const [client, server] = await Promise.all([
      startTls(ours, { hostname: "localhost", starttls, caCerts }),
      startTls(theirs, { role: "server", starttls, cert, key }),
    ]);
    await server.write(bytesOf("hello"));
    const bytes = new Uint8Array(10);
    assert.equal(textOf(bytes.subarray(0, (await client.read(bytes))!)), "hello");
    await Promise.all([client.close(), server.close()]);
    await conn.close();
    await end();
  });
}

Deno.test("a handshake that fails is told to onError, and harms no other connection", async () => {
  const told = Promise.withResolvers<readonly [unknown, number]>();
  const { to, end } = echoing({ onError: (error, remote) => told.resolve([error, remote.port]) });
  const stranger = await Deno.connect({ hostname: "127.0.0.1", port: to.port });
  await stranger.write(bytesOf("GET / HTTP/1.0\r\n\r\n"));
  const [error, port] = await told.promise;
  assert.equal(port, stranger.localAddr.port);
  assert.match((error as Error).message, /HTTP/);
  stranger.close();
  await using conn = await connectTls(to);
  assert.equal(await said(conn, "still here"), "still here");
  await end();
});

Deno.test("an onError that rejects is told on stderr, and ends nothing", async () => {
  const said = Promise.withResolvers<string>();
  const { warn } = console;
  console.warn = said.resolve;
  const { to, end } = echoing({ onError: () => Promise.reject(new Error("of its own")) });
  const stranger = await Deno.connect({ hostname: "127.0.0.1", port: to.port });
  await stranger.write(bytesOf("GET / HTTP/1.0\r\n\r\n"));
  assert.match(await said.promise.finally(() => console.warn = warn), /^onError: .*of its own/);
  stranger.close();
  await end();
});

Deno.test("a listener that is closed accepts no more, and leaves its connections open", async () => {
  const listener = listenTls(local);
  const accepted = listener.accept();
  const conn = await connectTls({ hostname: "localhost", port: listener.addr.port, caCerts });
  const peer = await accepted;
  const waiting = rejection(listener.accept());
  listener.close();
  assert.match((await waiting).message, /the listener is closed/);
  assert.match((await rejection(listener.accept())).message, /the listener is closed/);
  for await (const _ of listener) assert.fail("there is none");
  await peer.write(bytesOf("still open"));
  assert.equal(await conn.read(new Uint8Array(10)), 10);
  peer.close();
  assert.equal(await conn.read(new Uint8Array(1)), null);
  conn.close();
  await listener.shutdown();
});

Deno.test("a connection that nobody accepted is closed with its listener", async () => {
  const listener = listenTls(local);
  const conn = await connectTls({ hostname: "localhost", port: listener.addr.port, caCerts });
  assert.equal(await listener.shutdown(), 0);
  assert.equal(await conn.read(new Uint8Array(1)), null);
  conn.close();
});

Deno.test("unsafelyDisableHostnameVerification passes any name below the roots, and lends its sessions to nobody else", async () => {
  const { to, end } = echoing();
  const open = {
    ...to,
    hostname: "127.0.0.2",
    serverName: "other.example",
    caCerts,
    trust: { roots: Golden.root },
  };
  const loose = { ...open, hostname: "127.0.0.1", unsafelyDisableHostnameVerification: true };
  for (const resumed of [false, true]) {
    await using conn = await connectTls(loose);
    await said(conn, "x");
    assert.equal(conn.negotiated.resumed, resumed);
  }
  const strict = await rejection(connectTls({ ...open, hostname: "127.0.0.1" }));
  assert.match(strict.message, /other\.example/);
  await end();
});

Deno.test("a key log gets its lines, and one that throws harms nobody", async () => {
  const lines: Array<string> = [];
  const { to, end } = echoing({ keyLog: (line) => void lines.push(line) });
  await using conn = await connectTls({ ...to, sessions: "none", keyLog: () => assert.fail("by the test") });
  assert.equal(await said(conn, "x"), "x");
  assert.ok(lines.some((line) => line.startsWith("SERVER_TRAFFIC_SECRET_0 ")));
  await end();
});

Deno.test("layers that are given are used: a network in memory, for both ends", async () => {
  const network = await Effect.runPromise(Effect.scoped(Layer.build(Transport.layerMemory)));
  const layers = Layer.mergeAll(
    Layer.succeedContext(network),
    Crypto.layerDeterministic("by the test"),
    Credentials.layerNone,
  );
  assert.throws(() => listenTls({ layers: Layer.succeedContext(network), port: 1 }), { option: "cert" });
  const listener = listenTls({ ...local, layers: Layer.succeedContext(network) });
  const accepted = listener.accept();
  await using conn = await connectTls({
    hostname: "127.0.0.1",
    serverName: "localhost",
    port: listener.addr.port,
    caCerts,
    layers,
  });
  await using peer = await accepted;
  assert.equal(peer.remoteAddr.hostname, "memory");
  await peer.write(bytesOf("in memory"));
  assert.equal(await conn.read(new Uint8Array(9)), 9);
  listener.close();
});

Deno.test("tickets of a file resume sessions at another listener", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/keys`;
  try {
    for (const resumed of [false, true]) {
      const { to, end } = echoing({ tickets: { file } });
      const conn = await connectTls({ ...to, sessionKey: "tickets of a file" });
      assert.equal(await said(conn, "x"), "x");
      assert.equal(conn.negotiated.resumed, resumed);
      await conn[Symbol.asyncDispose](); // an interrupted connection would forget its session
      await end();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("roots of one's own are trusted beside the usual ones, and alone where those cannot be read", async () => {
  const other = client.certificate;
  const { to, end } = echoing();
  for (const caCerts of [[Golden.root], [other, Golden.root]]) {
    for (const trust of [{ roots: Golden.root }, { roots: other }]) {
      await using conn = await connectTls({ ...to, caCerts, trust, sessions: "none" });
      assert.equal(await said(conn, "x"), "x");
    }
  }
  assert.match(
    (await rejection(connectTls({ ...to, caCerts: [other], trust: { roots: other } }))).message,
    /unknown_ca/,
  );
  await end();
});

Deno.test("a port is free once the shutdown of its listener has ended", async () => {
  const { listener, end } = echoing();
  await end();
  const again = listenTls({ ...local, port: listener.addr.port });
  await again.shutdown();
});
