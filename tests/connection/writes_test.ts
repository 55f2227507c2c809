/**
 * What a write promises: all of it is handed to the stream, or it fails; and what a failed write leaves as it was.
 *
 * @module
 */
import { assert, Effect, Either, Exit, Fiber, Scope, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import type { ByteStream } from "../../src/ports/byte_stream.ts";
import * as Server from "../../src/server.ts";
import { compatible12, modern12 } from "../support/policies.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, tagOf, untilWaiting } from "../support/effect.ts";
import { build, handshake } from "../support/handshake.ts";
import { textOf } from "../support/text.ts";

/** Two ends; what the client's, and the server's, stream does with a write can be changed. */
const over = (policy: Client.OverOptions["policy"] = modern12) =>
  Effect.gen(function* () {
    const built = yield* build({ kind: "rsa", toy: true });
    const [a, b] = yield* makePair();
    const writes: Record<"client" | "server", (bytes: Bytes) => Effect.Effect<void, TransportError>> = {
      client: a.write,
      server: b.write,
    };
    const through = (stream: ByteStream, who: "client" | "server"): ByteStream => ({
      ...stream,
      write: (bytes) => Effect.suspend(() => writes[who](bytes)),
    });
    const [client, server] = yield* Effect.all([
      Effect.provide(
        Client.over(through(a, "client"), { serverName: "localhost", policy }),
        built.client,
      ),
      Effect.provide(Server.over(through(b, "server"), { policy }), built.server),
    ], { concurrency: 2 });
    return { client, server, writes, streams: [a, b] as const };
  });

const gone = Effect.fail(new TransportError({ operation: "write", cause: "EPIPE" }));

sync(
  "a write that fails takes nothing from what can be read: the answer, and then the end",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over();
    yield* server.write(ascii("413 too large"));
    writes.client = () => gone;
    yield* failsWith(client.write(ascii("much")), "TransportError");
    assert.equal(textOf(yield* client.read), "413 too large");
    yield* server.closeWrite;
    assert.equal(yield* client.read, undefined);
    yield* failsWith(client.write(ascii("more")), "TransportError");
  }),
);

sync(
  "a fatal alert that is read after a write has failed is the reason for both halves",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over();
    writes.client = () => gone;
    yield* failsWith(client.write(ascii("much")), "TransportError");
    yield* server.abort;
    for (const what of [client.read, client.write(ascii("more")), client.closeWrite]) {
      assert.equal(tagOf(yield* Effect.either<unknown, { readonly _tag: string }, never>(what)), "PeerAlert");
    }
  }),
);

sync(
  "a handshake whose last flight the stream does not take tells the peer's alert, if there is one to read",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    for (const reason of ["PeerAlert", "TransportError"]) {
      const [a, b] = yield* makePair();
      const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 40);
      let writes = 0;
      const refusing: ByteStream = {
        ...a,
        write: (bytes) =>
          Effect.suspend(() => {
            if (++writes === 1) return a.write(bytes);
            const said = reason === "PeerAlert" ? b.write(alert) : b.close;
            return Effect.zipRight(Effect.ignore(said), gone);
          }),
      };
      const [client] = yield* Effect.all([
        Effect.either(
          Effect.provide(Client.over(refusing, { policy: modern12, serverName: "localhost" }), built.client),
        ),
        Effect.fork(Effect.provide(Server.over(b, { policy: modern12 }), built.server)),
      ], { concurrency: 2 });
      assert.equal(tagOf(client), reason);
    }
  }),
);

live(
  "what is pushed beside a reader and not taken ends the writing half alone: the reader goes on",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over();
    writes.server = () => gone;
    // The server declines by a warning, which nobody takes.
    yield* Effect.fork(Effect.either(client.renegotiate));
    const reading = yield* Effect.fork(server.read);
    while ((yield* server.state).writing !== "broken") yield* Effect.yieldNow();
    assert.equal((yield* server.state).reading, "open");
    yield* client.abort;
    yield* failsWith(Fiber.join(reading), "PeerAlert");
  }),
);

live(
  "what comes while close says goodbye is given to no reader, who could not know what is missing before it",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over();
    const take = writes.server;
    writes.server = (bytes) => Effect.zipRight(Effect.sleep("30 millis"), take(bytes));
    const reading = yield* Effect.fork(server.read);
    yield* untilWaiting(reading);
    const closing = yield* Effect.fork(server.close);
    yield* Effect.yieldNow();
    yield* client.write(ascii("behind a gap"));
    yield* failsWith(Fiber.join(reading), "Closed");
    yield* Fiber.join(closing);
    yield* failsWith(server.read, "Closed");
  }),
);

live(
  "a write ends when its data is handed on, also where another write takes it along; close loses nothing",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over(compatible12);
    const slow = writes.server;
    const log: Array<string> = [];
    writes.server = (bytes) =>
      Effect.sleep("30 millis").pipe(
        Effect.zipRight(slow(bytes)),
        Effect.zipLeft(Effect.sync(() => log.push("taken"))),
      );
    // A HelloRequest is on its way out, and takes what is written meanwhile along.
    yield* Effect.fork(Effect.either(server.renegotiate));
    yield* Effect.yieldNow();
    yield* server.write(ascii("x".repeat(20_000)));
    assert.ok(log.length >= 2, `${log.length} writes were taken when the data's write ended`);
    yield* Effect.fork(server.close);
    let got = 0;
    for (let data = yield* client.read; data; data = yield* client.read) got += data.length;
    assert.equal(got, 20_000);
  }),
);

effect(
  "a stream that is slow but moves gets all the time it needs for what is left, and one that stands still a bound",
  Effect.gen(function* () {
    const { client, server, writes } = yield* over({
      ...modern12,
      limits: { ...modern12.limits, writeWait: 60 },
    });
    const [take, never] = [writes.server, Effect.never];
    let at = 0;
    // By the runtime's own clock, as the bound is.
    writes.server = (bytes) =>
      Effect.zipRight(Effect.promise(() => new Promise((r) => setTimeout(r, 40))), take(bytes));
    const bulk = yield* Effect.fork(server.write(ascii("x".repeat(200_000))));
    yield* Effect.yieldNow();
    const closing = yield* Effect.fork(Effect.zipRight(Fiber.join(bulk), server.close));
    for (let data = yield* client.read; data; data = yield* client.read) at += data.length;
    assert.equal(at, 200_000);
    yield* client.close;
    yield* Fiber.join(closing);
    const other = yield* over({ ...modern12, limits: { ...modern12.limits, writeWait: 400 } });
    other.writes.server = () => never;
    yield* other.server.close;
    assert.deepEqual(yield* other.server.state, { reading: "closed", writing: "broken" });
  }),
);

sync(
  "what is no Uint8Array is refused before anything is sent, and the connection goes on",
  Effect.gen(function* () {
    const { client, server } = yield* handshake({ toy: true });
    for (const data of [new Float64Array(4), new DataView(new ArrayBuffer(4)), "text", [1, 2], null]) {
      const outcome = yield* Effect.either(client.write(data as unknown as Bytes));
      assert.equal(tagOf(outcome), "InvalidOption");
      assert.match(
        Either.isLeft(outcome) ? outcome.left.message : "",
        /^data: expected a Uint8Array, got .+/,
      );
    }
    yield* client.write(ascii("still here"));
    assert.equal(textOf(yield* server.read), "still here");
  }),
);

for (
  const [how, exit] of Object.entries({ "a failure": Exit.fail("no more"), "a defect": Exit.die("a bug") })
) {
  sync(
    `a scope that closes with ${how} says no close_notify: what broke off has no good end`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const [a, b] = yield* makePair();
      const scope = yield* Scope.make();
      const [client, server] = yield* Effect.all([
        Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost" }), built.client),
        Scope.extend(Effect.provide(Server.over(b, { policy: modern12 }), built.server), scope),
      ], { concurrency: 2 });
      yield* server.write(ascii("half an answer"));
      yield* Scope.close(scope, exit);
      assert.equal(textOf(yield* client.read), "half an answer");
      const end = yield* Effect.flip(client.read);
      assert.equal(end.message, "the peer sent the fatal alert internal_error");
    }),
  );
}

live(
  "a pipe whose source fails gives the peer no good end, and one that is closed does",
  Effect.gen(function* () {
    for (const fails of [true, false]) {
      const { client, server } = yield* handshake({ toy: true });
      let line = 0;
      const source = new ReadableStream<Uint8Array>({
        pull: (to) => {
          if (line++ < 3) to.enqueue(ascii("a line\n"));
          else if (fails) to.error(new Error("the disk failed"));
          else to.close();
        },
      });
      const piped = source.pipeTo(server.writable).then(() => "whole", () => "broken off");
      let got = "";
      const end = yield* Effect.either(Effect.gen(function* () {
        for (let data = yield* client.read; data; data = yield* client.read) got += textOf(data);
      }));
      assert.equal(tagOf(end), fails ? "PeerAlert" : "no error");
      assert.equal(got, "a line\n".repeat(3));
      assert.equal(yield* Effect.promise(() => piped), fails ? "broken off" : "whole");
    }
  }),
);

effect(
  "a handshake whose first flight is not taken by a stream that is silent does not wait for its timeout",
  Effect.gen(function* () {
    const { client } = yield* build({ toy: true });
    const [a] = yield* makePair();
    const deaf: ByteStream = { ...a, write: () => gone };
    const connecting = yield* Effect.fork(
      Effect.either(
        Effect.scoped(Effect.provide(Client.over(deaf, { policy: modern12, serverName: undefined }), client)),
      ),
    );
    assert.equal(tagOf(yield* Fiber.join(connecting)), "TransportError");
    yield* TestClock.adjust("1 second");
  }),
);
