/** How a connection uses its stream: what is written together, and which fiber waits for which. @module */
import { modern12 } from "../support/policies.ts";
import { assert, Deferred, Effect, Fiber, FiberId } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import * as Server from "../../src/server.ts";
import { sync } from "../support/effect.ts";
import { build, type Setup } from "../support/handshake.ts";

sync(
  "each flight leaves in one write, so that Nagle's algorithm has nothing to hold back",
  Effect.gen(function* () {
    const setup: Setup = { clientKind: "rsa", tickets: true, server: { clientAuth: "require" } };
    const built = yield* build(setup);
    const [a, b] = yield* makePair();
    const writes = { client: 0, server: 0 };
    const counted = (side: keyof typeof writes, stream: ByteStream): ByteStream => ({
      ...stream,
      write: (bytes) => Effect.suspend(() => (writes[side]++, stream.write(bytes))),
    });
    yield* Effect.all([
      Effect.provide(
        Client.over(counted("client", a), { policy: modern12, serverName: "localhost" }),
        built.client,
      ),
      Effect.provide(Server.over(counted("server", b), { policy: modern12, ...setup.server }), built.server),
    ], { concurrency: 2 });
    assert.deepEqual(writes, { client: 2, server: 2 });
  }),
);

sync(
  "nothing is taken from the stream that nobody reads, and nothing is sealed that the stream does not take",
  Effect.gen(function* () {
    const built = yield* build();
    const [a, b] = yield* makePair();
    const passed = { read: 0, written: 0 };
    /** How much the stream takes until somebody reads. */
    const room = 2 ** 17;
    const waiting: Array<Deferred.Deferred<void>> = [];
    const narrow: ByteStream = {
      ...a,
      write: (bytes) =>
        Effect.suspend(() => {
          passed.written += bytes.length;
          const sent = a.write(bytes);
          if (passed.written - passed.read < room) return sent;
          const gate = Deferred.unsafeMake<void>(FiberId.none);
          waiting.push(gate);
          return Effect.zipRight(sent, Deferred.await(gate));
        }),
    };
    const counting: ByteStream = {
      ...b,
      read: Effect.tap(b.read, (bytes) =>
        Effect.sync(() => {
          passed.read += bytes?.length ?? 0;
          waiting.splice(0).forEach((gate) => Deferred.unsafeDone(gate, Effect.void));
        })),
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(narrow, { policy: modern12, serverName: "localhost" }), built.client),
      Effect.provide(Server.over(counting, { policy: modern12 }), built.server),
    ], { concurrency: 2 });
    const begun = { ...passed };
    const size = 8 * 2 ** 20;
    const writing = yield* Effect.fork(client.write(new Uint8Array(size)));
    yield* Effect.yieldNow();
    assert.equal(passed.read, begun.read);
    assert.ok(passed.written - begun.written <= 2 * room, `${passed.written} bytes`);
    let got = 0;
    while (got < size) {
      got += (yield* server.read)!.length;
      // What was taken and not read yet is no more than a few records.
      assert.ok(passed.read - begun.read - got < 2 * room, `${passed.read} bytes taken, ${got} read`);
    }
    yield* Fiber.join(writing);
  }),
);
