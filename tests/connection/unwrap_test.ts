/**
 * `unwrap`: both ends say close_notify, and the stream goes on in the clear, with no byte lost (RFC 5246 §7.2.1, RFC 8446
 * §6.1, RFC 4217 §12.3).
 *
 * @module
 */
import { assert, Effect, Exit, Fiber, Scope } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import * as Server from "../../src/server.ts";
import { concat } from "../../src/wire/bytes.ts";
import { failsWith, live, sync, untilWaiting } from "../support/effect.ts";
import { build, handshake, readText } from "../support/handshake.ts";
import { bothUnder, modern12, policyFor } from "../support/policies.ts";
import { bytesOf, textOf } from "../support/text.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 } = ProtocolVersion;

for (const version of [SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3]) {
  sync(
    `${
      versionText(version)
    }: after both close_notify, what each end writes in the clear is what the other reads`,
    Effect.gen(function* () {
      const { client, server } = yield* handshake(bothUnder(policyFor(version), { toy: true }));
      yield* client.write(bytesOf("sealed"));
      const [ours, theirs] = yield* Effect.all([client.unwrap, server.unwrap], { concurrency: 2 });
      // What came before the close_notify is still there, and then the end.
      assert.equal(yield* readText(server, 7), "sealed");
      assert.equal(yield* client.read, undefined);
      yield* ours.write(bytesOf("in the clear"));
      assert.equal(textOf(yield* theirs.read), "in the clear");
      yield* theirs.write(bytesOf("so am I"));
      assert.equal(textOf(yield* ours.read), "so am I");
      assert.deepEqual(yield* client.state, { reading: "ended", writing: "closed" });
      yield* failsWith(client.write(bytesOf("x")), "Closed");
      yield* failsWith(client.unwrap, "Closed");
    }),
  );
}

/** Two connections, each in a scope of its own, over streams that a test can listen to. */
const ends = Effect.gen(function* () {
  const [a, b] = yield* makePair();
  const built = yield* build({ toy: true });
  const closed: Array<string> = [];
  const telling = (name: string, stream: ByteStream): ByteStream => ({
    ...stream,
    close: Effect.zipRight(Effect.sync(() => void closed.push(name)), stream.close),
  });
  const scope = yield* Scope.make();
  const [client, server] = yield* Effect.all([
    Effect.provide(Client.over(telling("client", a), { serverName: "localhost" }), built.client),
    Effect.provide(Server.over(telling("server", b)), built.server),
  ], { concurrency: 2 }).pipe(Scope.extend(scope));
  return { client, server, scope, closed, raw: { client: a, server: b } };
});

sync(
  "bytes that come in one piece with the close_notify are the first of the stream",
  Effect.gen(function* () {
    const [a, b] = yield* makePair();
    const built = yield* build({ toy: true });
    let pieces = 1;
    /** Reads as many pieces at once as the test says. */
    const joining: ByteStream = {
      ...a,
      read: Effect.suspend(() =>
        Effect.map(
          Effect.replicateEffect(a.read, pieces),
          (all) => concat(...all.filter((one) => one !== undefined)),
        )
      ),
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(joining, { serverName: "localhost", policy: modern12 }), built.client),
      Effect.provide(Server.over(b, { policy: modern12 }), built.server),
    ], { concurrency: 2 });
    pieces = 2;
    const unwrapping = yield* Effect.fork(client.unwrap);
    const theirs = yield* server.unwrap;
    yield* theirs.write(bytesOf("at once"));
    const ours = yield* Fiber.join(unwrapping);
    pieces = 1;
    assert.equal(textOf(yield* ours.read), "at once");
    yield* theirs.write(bytesOf("and later"));
    assert.equal(textOf(yield* ours.read), "and later");
  }),
);

sync(
  "a stream that was given back is closed by nobody but its owner",
  Effect.gen(function* () {
    const { client, server, scope, closed } = yield* ends;
    const [ours, theirs] = yield* Effect.all([client.unwrap, server.unwrap], { concurrency: 2 });
    yield* client.close;
    yield* server.abort;
    yield* Scope.close(scope, Exit.fail("by the test"));
    assert.deepEqual(closed, []);
    yield* ours.write(bytesOf("still open"));
    assert.equal(textOf(yield* theirs.read), "still open");
    yield* ours.close;
    assert.deepEqual(closed, ["client"]);
    assert.equal(yield* theirs.read, undefined);
  }),
);

live(
  "an interrupted unwrap can be called again, and loses nothing that came meanwhile",
  Effect.gen(function* () {
    const { client, server } = yield* ends;
    const first = yield* Effect.fork(client.unwrap);
    yield* untilWaiting(first);
    yield* server.write(bytesOf("before the end"));
    yield* Fiber.interrupt(first);
    const [ours, theirs] = yield* Effect.all([client.unwrap, server.unwrap], { concurrency: 2 });
    assert.equal(yield* readText(client, 15), "before the end");
    yield* theirs.write(bytesOf("clear"));
    assert.equal(textOf(yield* ours.read), "clear");
  }),
);

sync(
  "a stream that ends before the peer's close_notify is Truncated, and the connection is over",
  Effect.gen(function* () {
    const { client, raw, closed } = yield* ends;
    const unwrapping = yield* Effect.fork(client.unwrap);
    yield* untilWaiting(unwrapping);
    yield* raw.server.close;
    yield* failsWith(Fiber.join(unwrapping), "Truncated");
    yield* failsWith(client.unwrap, "Closed");
    assert.deepEqual(closed, ["client"]);
  }),
);

sync(
  "an unwrap after close or abort fails, and gives no stream",
  Effect.gen(function* () {
    for (const end of ["close", "abort"] as const) {
      const { client, server } = yield* ends;
      yield* Effect.all([client[end], Effect.ignore(server.closeWrite)], { concurrency: 2 });
      yield* failsWith(client.unwrap, "Closed");
    }
  }),
);
