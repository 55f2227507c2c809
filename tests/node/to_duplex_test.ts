/** A connection as a Duplex of Node: its data, its ends, its errors, and what it tells. @module */
import { text } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { assert, Effect, Fiber } from "../deps.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { type DuplexOptions, type TlsDuplex, toDuplex } from "../../src/node/mod.ts";
import { live, untilWaiting } from "../support/effect.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { build, type Built, handshake, type Setup } from "../support/handshake.ts";
import * as Client from "../../src/client.ts";
import * as Server from "../../src/server.ts";
import { ProtocolVersion } from "../../src/names/protocol.ts";
import { policyFor } from "../support/policies.ts";
import { bytesOf, textOf } from "../support/text.ts";

/** Two ends as Duplexes, and their connections. */
const ends = (setup: Setup = {}, options?: DuplexOptions) =>
  Effect.map(handshake(setup), ({ client, server }) => ({
    client: toDuplex(client, options),
    server: toDuplex(server, options),
    under: { client, server },
  }));

/** The next event of a kind, with its first argument. */
const next = (of: NodeJS.EventEmitter, event: string) =>
  Effect.async<unknown>((resume) => void of.once(event, (value: unknown) => resume(Effect.succeed(value))));

/** All text until the end. `text` of node:stream would destroy a Duplex that is half open. */
const heard = (of: TlsDuplex) =>
  Effect.async<string>((resume) => {
    let all = "";
    of.on("data", (data) => void (all += data)).once("end", () => resume(Effect.succeed(all)));
  });

live(
  "what one end writes the other reads, both ways, and each end's `end` is the other's",
  Effect.gen(function* () {
    const { client, server } = yield* ends({}, { allowHalfOpen: true });
    client.write("as text, ");
    client.end(bytesOf("as bytes"));
    assert.equal(yield* heard(server), "as text, as bytes");
    server.end("an answer after the question has ended");
    assert.match(yield* heard(client), /after the question/);
    yield* Effect.promise(() => Promise.all([finished(client), finished(server)]));
    assert.deepEqual([client.bytesRead, client.bytesWritten], [server.bytesWritten, server.bytesRead]);
  }),
);

live(
  "the peer's end is answered with ours, as in net.Socket",
  Effect.gen(function* () {
    const { client, server, under } = yield* ends();
    client.end();
    server.resume();
    client.resume();
    yield* Effect.promise(() => Promise.all([finished(client), finished(server)]));
    assert.equal(client.readyState, "closed");
    assert.equal((yield* under.server.state).writing, "closed");
  }),
);

live(
  "megabytes pass by a pipeline, both ways at once, and nothing is lost",
  Effect.gen(function* () {
    const { client, server } = yield* ends({}, { allowHalfOpen: true });
    const piece = Uint8Array.from({ length: 100_000 }, (_, i) => i * 31 >> 3);
    const pieces = Array.from({ length: 30 }, () => piece);
    yield* Effect.promise(() =>
      Promise.all([
        pipeline(server, server),
        pipeline(pieces, client),
        (async () => {
          let at = 0;
          for await (const data of client as AsyncIterable<Uint8Array>) {
            assert.ok(data.every((byte, i) => byte === piece[(at + i) % piece.length]));
            at += data.length;
          }
          assert.equal(at, 30 * piece.length);
        })(),
      ])
    );
  }),
);

live(
  "nothing is read from the connection until somebody wants it, and then no more than highWaterMark and one piece",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    let reads = 0;
    const counting = {
      ...server,
      read: Effect.suspend(() => {
        reads++;
        return server.read;
      }),
    };
    const duplex = toDuplex(counting, { highWaterMark: 10 });
    for (let i = 0; i < 20; i++) yield* client.write(bytesOf("four"));
    yield* Effect.yieldNow();
    assert.equal(reads, 0);
    const readable = yield* Effect.fork(next(duplex, "readable"));
    yield* untilWaiting(readable);
    assert.ok(reads <= 4 && duplex.readableLength <= 12, `${reads} reads, ${duplex.readableLength} bytes`);
    duplex.destroy();
  }),
);

live(
  "a write is done when the stream below has taken it, and not before",
  Effect.gen(function* () {
    const { client } = yield* handshake();
    let take: () => void = () => {};
    const slow = {
      ...client,
      write: () => Effect.async<void>((resume) => void (take = () => resume(Effect.void))),
    };
    const duplex = toDuplex(slow, { highWaterMark: 4 });
    let done = 0;
    assert.equal(duplex.write("more than four", () => void done++), false);
    assert.deepEqual([done, duplex.bufferSize], [0, 14]);
    const drained = yield* Effect.fork(next(duplex, "drain"));
    take();
    yield* Effect.fromFiber(drained);
    assert.deepEqual([done, duplex.bufferSize], [1, 0]);
    duplex.destroy();
  }),
);

live(
  "pieces that waited together leave in one write",
  Effect.gen(function* () {
    const { client } = yield* handshake();
    const written: Array<string> = [];
    const duplex = toDuplex({
      ...client,
      write: (data) => Effect.sync(() => void written.push(textOf(data))),
    });
    duplex.cork();
    ["GET ", "/ ", "HTTP/1.1"].forEach((piece) => duplex.write(piece));
    duplex.uncork();
    yield* next(duplex.end(), "finish");
    assert.deepEqual(written, ["GET / HTTP/1.1"]);
  }),
);

live(
  "a stream that ends without close_notify is the error Truncated itself, after all data before it",
  Effect.gen(function* () {
    const [a, b] = yield* makePair();
    const built = yield* build();
    const { client, server } = yield* over(built, a, b);
    const duplex = toDuplex(client);
    yield* server.write(bytesOf("the first half"));
    yield* b.close;
    // Nobody takes the data yet, so the end is not told either.
    const readable = yield* Effect.fork(next(duplex, "readable"));
    yield* untilWaiting(readable);
    yield* Effect.fromFiber(readable);
    for (let i = 0; i < 10; i++) yield* Effect.yieldNow();
    assert.equal(duplex.destroyed, false);
    const failing = yield* Effect.fork(next(duplex, "error"));
    assert.equal(String(duplex.read()), "the first half");
    duplex.resume();
    const error = yield* Effect.fromFiber(failing);
    assert.equal((error as { readonly _tag: string })._tag, "Truncated");
    assert.ok(error instanceof Error && duplex.errored === error);
  }),
);

/** A client and a server over two streams. */
const over = (built: Built, a: Parameters<typeof Client.over>[0], b: Parameters<typeof Client.over>[0]) =>
  Effect.all({
    client: Client.over(a, { serverName: "localhost" }).pipe(Effect.provide(built.client)),
    server: Server.over(b).pipe(Effect.provide(built.server)),
  }, { concurrency: 2 });

live(
  "`destroy` closes the connection with close_notify; with an error, with a fatal alert",
  Effect.gen(function* () {
    const polite = yield* ends();
    const end = text(polite.server);
    polite.client.destroy();
    assert.equal(yield* Effect.promise(() => end), "");

    const rude = yield* ends();
    const failing = yield* Effect.fork(next(rude.server, "error"));
    rude.server.resume();
    const own = new Error("no more");
    rude.client.once("error", (error) => assert.equal(error, own));
    rude.client.destroy(own);
    const error = yield* Effect.fromFiber(failing);
    assert.match(String(error), /internal_error/);

    const reset = yield* ends();
    const told = yield* Effect.fork(next(reset.server, "error"));
    reset.server.resume();
    reset.client.resetAndDestroy();
    assert.match(String(yield* Effect.fromFiber(told)), /internal_error/);
  }),
);

live(
  "what was written just before `destroy` with an error arrives before the alert",
  Effect.gen(function* () {
    const { client, under } = yield* ends();
    client.on("error", () => {});
    client.write("last words");
    client.destroy(new Error("enough"));
    assert.equal(textOf(yield* under.server.read), "last words");
    assert.equal((yield* Effect.flip(under.server.read))._tag, "PeerAlert");
  }),
);

live(
  "a write that nobody takes does not hold `destroy` up for long",
  Effect.gen(function* () {
    const { client } = yield* handshake();
    const duplex = toDuplex({ ...client, write: () => Effect.async<void>(() => {}) });
    duplex.write("who hears me?");
    const closed = yield* Effect.fork(next(duplex, "close"));
    duplex.destroy();
    yield* Effect.timeout(Fiber.join(closed), "5 seconds");
  }),
);

live(
  "a connection that its owner closes closes the Duplex, without an error",
  Effect.gen(function* () {
    const { client, under } = yield* ends();
    client.on("error", (error) => assert.fail(String(error)));
    client.resume();
    const closed = yield* Effect.fork(next(client, "close"));
    yield* untilWaiting(closed);
    yield* under.client.close;
    yield* Effect.fromFiber(closed);
    assert.ok(client.destroyed);
  }),
);

live(
  "a write that fails is told only after what the peer had said was read",
  Effect.gen(function* () {
    const [a, b] = yield* makePair();
    let broken = false;
    const built = yield* build();
    const { client, server } = yield* over(built, {
      ...a,
      write: (bytes) => broken ? Effect.zipRight(b.close, a.write(bytes)) : a.write(bytes),
    }, b);
    const duplex = toDuplex(client);
    const failing = yield* Effect.fork(next(duplex, "error"));
    const heard: Array<string> = [];
    duplex.on("data", (data) => heard.push(String(data)));
    yield* untilWaiting(failing);
    broken = true;
    yield* server.write(bytesOf("413 Content Too Large"));
    yield* server.closeWrite;
    duplex.write("a body that nobody wants");
    assert.equal(((yield* Effect.fromFiber(failing)) as { readonly _tag: string })._tag, "TransportError");
    assert.deepEqual(heard, ["413 Content Too Large"]);
  }),
);

live(
  "it tells what was agreed on in Node's words",
  Effect.gen(function* () {
    const { client, server } = yield* ends({
      kind: "rsa",
      clientKind: "p256",
      client: { alpn: ["h2"] },
      server: { alpn: ["h2"], clientAuth: "require" },
    });
    assert.equal(client.encrypted, true);
    assert.equal(client.getProtocol(), "TLSv1.2");
    assert.deepEqual(client.getCipher(), {
      name: "ECDHE-RSA-AES128-GCM-SHA256",
      standardName: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      version: "TLSv1.2",
    });
    assert.deepEqual(client.getEphemeralKeyInfo(), { type: "ECDH", name: "X25519", size: 253 });
    assert.deepEqual([client.alpnProtocol, server.servername], ["h2", "localhost"]);
    assert.deepEqual([client.authorized, server.authorized], [true, true]);
    assert.equal(client.authorizationError, null);
    assert.deepEqual([client.connecting, client.readyState, client.isSessionReused()], [
      false,
      "open",
      false,
    ]);
    assert.deepEqual(
      client.exportKeyingMaterial(32, "EXPERIMENTAL test"),
      server.exportKeyingMaterial(32, "EXPERIMENTAL test"),
    );
    client.destroy();
    assert.equal(client.getPeerCertificate(), null);
  }),
);

live(
  "nobody is authorized by a verifier that trusts everybody, nor without a certificate, unless the caller knows better",
  Effect.gen(function* () {
    const { client, server } = yield* ends({ toy: true });
    assert.deepEqual([client.authorized, server.authorized], [false, false]);
    assert.match(String(client.authorizationError), /nobody says/);
    assert.match(String(server.authorizationError), /no certificate/);
    const known = yield* ends({ toy: true }, { authorized: true });
    assert.deepEqual([known.client.authorized, known.server.authorized], [true, false]);
  }),
);

live(
  "the peer's certificate has the shape that Node gives it, with its issuers if these are wanted",
  Effect.gen(function* () {
    const { client, server } = yield* ends({ kind: "rsa" });
    const { raw, fingerprint, fingerprint512, modulus, ...rest } = client.getPeerCertificate()!;
    assert.ok(raw.length > 500 && /^[0-9A-F]{512}$/.test(modulus!));
    assert.match(fingerprint, /^([0-9A-F]{2}:){19}[0-9A-F]{2}$/);
    assert.match(fingerprint512!, /^([0-9A-F]{2}:){63}[0-9A-F]{2}$/);
    assert.deepEqual(plain(rest), {
      subject: { O: "Test", CN: "localhost" },
      issuer: { O: "Test", CN: "effect-tls test root" },
      subjectaltname: "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
      ca: false,
      bits: 2048,
      exponent: "0x10001",
      valid_from: "Jan  1 00:00:00 2020 GMT",
      valid_to: "Jan  1 00:00:00 2049 GMT",
      serialNumber: "010EBB3AAB78605A7A15954774F96B05",
      fingerprint256:
        "74:C2:1A:EA:A6:E7:08:23:C6:B7:DD:DE:38:9D:7D:3D:4E:F5:EF:7B:56:65:01:39:56:89:60:05:5B:38:CB:05",
    });
    const above = client.getPeerCertificate(true)!.issuerCertificate!;
    assert.deepEqual(plain(above.subject), { O: "Test", CN: "effect-tls test root" });
    assert.equal(above.issuerCertificate, above);
    assert.deepEqual(server.getPeerCertificate(), {});
  }),
);

/** Without prototypes. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

live(
  "setTimeout tells of idle time, again and again while nothing moves, and closes nothing",
  Effect.gen(function* () {
    const { client, server } = yield* ends();
    // The wait keeps the program alive, as the timer of a Duplex does not.
    const timedOut = Effect.timeout(next(client, "timeout"), "5 seconds");
    let told = 0;
    client.setTimeout(20);
    assert.equal(client.timeout, 20);
    client.on("timeout", () => void told++);
    yield* timedOut;
    assert.deepEqual([told, client.destroyed], [1, false]);
    server.resume();
    yield* Effect.async<void>((resume) => void client.write("moved", () => resume(Effect.void)));
    yield* timedOut;
    assert.equal(told, 2);
    client.setTimeout(0);
    assert.equal(client.timeout, undefined);
    assert.throws(() => client.setTimeout(NaN), { _tag: "InvalidOption" });
  }),
);

live(
  "what is known of the socket below is told and asked there; without one, nothing is known",
  Effect.gen(function* () {
    const asked: Array<unknown> = [];
    const ask = (what: string) => (...rest: ReadonlyArray<unknown>) => asked.push([what, ...rest]);
    const { client } = yield* ends({}, {
      beneath: {
        remoteAddress: "192.0.2.1",
        remotePort: 443,
        remoteFamily: "IPv4",
        localAddress: "192.0.2.2",
        localFamily: "IPv4",
        localPort: 50_000,
        setNoDelay: ask("setNoDelay"),
        setKeepAlive: ask("setKeepAlive"),
        ref: ask("ref"),
        unref: ask("unref"),
      },
    });
    assert.equal(client.setNoDelay().setKeepAlive(true, 1000).unref().ref(), client);
    assert.deepEqual(asked, [["setNoDelay", true], ["setKeepAlive", true, 1000], ["unref"], ["ref"]]);
    assert.deepEqual([client.remoteAddress, client.remotePort, client.remoteFamily], [
      "192.0.2.1",
      443,
      "IPv4",
    ]);
    assert.deepEqual(client.address(), { address: "192.0.2.2", family: "IPv4", port: 50_000 });
    const bare = (yield* ends()).client;
    assert.deepEqual([bare.remoteAddress, bare.setNoDelay().ref().address()], [undefined, {}]);
  }),
);

live(
  "an option of the wrong type is InvalidOption, thrown as such",
  Effect.map(handshake(), ({ client }) => {
    for (
      const wrong of [{ highWaterMark: -1 }, { allowHalfOpen: "yes" }, { beneath: 1 }, { halfOpen: true }]
    ) {
      assert.throws(() => toDuplex(client, wrong as DuplexOptions), { _tag: "InvalidOption" });
    }
  }),
);

const bothWays = policyFor(ProtocolVersion.TLS_1_2, { renegotiation: "allow" });

live(
  "a renegotiation passes unseen, and what is told then is of the new handshake",
  Effect.gen(function* () {
    const { client, server, under } = yield* ends({
      client: { policy: bothWays },
      server: { policy: bothWays },
    });
    client.resume();
    server.resume();
    yield* under.client.renegotiate;
    assert.equal(client.negotiated!.epoch, 2);
    client.write("after");
    assert.equal(String(yield* next(server, "data")), "after");
    client.destroy();
  }),
);

/** One upgrade in memory, from two byte streams to the last event. */
const cycle = (built: Built) =>
  Effect.scoped(Effect.gen(function* () {
    const [a, b] = yield* makePair();
    const { client, server } = yield* over(built, a, b);
    const [ours, theirs] = [toDuplex(client), toDuplex(server)];
    theirs.pipe(theirs);
    ours.end("echo");
    assert.equal(yield* Effect.promise(() => text(ours)), "echo");
    yield* Effect.promise(() => finished(theirs));
  }));

live(
  "twenty upgrades in memory leave nothing behind that the sanitizers of Deno see",
  Effect.gen(function* () {
    const built = yield* build();
    for (let i = 0; i < 20; i++) yield* cycle(built);
  }),
);

live(
  "10,000 upgrades in memory take no more memory than 1,000",
  exhaustiveOnly,
  Effect.gen(function* () {
    const built = yield* build();
    const used = () => Deno.memoryUsage().heapUsed;
    for (let i = 0; i < 1_000; i++) yield* cycle(built);
    const before = used();
    for (let i = 0; i < 9_000; i++) yield* cycle(built);
    const grown = used() - before;
    assert.ok(grown < 64 * 2 ** 20, `${grown} bytes`);
  }),
);
