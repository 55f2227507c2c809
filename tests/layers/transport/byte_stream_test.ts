/** What every byte stream promises, in memory and over TCP: order, interruption, close. @module */
import { assert, Effect, Either, Exit, Fiber, Scope } from "../../deps.ts";
import { fromConn, fromStreams, makePair } from "../../../src/layers/transport/byte_stream.ts";
import { buffered, prepend } from "../../../src/layers/transport/buffered.ts";
import { layerMemory } from "../../../src/layers/transport/memory.ts";
import { layerTcp } from "../../../src/layers/transport/tcp.ts";
import type { ByteStream } from "../../../src/ports/byte_stream.ts";
import { Transport } from "../../../src/ports/transport.ts";
import { ascii, concat, EMPTY } from "../../../src/wire/bytes.ts";
import { live, untilWaiting } from "../../support/effect.ts";

type Pair = Effect.Effect<readonly [ByteStream, ByteStream], unknown, Scope.Scope>;

const byTransport = Effect.gen(function* () {
  const transport = yield* Transport;
  const listener = yield* transport.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, { stream }] = yield* Effect.all([transport.open(listener.address), listener.accept], {
    concurrency: 2,
  });
  return [ours, stream] as const;
});

/** Every kind of byte stream, as two ends. */
const pairs: Readonly<Record<string, Pair>> = {
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
  "Transport.layerTcp": Effect.provide(byTransport, layerTcp),
  "Transport.layerMemory": Effect.provide(byTransport, layerMemory),
};

/** Reads until so many bytes have come. */
const readAll = (stream: ByteStream, length: number): Effect.Effect<Uint8Array, unknown> =>
  Effect.gen(function* () {
    const parts: Array<Uint8Array> = [];
    for (let n = 0; n < length;) {
      const bytes = yield* stream.read;
      if (!bytes) break;
      parts.push(bytes);
      n += bytes.length;
    }
    return concat(...parts);
  });

for (const [kind, pair] of Object.entries(pairs)) {
  live(
    `${kind}: bytes arrive in order, both ways`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      // A stream without a buffer hands on what is read, and no more.
      const writes = yield* Effect.fork(Effect.all([
        Effect.zipRight(a.write(ascii("one ")), a.write(ascii("three"))),
        Effect.zipRight(b.write(ascii("two ")), b.write(ascii("four"))),
      ], { concurrency: 2 }));
      assert.deepEqual(yield* readAll(b, 9), ascii("one three"));
      assert.deepEqual(yield* readAll(a, 8), ascii("two four"));
      yield* Fiber.join(writes);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: an interrupted read loses no byte`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      for (let i = 0; i < 3; i++) {
        assert.equal((yield* Effect.timeoutOption(b.read, "5 millis"))._tag, "None");
      }
      const write = yield* Effect.fork(a.write(ascii("late")));
      assert.deepEqual(yield* readAll(b, 4), ascii("late"));
      yield* Fiber.join(write);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: a megabyte passes, cut however it may be`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const bytes = Uint8Array.from({ length: 1 << 20 }, (_, i) => i * 31 >> 3);
      const write = yield* Effect.fork(
        Effect.forEach([0, 1, 2, 3], (i) => a.write(bytes.subarray(i << 18, (i + 1) << 18))),
      );
      const got = yield* readAll(b, bytes.length);
      assert.ok(got.every((byte, i) => byte === bytes[i]) && got.length === bytes.length);
      yield* Fiber.join(write);
      yield* Effect.all([a.close, b.close]);
    }),
  );

  live(
    `${kind}: close breaks a pending read, ends the peer's, fails a later write, and may be called again`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const ours = yield* Effect.fork(a.read);
      const theirs = yield* Effect.fork(b.read);
      yield* untilWaiting(ours, theirs);
      yield* a.close;
      yield* a.close;
      assert.equal(yield* Fiber.join(ours), undefined);
      assert.equal(yield* Fiber.join(theirs), undefined);
      assert.equal(yield* b.read, undefined);
      assert.equal(yield* a.read, undefined);
      const late = yield* Effect.either(a.write(ascii("x")));
      assert.equal(Either.isLeft(late) && late.left._tag, "TransportError");
      yield* b.close;
    }),
  );

  live(
    `${kind}: close breaks a write that nobody reads`,
    Effect.gen(function* () {
      const [a, b] = yield* pair;
      const flood = yield* Effect.fork(
        Effect.exit(Effect.forever(Effect.zipRight(Effect.sleep(0), a.write(new Uint8Array(1 << 20))))),
      );
      yield* Effect.sleep("20 millis");
      yield* a.close;
      const end = yield* Fiber.join(flood);
      assert.ok(Exit.isFailure(end));
      yield* b.close;
    }),
  );
}

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
