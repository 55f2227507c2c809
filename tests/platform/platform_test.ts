/**
 * TLS over @effect/platform: Sockets on either side of a connection, and sessions in a KeyValueStore.
 *
 * @module
 */
import { assert, Context, Deferred, Effect, Either, Fiber, Layer } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { KeyValueStore, Socket } from "../../src/platform/deps.ts";
import { fromSocket, layerKeyValueStore, layerSocket, toSocket } from "../../src/platform/mod.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import { Transport } from "../../src/ports/transport.ts";
import * as Server from "../../src/server.ts";
import { live } from "../support/effect.ts";
import { bothHandshake, build } from "../support/handshake.ts";
import { sessionWith } from "../support/session.ts";
import { bytesOf, textOf } from "../support/text.ts";

/** Two Sockets, back to back. */
const sockets = Effect.gen(function* () {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  return [
    yield* Socket.fromTransformStream(Effect.succeed({ readable: back.readable, writable: there.writable })),
    yield* Socket.fromTransformStream(Effect.succeed({ readable: there.readable, writable: back.writable })),
  ] as const;
});

/** A client by layerSocket and a server by fromSocket, connected. */
const connected = Effect.gen(function* () {
  const [a, b] = yield* sockets;
  const built = yield* build();
  const network = Layer.provide(layerSocket, Layer.succeed(Socket.Socket, a));
  const [client, server] = yield* Effect.all([
    Client.connect({ hostname: "localhost", port: 443 }).pipe(
      Effect.provide(network),
      Effect.provide(built.client),
    ),
    Effect.flatMap(fromSocket(b), Server.over).pipe(Effect.provide(built.server)),
  ], { concurrency: 2 });
  return { client, server };
});

live(
  "a Transport from any Socket: a client and a server speak TLS over two Sockets",
  Effect.gen(function* () {
    const { client, server } = yield* connected;
    yield* Effect.all([
      client.write(bytesOf("over a Socket")),
      Effect.map(server.read, (data) => assert.equal(textOf(data), "over a Socket")),
    ], { concurrency: 2 });
    const end = yield* Effect.fork(server.read);
    yield* Effect.fork(client.closeWrite);
    assert.equal(yield* Fiber.join(end), undefined);
  }),
);

live(
  "a Connection is a Socket: what one writes the other's handler hears, until close_notify ends its run",
  Effect.gen(function* () {
    const { client, server } = yield* connected;
    const heard: Array<string> = [];
    const opened = yield* Deferred.make<void>();
    const running = yield* Effect.fork(
      toSocket(server).run((bytes) => Effect.sync(() => heard.push(textOf(bytes))), {
        onOpen: Effect.asVoid(Deferred.succeed(opened, undefined)),
      }),
    );
    yield* Deferred.await(opened);
    yield* Effect.scoped(Effect.gen(function* () {
      const write = yield* toSocket(client).writer;
      yield* write("as text, ");
      yield* write(bytesOf("as bytes"));
    }));
    yield* Fiber.join(running);
    assert.equal(heard.join(""), "as text, as bytes");
  }),
);

live(
  "TLS is a function from Socket to Socket: it runs inside itself",
  Effect.gen(function* () {
    const outer = yield* connected;
    const inner = yield* build();
    const [client, server] = yield* Effect.all([
      Effect.flatMap(
        fromSocket(toSocket(outer.client)),
        (stream) => Client.over(stream, { serverName: "localhost" }),
      ).pipe(
        Effect.provide(inner.client),
      ),
      Effect.flatMap(fromSocket(toSocket(outer.server)), Server.over).pipe(Effect.provide(inner.server)),
    ], { concurrency: 2 });
    yield* client.write(bytesOf("twice sealed"));
    assert.equal(textOf(yield* server.read), "twice sealed");
  }),
);

live(
  "a Socket does not listen, and says so",
  Effect.gen(function* () {
    const [a] = yield* sockets;
    const transport = yield* Effect.provide(
      Transport,
      Layer.provide(layerSocket, Layer.succeed(Socket.Socket, a)),
    );
    const listening = yield* Effect.either(transport.listen({ hostname: "localhost", port: 1 }));
    assert.equal(Either.isLeft(listening) && listening.left._tag, "TransportError");
  }),
);

live(
  "sessions in a KeyValueStore are resumed, also by another process that shares it; one that is unreadable or too old is none",
  Effect.gen(function* () {
    const shared = yield* Layer.build(KeyValueStore.layerMemory);
    const store = Context.get(shared, KeyValueStore.KeyValueStore);
    const over = (options?: Parameters<typeof layerKeyValueStore>[0]) =>
      Layer.build(Layer.provide(layerKeyValueStore(options), Layer.succeedContext(shared)));
    const resumed = (sessions: Context.Context<SessionStore>) =>
      Effect.gen(function* () {
        // New ends each time: only the store is the same.
        const built = yield* build({ seed: String(Math.random()) });
        const { client } = yield* bothHandshake({
          client: Context.merge(built.client, sessions),
          server: Context.merge(built.server, sessions),
        });
        return (yield* (yield* client).negotiated).resumed;
      });
    const sessions = yield* over();
    assert.deepEqual([yield* resumed(sessions), yield* resumed(yield* over())], [false, true]);
    assert.equal(yield* resumed(yield* over({ timeToLive: "0 seconds" })), false);
    yield* store.set("tls-session:localhost", "{ no JSON");
    assert.equal(yield* resumed(sessions), false);
    assert.equal(yield* resumed(sessions), true);
    yield* Context.get(sessions, SessionStore).remove("localhost");
    assert.equal(yield* resumed(sessions), false);
  }),
);

live(
  "a writer that is released does not wait for a peer that reads nothing",
  Effect.gen(function* () {
    const [a, b] = yield* makePair({ capacity: 10_000 });
    const built = yield* build();
    const [client] = yield* Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost" }), built.client),
      Effect.provide(Server.over(b), built.server),
    ], { concurrency: 2 });
    yield* client.write(new Uint8Array(20_000)); // there is no room for more
    const start = performance.now();
    yield* Effect.scoped(toSocket(client).writer);
    assert.ok(performance.now() - start < 500);
  }),
);

live(
  "a session that can't be written is an error that does not hold it",
  Effect.gen(function* () {
    const shared = yield* Layer.build(KeyValueStore.layerMemory);
    const sessions = yield* Layer.build(Layer.provide(layerKeyValueStore(), Layer.succeedContext(shared)));
    const bad = sessionWith({
      id: new Uint8Array(1),
      masterSecret: new Uint8Array(48).fill(0x5e),
      serverName: "a".repeat(256),
    });
    const put = yield* Effect.either(Context.get(sessions, SessionStore).put("key", bad));
    assert.equal(Either.isLeft(put) && put.left._tag, "SessionStoreError");
    assert.doesNotMatch(Deno.inspect(put, { depth: 20 }), /94, 94|5e5e/);
  }),
);
