/** Any Duplex of Node as a byte stream, held to the laws of every byte stream. @module */
import net from "node:net";
import { Duplex, duplexPair, PassThrough } from "node:stream";
import { setImmediate } from "node:timers";
import { assert, Effect, Fiber } from "../deps.ts";
import { fromDuplex } from "../../src/node/mod.ts";
import { failsWith, live, untilWaiting } from "../support/effect.ts";
import { streamLaws } from "../support/stream_laws.ts";
import { bytesOf, textOf } from "../support/text.ts";

/** Two sockets of node:net, connected. */
const sockets = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve));
    const client = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
    const both = [client, await accepted] as const;
    server.close();
    return both;
  }),
  ([a, b]) => Effect.sync(() => void [a.destroy(), b.destroy()]),
);

/** Two Duplexes in memory. One that was destroyed leaves the other waiting for ever, so both are. */
const duplexes = Effect.acquireRelease(
  Effect.sync(() => duplexPair()),
  (both) =>
    Effect.promise(() =>
      Promise.all(
        both.map((one) => one.closed || new Promise((closed) => one.destroy().once("close", closed))),
      )
    ),
);

streamLaws("a pair of Duplexes", Effect.map(duplexes, ([a, b]) => [fromDuplex(a), fromDuplex(b)] as const));
streamLaws("sockets of node:net", Effect.map(sockets, ([a, b]) => [fromDuplex(a), fromDuplex(b)] as const));

live(
  "what a Duplex has read already comes first, and its end after it",
  Effect.gen(function* () {
    const duplex = new PassThrough();
    duplex.end("before");
    const stream = fromDuplex(duplex);
    assert.equal(textOf(yield* stream.read), "before");
    assert.equal(yield* stream.read, undefined);
    assert.equal(yield* stream.read, undefined);
    yield* stream.close;
  }),
);

live(
  "a Duplex whose listeners were just taken away loses nothing until somebody reads",
  Effect.gen(function* () {
    const turn = Effect.promise(() => new Promise((go) => setImmediate(go)));
    const duplex = new PassThrough();
    duplex.on("data", () => {});
    yield* turn;
    duplex.removeAllListeners();
    const stream = fromDuplex(duplex);
    yield* turn;
    duplex.write("kept");
    yield* turn;
    assert.equal(textOf(yield* stream.read), "kept");
    yield* stream.close;
  }),
);

live(
  "a Duplex that fails breaks a pending read and write, and fails every later one with the same cause",
  Effect.gen(function* () {
    const duplex = new Duplex({ read: () => {}, write: () => {} });
    const stream = fromDuplex(duplex);
    const reading = yield* Effect.fork(stream.read);
    const writing = yield* Effect.fork(stream.write(bytesOf("never taken")));
    yield* untilWaiting(reading, writing);
    const cause = new Error("the cable is out");
    duplex.destroy(cause);
    for (const failing of [Fiber.join(reading), stream.read]) {
      const error = yield* failsWith(failing, "TransportError");
      assert.deepEqual([error.operation, error.cause], ["read", cause]);
    }
    for (const failing of [Fiber.join(writing), stream.write(bytesOf("late"))]) {
      const error = yield* failsWith(failing, "TransportError");
      assert.deepEqual([error.operation, error.cause], ["write", cause]);
    }
    yield* stream.close;
  }),
);

live(
  "a Duplex that was destroyed, or had failed, before it became a byte stream is at its end, or fails",
  Effect.gen(function* () {
    const gone = new PassThrough();
    gone.destroy();
    assert.equal(yield* fromDuplex(gone).read, undefined);
    yield* failsWith(fromDuplex(gone).write(bytesOf("x")), "TransportError");
    const broken = new PassThrough();
    broken.on("error", () => {});
    broken.destroy(new Error("before"));
    assert.match((yield* failsWith(fromDuplex(broken).read, "TransportError")).message, /before/);
  }),
);

live(
  "a Duplex that gives text or objects is refused when it does, and not taken for bytes",
  Effect.gen(function* () {
    const texts = new PassThrough();
    texts.setEncoding("utf8");
    texts.write("text");
    assert.match((yield* failsWith(fromDuplex(texts).read, "TransportError")).message, /bytes/);
    const objects = new PassThrough({ objectMode: true });
    objects.write({ not: "bytes" });
    assert.match((yield* failsWith(fromDuplex(objects).read, "TransportError")).message, /bytes/);
  }),
);

live(
  "a write waits until the Duplex has taken it",
  Effect.gen(function* () {
    let take: () => void = () => {};
    const stream = fromDuplex(
      new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => void (take = done) }),
    );
    const writing = yield* Effect.fork(stream.write(bytesOf("slow")));
    yield* untilWaiting(writing);
    assert.equal(writing.unsafePoll(), null);
    take();
    yield* Fiber.join(writing);
    yield* stream.close;
  }),
);

live(
  "close destroys a Duplex that never comes to its end",
  Effect.gen(function* () {
    const duplex = new Duplex({ read: () => {}, write: () => {}, final: () => {} });
    const closed = new Promise((resolve) => duplex.once("close", resolve));
    yield* fromDuplex(duplex).close;
    yield* Effect.promise(() => closed);
    assert.ok(duplex.destroyed);
  }),
);

live(
  "the peer's end does not end a socket that has more to say",
  Effect.gen(function* () {
    const [a, b] = yield* sockets;
    const stream = fromDuplex(a);
    b.end("that is all");
    assert.equal(textOf(yield* stream.read), "that is all");
    assert.equal(yield* stream.read, undefined);
    const answer = new Promise<string>((resolve) => b.once("data", (data) => resolve(String(data))));
    yield* stream.write(bytesOf("not for me"));
    assert.equal(yield* Effect.promise(() => answer), "not for me");
    yield* stream.close;
  }),
);
