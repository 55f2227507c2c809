/**
 * Streams, stores and observers that break their contracts: the error is typed, and no other connection is harmed.
 *
 * @module
 */
import { assert, Deferred, Effect, Fiber, Layer, Option } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import { fromConn, makePair } from "../../src/layers/transport/byte_stream.ts";
import { layerMemory } from "../../src/layers/transport/memory.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import type { Observe } from "../../src/ports/observer.ts";
import { Session, SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import { Transport } from "../../src/ports/transport.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import { live, tagOf, untilWaiting, withoutLogs } from "../support/effect.ts";
import { build, ends, handshake, pingPong } from "../support/handshake.ts";
import { textOf } from "../support/text.ts";

const thrown = (): Effect.Effect<never> => {
  throw new Error("by the test");
};

/** Two ends, the client's over a stream that can be changed after the handshake. */
const over = (changes: Partial<ByteStream>) =>
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [a, b] = yield* makePair();
    let on = false;
    const stream: ByteStream = {
      read: Effect.suspend(() => on ? changes.read ?? a.read : a.read),
      write: (bytes) => on && changes.write ? changes.write(bytes) : a.write(bytes),
      close: Effect.suspend(() => on && changes.close ? Effect.zipRight(a.close, changes.close) : a.close),
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(stream, { serverName: "localhost" }), built.client),
      Effect.provide(Server.over(b), built.server),
    ], { concurrency: 2 });
    on = true;
    return { client, server };
  });

const failure = (of: Effect.Effect<unknown, { readonly _tag: string }>) =>
  Effect.map(Effect.either(of), tagOf);

live(
  "a write that throws where it should give an Effect is a TransportError, and so is every later one",
  Effect.gen(function* () {
    const { client } = yield* over({ write: thrown });
    for (let i = 0; i < 2; i++) assert.equal(yield* failure(client.write(ascii("x"))), "TransportError");
    assert.deepEqual(yield* client.state, { reading: "open", writing: "broken" });
  }),
);

for (
  const [how, below] of Object.entries({ "is interrupted": Effect.interrupt, dies: Effect.die("below") })
) {
  live(
    `a read that ${how} below is a TransportError, and nobody's interruption`,
    Effect.gen(function* () {
      const { client } = yield* over({ read: below });
      for (let i = 0; i < 2; i++) assert.equal(yield* failure(client.read), "TransportError");
      assert.deepEqual(yield* client.state, { reading: "failed", writing: "failed" });
    }),
  );

  live(
    `a handshake over a stream whose read ${how} fails with a TransportError, which can be caught`,
    Effect.gen(function* () {
      const [a] = yield* makePair();
      const { client } = ends({ toy: true });
      const over = Client.over({ ...a, read: below }, { serverName: "localhost" });
      assert.equal(yield* failure(Effect.scoped(Effect.provide(over, client))), "TransportError");
    }),
  );
}

for (
  const [how, close] of Object.entries({
    throws: Effect.suspend(thrown),
    hangs: Effect.async<never>(() => {}),
    "hangs and can't be interrupted": Effect.uninterruptible(Effect.async<never>(() => {})),
  })
) {
  live(
    `close ends, and ends well, over a stream whose own close ${how}`,
    Effect.gen(function* () {
      const { client, server } = yield* over({ close });
      yield* Effect.fork(server.close);
      yield* client.close.pipe(Effect.timeout("5 seconds"));
      assert.equal((yield* client.state).writing, "closed");
    }),
  );
}

live(
  "close ends well over a connection of Deno's that the program has closed itself",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [client, conn] = yield* Effect.gen(function* () {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { hostname, port } = listener.addr;
      const [a, b] = yield* Effect.promise(() =>
        Promise.all([Deno.connect({ hostname, port }), listener.accept()])
      );
      listener.close();
      const [client] = yield* Effect.all([
        Effect.provide(Client.over(fromConn(a), { serverName: "localhost" }), built.client),
        Effect.provide(Server.over(fromConn(b)), built.server),
      ], { concurrency: 2 });
      return [client, a] as const;
    });
    conn.close();
    yield* client.close;
    yield* client.close;
  }),
);

live(
  "a first handshake that is given up after our Finished has no good end for a peer that is done with it",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [a, b] = yield* makePair();
    let reads = 0;
    // The server's last flight does not come.
    const deaf: ByteStream = {
      ...a,
      read: Effect.suspend(() => ++reads > 1 ? Effect.async(() => {}) : a.read),
    };
    const policy = { ...modern12, limits: { ...modern12.limits, handshakeTimeout: 50 } };
    const [client, server] = yield* Effect.all([
      Effect.either(Effect.provide(Client.over(deaf, { serverName: "localhost", policy }), built.client)),
      Effect.provide(Server.over(b), built.server),
    ], { concurrency: 2 });
    assert.equal(tagOf(client), "HandshakeTimeout");
    assert.equal(yield* failure(server.read), "PeerAlert");
  }),
);

live(
  "an accept that is interrupted below, or dies, is no end of the loop, and a finalizer that dies keeps no place",
  withoutLogs(Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const network = yield* Effect.provide(Transport, layerMemory);
    let accepts = 0;
    const odd = Layer.succeed(Transport, {
      ...network,
      listen: (address) =>
        Effect.map(network.listen(address), (listener) => ({
          ...listener,
          accept: Effect.suspend(() => {
            accepts++;
            if (accepts === 1) return Effect.interrupt;
            if (accepts === 2) return Effect.die(Object.create(null));
            return Effect.tap(listener.accept, () => Effect.addFinalizer(() => Effect.die("by the test")));
          }),
        })),
    });
    const served = yield* Deferred.make<void>();
    const echo = (connection: Connection) =>
      Effect.flatMap(connection.read, (data) => data ? connection.write(data) : Effect.void);
    const { address } = yield* Server.listen(
      { hostname: "h", port: 0, maxConnections: 1, maxHandshakes: 1 },
      echo,
    ).pipe(Effect.provide(odd), Effect.provide(built.server));
    for (let i = 0; i < 3; i++) {
      const stream = yield* network.open(address);
      const client = yield* Effect.provide(Client.over(stream, { serverName: "localhost" }), built.client);
      yield* client.write(ascii("again"));
      assert.equal(textOf((yield* client.read) as Bytes), "again");
      yield* client.close;
    }
    yield* Deferred.succeed(served, undefined);
  })),
);

const answers: Readonly<Record<string, unknown>> = {
  "undefined": undefined,
  "some(undefined)": Option.some(undefined),
  "a session without members": Option.some(Object.create(Session.prototype)),
  "a session with an ID of 40 bytes": Option.some({ id: new Uint8Array(40) }),
};
for (const [what, answer] of Object.entries(answers)) {
  live(
    `a store that gives ${what} is told of in the log, and done without`,
    withoutLogs(Effect.gen(function* () {
      const store: SessionStoreService = {
        enabled: true,
        get: () => Effect.succeed(answer as Option.Option<Session>),
        put: () => Effect.void,
        remove: () => Effect.void,
      };
      const built = yield* build({ toy: true });
      const [a, b] = yield* makePair();
      const [client, server] = yield* Effect.all([
        Client.over(a, { serverName: "localhost" }).pipe(
          Effect.provideService(SessionStore, store),
          Effect.provide(built.client),
        ),
        Effect.provide(Server.over(b), built.server),
      ], { concurrency: 2 });
      assert.equal(yield* pingPong(client, server), "ping pong");
    })),
  );
}

const wordless: Readonly<Record<string, Observe>> = {
  "throws what has no words": () => {
    throw Object.create(null);
  },
  "is an async function that fails": async () => {
    await Promise.resolve();
    throw new Error("by the test");
  },
};
for (const [how, observe] of Object.entries(wordless)) {
  live(
    `an observer that ${how} ends no handshake`,
    withoutLogs(Effect.gen(function* () {
      const { client, server } = yield* handshake({ toy: true, client: { observe }, server: { observe } });
      assert.equal(yield* pingPong(client, server), "ping pong");
      yield* Effect.sleep("1 millis");
    })),
  );
}

live(
  "the reason why nothing can be read stays the same, whatever becomes of the stream after it",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [a, b] = yield* makePair();
    let hangs = false;
    let wake = () => {};
    const stream: ByteStream = {
      ...a,
      write: (bytes) =>
        hangs
          ? Effect.async<never, TransportError>((resume) => {
            wake = () => resume(Effect.fail(new TransportError({ operation: "write", cause: "closed" })));
          })
          : a.write(bytes),
      close: Effect.zipRight(Effect.sync(() => wake()), a.close),
    };
    const policy = { ...modern12, renegotiation: "allow" as const };
    const [client] = yield* Effect.all([
      Effect.provide(Client.over(stream, { serverName: "localhost", policy }), built.client),
      Effect.provide(Server.over(b, { policy }), built.server),
    ], { concurrency: 2 });
    hangs = true;
    yield* untilWaiting(yield* Effect.fork(Effect.either(client.renegotiate)));
    const closing = yield* Effect.fork(client.close);
    yield* Effect.yieldNow();
    const first = yield* failure(client.read);
    yield* Fiber.join(closing);
    assert.equal(yield* failure(client.read), first);
  }),
);
