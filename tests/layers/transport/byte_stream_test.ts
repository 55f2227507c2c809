/** The byte streams of the library, held to the laws of every byte stream; and what is true of one of them alone. @module */
import { assert, Effect, Either, Exit, Scope } from "../../deps.ts";
import { fromConn, fromStreams, makePair } from "../../../src/layers/transport/byte_stream.ts";
import { buffered, prepend } from "../../../src/layers/transport/buffered.ts";
import { layerMemory } from "../../../src/layers/transport/memory.ts";
import { layerTcp } from "../../../src/layers/transport/tcp.ts";
import { Transport } from "../../../src/ports/transport.ts";
import { ascii, EMPTY } from "../../../src/wire/bytes.ts";
import { live } from "../../support/effect.ts";
import { streamLaws, type StreamPair } from "../../support/stream_laws.ts";

const byTransport = Effect.gen(function* () {
  const transport = yield* Transport;
  const listener = yield* transport.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, { stream }] = yield* Effect.all([transport.open(listener.address), listener.accept], {
    concurrency: 2,
  });
  return [ours, stream] as const;
});

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
