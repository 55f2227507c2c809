/**
 * Stores, verifiers, observers and key logs that hang, throw or are slow: they delay no longer than allowed, and harm
 * no other connection.
 *
 * @module
 */
import { assert, Chunk, Effect, Fiber, Layer, Option, Stream } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { makeObservers } from "../../src/connection/bounds/observers.ts";
import * as KeyLog from "../../src/layers/key_log.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { AlertDescription, AlertLevel } from "../../src/names/alert.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import type { Observe } from "../../src/ports/observer.ts";
import { SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import { failsWith, live, sync, tagOf, withoutLogs } from "../support/effect.ts";
import { build, ends, handshake, pingPong } from "../support/handshake.ts";
import { plainRecord } from "../support/replay.ts";

/** Not `Effect.never`, whose interval would keep the test waiting. */
const stuckForEver = Effect.uninterruptible(Effect.async<never>(() => {}));
const impatient = { ...modern12, limits: { ...modern12.limits, storeWait: 20 } };

for (
  const [how, remove] of Object.entries({
    hangs: Effect.never,
    "hangs and can't be interrupted": stuckForEver,
    dies: Effect.die(new Error("the database is gone")),
  })
) {
  live(
    `a session store whose remove ${how} holds up neither the alert nor the end of the stream`,
    withoutLogs(Effect.gen(function* () {
      const store: SessionStoreService = {
        enabled: true,
        get: () => Effect.succeed(Option.none()),
        put: () => Effect.void,
        remove: () => remove,
      };
      const { client } = ends({ toy: true });
      const [a, b] = yield* makePair();
      const log: Array<string> = [];
      const watched: ByteStream = {
        write: (bytes) => Effect.zipRight(Effect.sync(() => log.push(`record ${bytes[0]}`)), a.write(bytes)),
        read: a.read,
        close: Effect.zipRight(Effect.sync(() => log.includes("close") || log.push("close")), a.close),
      };
      const outcome = yield* Effect.fork(Effect.scoped(
        Client.over(watched, { serverName: "localhost", policy: impatient }).pipe(
          Effect.provide(Layer.merge(client, Layer.succeed(SessionStore, store))),
        ),
      ));
      yield* b.write(plainRecord(22, Uint8Array.of(99, 0, 0, 0)));
      yield* failsWith(Fiber.join(outcome), "UnexpectedMessage");
      assert.deepEqual(log, ["record 22", "record 21", "close"]);
    })),
  );
}

live(
  "a key log that dies is told of in the log, and the handshake goes on",
  withoutLogs(Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const [a, b] = yield* makePair();
    const dies = KeyLog.layerTo(() => Effect.die(new Error("the disk is full")));
    const [client, server] = yield* Effect.all([
      Effect.provide(Effect.provide(Client.over(a, { serverName: "localhost" }), built.client), dies),
      Effect.provide(Effect.provide(Server.over(b), built.server), dies),
    ], { concurrency: 2 });
    assert.equal(yield* pingPong(client, server), "ping pong");
  })),
);

live(
  "a verifier that fails with an error of its own, against its type, is a refusal: internal_error, and the stream is closed",
  Effect.gen(function* () {
    const mine = Object.assign(new Error("the oracle is silent"), { _tag: "MyError" }) as never;
    const verifier = Layer.succeed(CertificateVerifier, {
      partition: "mine",
      verify: () => Effect.fail(mine),
    });
    const built = yield* build();
    const [a, b] = yield* makePair();
    const server = yield* Effect.fork(
      Effect.provide(Effect.flip(Effect.scoped(Server.over(b))), built.server),
    );
    let closed = false;
    const watched = { ...a, close: Effect.zipRight(Effect.sync(() => void (closed = true)), a.close) };
    const error = yield* Client.over(watched, { serverName: "localhost" }).pipe(
      Effect.provide(verifier),
      Effect.provide(built.client),
      Effect.flip,
    );
    assert.equal(error, mine);
    assert.equal(closed, true);
    const heard = yield* Fiber.join(server);
    assert.equal(heard._tag === "PeerAlert" && heard.description, AlertDescription.internal_error);
  }),
);

const badStores: Readonly<Record<string, () => Effect.Effect<never>>> = {
  hangs: () => stuckForEver,
  dies: () => Effect.die(new Error("the database is gone")),
  throws: () => {
    throw new Error("no such table");
  },
};

for (const [how, does] of Object.entries(badStores)) {
  live(
    `a session store that ${how} whatever it is asked is done without, by either end`,
    withoutLogs(Effect.gen(function* () {
      const store: SessionStoreService = { enabled: true, get: does, put: does, remove: does };
      const built = yield* build({ toy: true });
      const bad = Effect.provideService(SessionStore, store);
      const [a, b] = yield* makePair();
      const [client, server] = yield* Effect.all([
        Effect.provide(bad(Client.over(a, { serverName: "localhost", policy: impatient })), built.client),
        Effect.provide(bad(Server.over(b, { policy: impatient })), built.server),
      ], { concurrency: 2 });
      assert.equal(yield* pingPong(client, server), "ping pong");
      assert.equal((yield* client.negotiated).resumed, false);
    })),
  );
}

live(
  "a verifier that hangs and can't be interrupted is a HandshakeTimeout all the same",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const stuck = Layer.succeed(CertificateVerifier, {
      partition: "stuck",
      verify: () => stuckForEver,
    } as never);
    const policy = { ...modern12, limits: { ...modern12.limits, handshakeTimeout: 30 } };
    const [a, b] = yield* makePair();
    const [client] = yield* Effect.all([
      Effect.either(
        Client.over(a, { serverName: "localhost", policy }).pipe(
          Effect.provide(stuck),
          Effect.provide(built.client),
        ),
      ),
      Effect.either(Effect.provide(Server.over(b), built.server)),
    ], { concurrency: 2 });
    assert.equal(tagOf(client), "HandshakeTimeout");
  }),
);

live(
  "a stream that gives empty reads for ever lets timers have their turn: a HandshakeTimeout",
  Effect.gen(function* () {
    const { client } = yield* build({ toy: true });
    const policy = { ...modern12, limits: { ...modern12.limits, handshakeTimeout: 30 } };
    const empty: ByteStream = {
      read: Effect.succeed(new Uint8Array(0)),
      write: () => Effect.void,
      close: Effect.void,
    };
    const outcome = yield* Effect.either(
      Effect.provide(Client.over(empty, { serverName: "localhost", policy }), client),
    );
    assert.equal(tagOf(outcome), "HandshakeTimeout");
  }),
);

for (const at of ["message", "alert", "changeCipherSpec"] as const) {
  live(
    `an observer that throws at each ${at} is told of once and harms nobody, and others still hear`,
    withoutLogs(Effect.gen(function* () {
      let thrown = 0;
      const observe: Observe = (event) => {
        if (event._tag !== at) return;
        thrown++;
        throw new Error("the log is full");
      };
      const { client, server } = yield* handshake({ toy: true, client: { observe }, server: { observe } });
      assert.equal(yield* pingPong(client, server), "ping pong");
      const heard = yield* Effect.fork(Stream.runCount(client.events));
      yield* Effect.yieldNow();
      yield* server.closeWrite;
      assert.equal(yield* client.read, undefined);
      yield* client.close;
      assert.equal(yield* Fiber.join(heard), 1);
      assert.ok(thrown > 1);
      assert.equal((yield* client.state).writing, "closed");
    })),
  );
}

sync(
  "an observer that throws is told of once, however often it does",
  Effect.sync(() => {
    const warnings: Array<unknown> = [];
    const observers = makeObservers(() => {
      throw "no more";
    }, (thrown) => warnings.push(thrown));
    const event = { _tag: "changeCipherSpec", direction: "sent", flight: 1 } as const;
    for (let i = 0; i < 3; i++) observers.tell(event);
    assert.deepEqual(warnings, ["no more"]);
  }),
);

sync(
  "a stream of events that is read too slowly keeps 1,024, and says how many it lost",
  Effect.gen(function* () {
    const observers = makeObservers(undefined, () => assert.fail("nobody throws"));
    const seen: Array<string | number> = [];
    const slow = yield* Effect.makeLatch();
    const reading = yield* Effect.fork(Stream.runForEach(observers.events, (event) => {
      if (event._tag === "alert") seen.push(event.level);
      if (event._tag === "lost") seen.push(`${event.count} lost`);
      return slow.await;
    }));
    yield* Effect.yieldNow();
    const tell = (level: number) =>
      observers.tell({
        _tag: "alert",
        direction: "sent",
        level: AlertLevel.of(level),
        description: AlertDescription.user_canceled,
      });
    tell(0);
    yield* Effect.yieldNow();
    for (let n = 1; n <= 1500; n++) tell(n);
    yield* slow.open;
    observers.end();
    yield* Fiber.join(reading);
    assert.deepEqual(seen, [...Array.from({ length: 1025 }, (_, n) => n), "476 lost"]);
    assert.equal(Chunk.size(yield* Stream.runCollect(observers.events)), 0, "nothing comes after the end");
  }),
);
