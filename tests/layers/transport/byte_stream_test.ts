/** The byte streams of the library, held to the laws of every byte stream; and what is true of one of them alone. @module */
import { assert, Effect, Either, Exit, Fiber, Scope } from "../../deps.ts";
import { fromConn, fromStreams, makePair } from "../../../src/layers/transport/byte_stream.ts";
import { buffered, prepend } from "../../../src/layers/transport/buffered.ts";
import { layerMemory } from "../../../src/layers/transport/memory.ts";
import { fromMessagePort } from "../../../src/layers/transport/message_port.ts";
import { layerTcp } from "../../../src/layers/transport/tcp.ts";
import { fromWebSocket } from "../../../src/layers/transport/web_socket.ts";
import { Transport } from "../../../src/ports/transport.ts";
import { ascii, concat, EMPTY } from "../../../src/wire/bytes.ts";
import { failsWith, live, untilWaiting } from "../../support/effect.ts";
import { streamLaws, type StreamPair } from "../../support/stream_laws.ts";

const byTransport = Effect.gen(function* () {
  const transport = yield* Transport;
  const listener = yield* transport.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, { stream }] = yield* Effect.all([transport.open(listener.address), listener.accept], {
    concurrency: 2,
  });
  return [ours, stream] as const;
});

/** A client's WebSocket and the server's, over loopback. */
const openWebSockets = async () => {
  const upgraded = Promise.withResolvers<WebSocket>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    upgraded.resolve(socket);
    return response;
  });
  const near = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
  // One that is closed before it is open breaks, which is another test's.
  await new Promise((open) => near.addEventListener("open", open));
  return { near, far: await upgraded.promise, server };
};
const webSockets: StreamPair = Effect.map(
  Effect.acquireRelease(
    Effect.promise(openWebSockets),
    ({ near, far, server }) =>
      Effect.promise(async () => {
        // Deno counts what is open until the event of its end has come.
        for (const socket of [near, far]) {
          if (socket.readyState === WebSocket.CLOSED) continue;
          const closed = new Promise((done) => socket.addEventListener("close", done));
          socket.close();
          await closed;
        }
        await server.shutdown();
      }),
  ),
  ({ near, far }) => [fromWebSocket(near), fromWebSocket(far)] as const,
);

/** Every kind of byte stream, as two ends. */
const pairs: Readonly<Record<string, StreamPair>> = {
  "an in-memory pair": makePair(),
  "an in-memory pair with little room": makePair({ capacity: 4 }),
  "what is left of buffered streams": Effect.flatMap(makePair(), ([a, b]) =>
    Effect.gen(function* () {
      const ends = [buffered(a), buffered(b)] as const;
      yield* Effect.all([a.write(ascii("first\r\n")), b.write(ascii("first\r\n"))]);
      for (const end of ends) assert.equal(yield* end.readLine(5), "first");
      return [ends[0].rest, ends[1].rest] as const;
    })),
  "streams that begin with nothing": Effect.map(
    makePair(),
    ([a, b]) => [prepend(EMPTY, a), prepend(EMPTY, b)] as const,
  ),
  "web streams": Effect.sync(() => {
    const there = new TransformStream<Uint8Array, Uint8Array>();
    const back = new TransformStream<Uint8Array, Uint8Array>();
    return [
      fromStreams({ readable: back.readable, writable: there.writable }),
      fromStreams({ readable: there.readable, writable: back.writable }),
    ] as const;
  }),
  "Deno connections": Effect.acquireRelease(
    Effect.promise(async () => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const [a, b] = await Promise.all([
        Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
        listener.accept(),
      ]);
      listener.close();
      return [fromConn(a), fromConn(b)] as const;
    }),
    ([a, b]) => Effect.zipRight(a.close, b.close),
  ),
  "WebSockets": webSockets,
  "MessagePorts": Effect.sync(() => {
    const { port1, port2 } = new MessageChannel();
    return [fromMessagePort(port1), fromMessagePort(port2)] as const;
  }),
  "Transport.layerTcp": Effect.provide(byTransport, layerTcp),
  "Transport.layerMemory": Effect.provide(byTransport, layerMemory),
};

for (const [kind, pair] of Object.entries(pairs)) streamLaws(kind, pair);

for (const [kind, layer] of Object.entries({ layerTcp, layerMemory })) {
  live(
    `Transport.${kind}: a port that nobody listens on is a TransportError`,
    Effect.gen(function* () {
      const transport = yield* Transport;
      const { address } = yield* Effect.scoped(transport.listen({ hostname: "127.0.0.1", port: 0 }));
      const opened = yield* Effect.either(transport.open(address));
      assert.equal(Either.isLeft(opened) && opened.left._tag, "TransportError");
    }).pipe(Effect.provide(layer)),
  );

  live(
    `Transport.${kind}: a stream closes with the scope that opened it, and an accept that is interrupted takes nothing`,
    Effect.gen(function* () {
      const transport = yield* Transport;
      const listener = yield* transport.listen({ hostname: "127.0.0.1", port: 0 });
      assert.equal((yield* Effect.timeoutOption(listener.accept, "5 millis"))._tag, "None");
      const scope = yield* Scope.make();
      yield* Scope.extend(transport.open(listener.address), scope);
      if (kind === "layerTcp") yield* Scope.extend(transport.open(listener.address), scope);
      const { stream } = yield* listener.accept;
      yield* Scope.close(scope, Exit.void);
      assert.equal(yield* stream.read, undefined);
    }).pipe(Effect.provide(layer)),
  );
}

Deno.test("a TCP connection is told not to wait for more: Nagle's algorithm would hold back a flight (RFC 896)", () => {
  const told: Array<boolean> = [];
  fromConn({
    read: () => Promise.resolve(null),
    write: (bytes) => Promise.resolve(bytes.length),
    close: () => {},
    setNoDelay: (noDelay) => void told.push(noDelay),
  });
  assert.deepEqual(told, [true]);
});

/** A WebSocket of the test's own: it sends what it is told, and tells what it was sent. */
const toySocket = (readyState = 1) => {
  const target = new EventTarget();
  const sent: Array<Uint8Array> = [];
  const socket = Object.assign(target, {
    binaryType: "blob",
    readyState,
    bufferedAmount: 0,
    send: (bytes: Uint8Array) => void sent.push(bytes),
    close: () => void (socket.readyState = 3),
  });
  return {
    socket,
    sent,
    tell: (type: string, more = {}) => target.dispatchEvent(Object.assign(new Event(type), more)),
  };
};

live(
  "a WebSocket: the first write waits until it is open, and a crowded one until there is room",
  Effect.gen(function* () {
    const { socket, sent, tell } = toySocket(0);
    const stream = fromWebSocket(socket);
    assert.equal(socket.binaryType, "arraybuffer");
    const first = yield* Effect.fork(stream.write(ascii("first")));
    yield* untilWaiting(first);
    assert.equal(sent.length, 0);
    socket.readyState = 1;
    tell("open");
    yield* Fiber.join(first);
    socket.bufferedAmount = 1 << 20;
    const second = yield* Effect.fork(stream.write(ascii("second")));
    yield* untilWaiting(second);
    assert.equal(sent.length, 1);
    socket.bufferedAmount = 0;
    yield* Fiber.join(second);
    assert.deepEqual(concat(...sent), ascii("firstsecond"));
    yield* stream.close;
  }),
);

const breaks: ReadonlyArray<
  readonly [string, Parameters<ReturnType<typeof toySocket>["tell"]>, RegExp | undefined]
> = [
  ["a close that is clean is the end", ["close", { wasClean: true, code: 1000 }], undefined],
  ["one that is not is a failure", ["close", { wasClean: false, code: 1006 }], /broke \(code 1006\)/],
  ["an error is a failure", ["error", { message: "by the test" }], /failed: by the test/],
  ["a text is a failure", ["message", { data: "text" }], /sent a text/],
  [
    "more than 16 MiB unread are a failure",
    ["message", { data: new ArrayBuffer((16 << 20) + 1) }],
    /wait unread/,
  ],
];
for (const [what, [type, more], message] of breaks) {
  live(
    `a WebSocket: ${what}, after what had come before`,
    Effect.gen(function* () {
      const { socket, tell } = toySocket();
      const stream = fromWebSocket(socket);
      tell("message", { data: ascii("before").slice().buffer });
      tell(type, more);
      tell("message", { data: ascii("behind").slice().buffer });
      assert.deepEqual(yield* stream.read, ascii("before"));
      const end = yield* Effect.either(stream.read);
      if (message) assert.match(Either.isLeft(end) ? end.left.message : "", message);
      else assert.deepEqual(end, Either.right(undefined));
      yield* stream.close;
    }),
  );
}

live(
  "a WebSocket that was closed before is at its end, and takes nothing",
  Effect.gen(function* () {
    const stream = fromWebSocket(toySocket(3).socket);
    assert.equal(yield* stream.read, undefined);
    assert.ok(Either.isLeft(yield* Effect.either(stream.write(ascii("x")))));
  }),
);

live(
  "a MessagePort whose other end says that it has read what it did not get fails",
  Effect.gen(function* () {
    for (const lie of [1, -1, NaN, 0.5]) {
      const { port1, port2 } = new MessageChannel();
      const stream = fromMessagePort(port1);
      port2.postMessage(lie);
      yield* failsWith(stream.read, "TransportError");
      yield* stream.close;
      port2.close();
    }
  }),
);

live(
  "a MessagePort that throws fails a write, and is closed",
  Effect.gen(function* () {
    const stream = fromMessagePort({
      postMessage: () => {
        throw new Error("it is gone");
      },
      addEventListener: () => {},
      removeEventListener: () => {},
    });
    const { cause } = yield* failsWith(stream.write(ascii("x")), "TransportError");
    assert.match(String(cause), /it is gone/);
    yield* stream.close;
  }),
);

live(
  "a MessagePort: a write waits while the other end does not read, and something that is no stream is a failure",
  Effect.gen(function* () {
    const { port1, port2 } = new MessageChannel();
    const [near, far] = [fromMessagePort(port1), fromMessagePort(port2)];
    yield* near.write(new Uint8Array(256 * 1024));
    const waiting = yield* Effect.fork(near.write(ascii("x")));
    yield* untilWaiting(waiting);
    assert.equal((yield* far.read)?.length, 256 * 1024);
    yield* Fiber.join(waiting);
    port2.postMessage({ not: "bytes" });
    const strange = yield* Effect.either(near.read);
    assert.match(Either.isLeft(strange) ? strange.left.message : "", /no stream of bytes/);
    yield* Effect.all([near.close, far.close]);
  }),
);
