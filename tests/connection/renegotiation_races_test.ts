/**
 * Renegotiation while other things go on: much data both ways, both ends asking at once, an end in the middle.
 *
 * @module
 */
import { assert, Effect, Either, Fiber, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { ProtocolVersion } from "../../src/names/protocol.ts";
import * as Server from "../../src/server.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12 } from "../support/policies.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, tagOf, untilWaiting } from "../support/effect.ts";
import { build, handshake, pingPong, readText, type Setup } from "../support/handshake.ts";

const policy: Policy = {
  ...compatible12,
  cipherSuites: [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
  renegotiation: "allow",
};
const usual = (client: Policy = policy, server: Policy = policy): Setup => ({
  kind: "rsa",
  toy: true,
  client: { policy: client },
  server: { policy: server },
});
const limited = (limits: Partial<Policy["limits"]>): Policy => ({
  ...policy,
  limits: { ...policy.limits, ...limits },
});

/** Two ends over a stream that holds only so many bytes each way. */
const narrow = (capacity: number, of: Policy = policy) =>
  Effect.gen(function* () {
    const built = yield* build(usual());
    const [a, b] = yield* makePair({ capacity });
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost", policy: of }), built.client),
      Effect.provide(Server.over(b, { policy: of }), built.server),
    ], { concurrency: 2 });
    return { client, server, streams: [a, b] as const };
  });

/** Bytes that tell where they stand. */
const numbered = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

/** Reads so many bytes and holds each against where it should stand; slowly, if that is wanted. */
const checked = (connection: Connection, length: number, pause = Effect.void) =>
  Effect.gen(function* () {
    let at = 0;
    while (at < length) {
      const data = yield* connection.read;
      if (!data) assert.fail(`the end after ${at}`);
      for (const byte of data) assert.equal(byte, at++ % 251);
      yield* pause;
    }
    return at;
  });

for (const who of ["client", "server", "both ends"] as const) {
  for (const capacity of [4096, 60_000]) {
    live(
      `${who} renegotiate amid bulk data both ways over a stream of ${capacity} bytes: all arrives, nobody waits for ever`,
      Effect.gen(function* () {
        const { client, server } = yield* narrow(capacity);
        const length = 400_000;
        const asks = [
          ...(who === "server" ? [] : [client.renegotiate]),
          ...(who === "client" ? [] : [server.renegotiate]),
        ];
        const [there, back] = yield* Effect.all([
          checked(server, length),
          checked(client, length),
          client.write(numbered(length)),
          server.write(numbered(length)),
          ...asks,
        ], { concurrency: "unbounded" }).pipe(Effect.timeout("20 seconds"));
        assert.deepEqual([there, back], [length, length]);
      }),
    );
  }
}

live(
  "a server that asks a client which reads a long answer, slowly, gets its renegotiation and loses no byte",
  Effect.gen(function* () {
    const { client, server } = yield* narrow(200_000);
    const length = 2_000_000;
    const sending = yield* Effect.fork(server.write(numbered(length)));
    const reading = yield* Effect.fork(checked(client, length, Effect.sleep(1)));
    const listening = yield* Effect.fork(server.read);
    const how = yield* server.renegotiate;
    assert.equal(how.resumed, false);
    assert.equal(yield* Fiber.join(reading), length);
    yield* Fiber.join(sending);
    yield* client.write(ascii("."));
    yield* Fiber.join(listening);
  }),
);

effect(
  "a peer that reads nothing any more does not keep renegotiate waiting beyond its deadline",
  Effect.gen(function* () {
    for (const who of ["client", "server"] as const) {
      const of = limited({ handshakeTimeout: 500, renegotiationWait: 500 });
      const ends = yield* narrow(300, of);
      // The stream is full before it is asked.
      const stuck = yield* Effect.fork(Effect.either(ends[who].write(new Uint8Array(2000))));
      yield* Effect.yieldNow();
      const asked = yield* Effect.fork(Effect.either(ends[who].renegotiate));
      yield* TestClock.adjust("2 seconds");
      const how = yield* Fiber.join(asked);
      assert.equal(tagOf(how), who === "client" ? "HandshakeTimeout" : "RenegotiationRefused");
      for (const stream of ends.streams) yield* stream.close;
      yield* Fiber.join(stuck);
    }
  }),
);

live(
  "a HelloRequest that comes in the breath in which the client asks itself is answered by that one ClientHello",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(usual());
    yield* server.write(ascii("x"));
    const asked = yield* Effect.fork(Effect.either(server.renegotiate));
    yield* untilWaiting(asked);
    assert.equal(yield* readText(client, 1), "x");
    const reading = yield* Effect.fork(client.read);
    const mine = yield* client.renegotiate.pipe(Effect.timeout("5 seconds"));
    const theirs = yield* Fiber.join(asked);
    assert.deepEqual(Either.isRight(theirs) && theirs.right.clientRandom, mine.clientRandom);
    yield* server.write(ascii("."));
    yield* Fiber.join(reading);
  }),
);

live(
  "a ClientHello that comes in the breath in which the server asks is its answer, and the next handshake holds",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(usual());
    const asked = yield* Effect.fork(client.renegotiate);
    yield* untilWaiting(asked);
    const listening = yield* Effect.fork(server.read);
    const theirs = yield* server.renegotiate.pipe(Effect.timeout("5 seconds"));
    yield* Fiber.join(asked);
    const again = yield* client.renegotiate.pipe(Effect.timeout("5 seconds"));
    assert.notDeepEqual(again.clientRandom, theirs.clientRandom);
    yield* client.write(ascii("."));
    yield* Fiber.join(listening);
  }),
);

effect(
  "a client that answers a HelloRequest when the server does not want it any more is refused, and goes on",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(usual(policy, { ...policy, renegotiation: "refuse" }));
    const asked = yield* Effect.fork(server.renegotiate);
    yield* TestClock.adjust("11 seconds");
    yield* failsWith(Fiber.join(asked), "RenegotiationRefused");
    const [reading, listening] = [
      yield* Effect.fork(readText(client, 4)),
      yield* Effect.fork(readText(server, 4)),
    ];
    yield* server.write(ascii("more"));
    assert.equal(yield* Fiber.join(reading), "more");
    const rest = yield* Effect.fork(client.read);
    yield* client.write(ascii("here"));
    assert.equal(yield* Fiber.join(listening), "here");
    yield* server.write(ascii("."));
    yield* Fiber.join(rest);
  }),
);

live(
  "after its close_notify a server answers no ClientHello, and what the client still sends arrives",
  Effect.gen(function* () {
    const sent: Array<string> = [];
    const { client, server } = yield* handshake({
      ...usual(),
      server: {
        policy,
        observe: (e) => void (e._tag === "message" && sent.push(`${e.direction} ${e.message._tag}`)),
      },
    });
    const asked = yield* Effect.fork(server.renegotiate);
    yield* untilWaiting(asked);
    const crossing = yield* Effect.fork(client.renegotiate);
    yield* server.closeWrite;
    sent.length = 0;
    const listening = yield* Effect.fork(readText(server, 5));
    yield* failsWith(Fiber.join(crossing), "Closed");
    yield* client.write(ascii("words"));
    assert.equal(yield* Fiber.join(listening), "words");
    yield* failsWith(Fiber.join(asked), "Closed");
    assert.ok(!sent.includes("sent ServerHello"), `${sent}`);
  }),
);

sync(
  "one who is refused again and again may ask again: a refusal that was asked for is no flood of warnings",
  Effect.gen(function* () {
    const patient = { ...limited({ helloRequests: 100 }), renegotiation: "refuse" as const };
    for (const who of ["client", "server"] as const) {
      const ends = yield* handshake(who === "client" ? usual(policy, patient) : usual(patient));
      const [asker, other] = who === "client" ? [ends.client, ends.server] : [ends.server, ends.client];
      const listening = yield* Effect.fork(other.read);
      for (let i = 0; i < 12; i++) {
        yield* failsWith(asker.renegotiate, "RenegotiationRefused");
      }
      yield* asker.write(ascii("."));
      yield* Fiber.join(listening);
    }
  }),
);

sync(
  "a renegotiation that can't begin, for a mistake of whoever asks, costs nothing",
  Effect.gen(function* () {
    const old = { ...compatible12, versions: [ProtocolVersion.TLS_1_0] };
    const { client, server } = yield* handshake(usual(old, old));
    // Suites that the connection's version does not have.
    const how = yield* Effect.either(client.renegotiateWith({ policy }));
    assert.equal(
      Either.isLeft(how) && how.left._tag === "Refused" && how.left.reason,
      "no_common_cipher_suite",
    );
    assert.equal(yield* pingPong(client, server), "ping pong");
    const listening = yield* Effect.fork(server.read);
    yield* client.renegotiate;
    yield* client.write(ascii("."));
    yield* Fiber.join(listening);
  }),
);

live(
  "a close that is interrupted in the middle of a renegotiation closes its stream all the same",
  Effect.gen(function* () {
    const { client, streams } = yield* narrow(300);
    yield* client.write(new Uint8Array(4000)); // fills the stream, whose far end nobody reads
    const stuck = yield* Effect.fork(Effect.either(client.write(new Uint8Array(4000))));
    const asked = yield* Effect.fork(Effect.either(client.renegotiate));
    yield* untilWaiting(stuck, asked);
    const closing = yield* Effect.fork(client.close);
    yield* untilWaiting(closing);
    assert.equal(closing.unsafePoll(), null);
    yield* Fiber.interrupt(closing);
    assert.notEqual(tagOf(yield* Fiber.join(stuck).pipe(Effect.timeout("2 seconds"))), "no error");
    yield* failsWith(streams[0].write(ascii("x")), "TransportError");
  }),
);
