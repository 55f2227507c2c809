/**
 * A connection once it is made: data both ways, how either end ends it, alerts, and its timeouts (RFC 5246 §7.2).
 *
 * @module
 */
import {
  assert,
  Cause,
  Chunk,
  Effect,
  Either,
  Exit,
  Fiber,
  Option,
  Scope,
  Stream,
  TestClock,
} from "../deps.ts";
import * as Client from "../../src/client.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import * as KeyLog from "../../src/layers/key_log.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { ContentType } from "../../src/names/protocol.ts";
import type { Observe } from "../../src/ports/observer.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import { suites } from "../../src/tables/suites.ts";
import { tls12 } from "../../src/tables/versions/tls12.ts";
import { ascii, concat } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, tagOf, untilWaiting } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  ends,
  handshake,
  pingPong,
  recordsOf,
  type Setup,
  taped,
  tellingOfReads,
} from "../support/handshake.ts";
import { handshakeMessage, plainRecord, replay } from "../support/replay.ts";
import { textOf } from "../support/text.ts";
import { Buffer } from "node:buffer";

/** Reads to the end. */
const drain = (connection: Connection) =>
  Effect.gen(function* () {
    const parts: Array<Uint8Array> = [];
    for (;;) {
      const data = yield* connection.read;
      if (!data) return concat(...parts);
      parts.push(data);
    }
  });

// ---- data ----

sync(
  "data of any length arrives as it was sent, in records of at most 2^14 bytes",
  Effect.gen(function* () {
    const { client, server, tape } = yield* handshake();
    for (const length of [0, 1, 2 ** 14 - 1, 2 ** 14, 2 ** 14 + 1, 300_000]) {
      const data = Uint8Array.from({ length }, (_, i) => i * 7 >> 4);
      yield* client.write(data);
      yield* client.write(ascii("."));
      const got: Array<Uint8Array> = [];
      while (textOf(got.at(-1)?.subarray(-1)) !== "." || concat(...got).length < length + 1) {
        got.push((yield* server.read)!);
      }
      assert.deepEqual(concat(...got).subarray(0, length), data);
    }
    const lengths = tape.flows.flatMap((f) => recordsOf(f.bytes)).map((r) => r.length);
    assert.ok(Math.max(...lengths) <= 5 + 8 + 2 ** 14 + 16);
  }),
);

live(
  "concurrent writers are not mixed, and concurrent readers share",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const words = Array.from({ length: 50 }, (_, i) => `${String.fromCharCode(97 + i % 26)}`.repeat(40_000));
    const writing = yield* Effect.fork(
      Effect.forEach(words, (w) => client.write(ascii(w)), { concurrency: "unbounded" }),
    );
    const want = words.reduce((n, w) => n + w.length, 0);
    const parts: Array<string> = [];
    let got = 0;
    while (got < want) {
      const piece = textOf(yield* server.read)!;
      parts.push(piece);
      got += piece.length;
    }
    yield* Fiber.join(writing);
    assert.equal(parts.join("").match(/(.)\1*/g)!.every((run) => run.length % 40_000 === 0), true);
    const [one, two] = [yield* Effect.fork(server.read), yield* Effect.fork(server.read)];
    yield* untilWaiting(one, two);
    yield* client.write(ascii("x"));
    yield* client.write(ascii("y"));
    assert.deepEqual([textOf(yield* Fiber.join(one)), textOf(yield* Fiber.join(two))].sort(), ["x", "y"]);
  }),
);

live(
  "an interrupted read loses no byte",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    for (let i = 0; i < 5; i++) {
      const reading = yield* Effect.fork(server.read);
      yield* untilWaiting(reading);
      yield* Fiber.interrupt(reading);
    }
    yield* client.write(ascii("late"));
    assert.equal(textOf(yield* server.read), "late");
  }),
);

live(
  "an interrupted write closes the stream, and what follows says so",
  Effect.gen(function* () {
    const [a, b] = yield* makePair({ capacity: 100_000 });
    const { client, server } = ends();
    const [c] = yield* Effect.all([
      Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost" }), client),
      Effect.provide(Server.over(b, { policy: modern12 }), server),
    ], { concurrency: 2 });
    const write = yield* Effect.fork(c.write(new Uint8Array(1_000_000)));
    yield* untilWaiting(write);
    yield* Fiber.interrupt(write);
    yield* failsWith(c.write(ascii("x")), "Closed");
    yield* failsWith(b.write(ascii("x")), "TransportError");
  }),
);

// ---- the end ----

live(
  "close says close_notify, waits for the peer's, and may be called again",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const peer = yield* Effect.fork(Effect.zipLeft(drain(server), server.close));
    yield* client.write(ascii("last words"));
    yield* client.close;
    yield* client.close;
    assert.equal(textOf(yield* Fiber.join(peer)), "last words");
    yield* failsWith(client.write(ascii("x")), "Closed");
    yield* failsWith(client.read, "Closed");
  }),
);

effect(
  "close waits no longer than policy says for a peer that says nothing",
  Effect.gen(function* () {
    const policy = { ...modern12, limits: { ...modern12.limits, closeWait: 30 } };
    const { client } = yield* handshake({ toy: true, client: { policy } });
    const closing = yield* Effect.fork(client.close);
    yield* TestClock.adjust("29 millis");
    assert.equal(closing.unsafePoll(), null);
    yield* TestClock.adjust("1 millis");
    yield* Fiber.join(closing);
  }),
);

sync(
  "closeWrite is a half-close: the peer reads to the end and can still answer",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    yield* client.write(ascii("question"));
    yield* client.closeWrite;
    assert.equal(textOf(yield* drain(server)), "question");
    yield* server.write(ascii("answer"));
    yield* server.closeWrite;
    assert.equal(textOf(yield* drain(client)), "answer");
    yield* failsWith(client.write(ascii("more")), "Closed");
    assert.equal(yield* client.read, undefined);
  }),
);

sync(
  "an end without close_notify is Truncated, after the data before it, and stays so",
  Effect.gen(function* () {
    const built = yield* build();
    const { client: a, server: b } = yield* taped();
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost" }), built.client),
      Effect.provide(Server.over(b, { policy: modern12 }), built.server),
    ], { concurrency: 2 });
    yield* server.write(ascii("half a"));
    yield* b.close;
    assert.equal(textOf(yield* client.read), "half a");
    for (let i = 0; i < 2; i++) {
      assert.equal(
        (yield* Effect.flip(client.read)).message,
        "the stream ended without close_notify: data may be missing",
      );
    }
  }),
);

sync(
  "closing the scope says close_notify, breaks a blocked reader, and waits for nobody",
  Effect.gen(function* () {
    const built = yield* build();
    const [a, b] = yield* makePair();
    const scope = yield* Scope.make();
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost" }), built.client).pipe(
        Scope.extend(scope),
      ),
      Effect.provide(Server.over(b, { policy: modern12 }), built.server),
    ], { concurrency: 2 });
    const reader = yield* Effect.fork(Effect.exit(client.read));
    yield* untilWaiting(reader);
    yield* Scope.close(scope, Exit.void);
    assert.equal(yield* server.read, undefined);
    const end = yield* Fiber.join(reader);
    assert.ok(Exit.isFailure(end) && Option.getOrThrow(Cause.failureOption(end.cause))._tag === "Closed");
  }),
);

effect(
  "a peer that never reads does not keep a scope from closing",
  Effect.gen(function* () {
    const [a, b] = yield* makePair({ capacity: 50_000 });
    const { client, server } = ends({ toy: true });
    const scope = yield* Scope.make();
    const policy = { ...modern12, limits: { ...modern12.limits, writeWait: 50 } };
    const [c] = yield* Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost", policy }), client).pipe(
        Scope.extend(scope),
      ),
      Effect.provide(Server.over(b, { policy: modern12 }), server),
    ], { concurrency: 2 });
    const writer = yield* Effect.fork(Effect.exit(c.write(new Uint8Array(1_000_000))));
    yield* untilWaiting(writer);
    const closing = yield* Effect.fork(Scope.close(scope, Exit.void));
    yield* TestClock.adjust("50 millis");
    yield* Fiber.join(closing);
    assert.ok(Exit.isFailure(yield* Fiber.join(writer)));
  }),
);

// ---- after the handshake ----

/** An established connection whose one end also says what a test wants, under the right keys. */
const forging = (role: "client" | "server") =>
  Effect.gen(function* () {
    const built = yield* build();
    const [a, b] = yield* makePair();
    let master: Uint8Array | undefined;
    const log = KeyLog.layerTo((line) =>
      Effect.sync(() => void (master = Uint8Array.from(Buffer.from(line.split(" ")[2]!, "hex"))))
    );
    const heard: Array<string> = [];
    const observe: Observe = (e) => {
      if (e._tag === "alert") heard.push(`${e.direction} ${AlertDescription.nameOf(e.description)}`);
    };
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost", observe }), built.client),
      Effect.provide(Server.over(b, { policy: modern12 }), built.server).pipe(Effect.provide(log)),
    ], { concurrency: 2 });
    const { clientRandom, serverRandom, cipherSuite } = yield* client.negotiated;
    const keys = tls12.derive(
      suites.get(cipherSuite)!,
      { client: clientRandom, server: serverRandom },
      makeDeterministic("forging"),
    ).keys(master!, false)[role];
    keys.seal(ContentType.handshake, new Uint8Array(16)); // the Finished that went before
    const raw = role === "client" ? a : b;
    const forge = (type: ContentType, body: Uint8Array) =>
      raw.write(plainRecord(type, concat(...keys.seal(type, body))));
    return { client, server, forge, heard };
  });

live(
  "a client that is asked to renegotiate says no_renegotiation, and the connection goes on",
  Effect.gen(function* () {
    const { client, server, forge, heard } = yield* forging("server");
    const reader = yield* Effect.fork(client.read);
    yield* forge(ContentType.handshake, handshakeMessage(0, new Uint8Array(0)));
    yield* forge(ContentType.application_data, ascii("still here"));
    assert.equal(textOf(yield* Fiber.join(reader)), "still here");
    assert.deepEqual(heard, ["sent no_renegotiation"]);
    yield* client.write(ascii("me too"));
    assert.equal(textOf(yield* server.read), "me too");
  }),
);

live(
  "a client that is asked again and again gives up",
  Effect.gen(function* () {
    const { client, forge } = yield* forging("server");
    for (let i = 0; i < 5; i++) yield* forge(ContentType.handshake, handshakeMessage(0, new Uint8Array(0)));
    yield* failsWith(client.read, "LimitExceeded");
  }),
);

live(
  "a server that gets a second ClientHello says no_renegotiation, and the connection goes on",
  Effect.gen(function* () {
    const { client, server, forge, heard } = yield* forging("client");
    yield* forge(ContentType.handshake, handshakeMessage(1, new Uint8Array(40)));
    yield* forge(ContentType.application_data, ascii("still here"));
    assert.equal(textOf(yield* server.read), "still here");
    yield* server.write(ascii("me too"));
    assert.equal(textOf(yield* client.read), "me too");
    assert.deepEqual(heard, ["received no_renegotiation"]);
  }),
);

for (const type of [2, 4, 11, 14, 16, 20, 24]) {
  live(
    `handshake message ${type} after the handshake is unexpected_message`,
    Effect.gen(function* () {
      const { client, server, forge } = yield* forging("server");
      yield* forge(ContentType.handshake, handshakeMessage(type, new Uint8Array(4)));
      yield* failsWith(client.read, "UnexpectedMessage");
      const told = yield* Effect.either(server.read);
      assert.equal(
        Either.isLeft(told) && told.left.message,
        "the peer sent the fatal alert unexpected_message",
      );
    }),
  );
}

live(
  "a record under wrong keys is bad_record_mac, told to the peer, and every later call says so",
  Effect.gen(function* () {
    const { client, server, forge } = yield* forging("server");
    yield* server.write(ascii("one"));
    yield* forge(ContentType.application_data, ascii("the same sequence number again"));
    assert.equal(textOf(yield* client.read), "one");
    for (let i = 0; i < 2; i++) yield* failsWith(client.read, "BadRecordMac");
    yield* failsWith(client.write(ascii("x")), "BadRecordMac");
    const told = yield* Effect.either(server.read);
    assert.equal(Either.isLeft(told) && told.left.message, "the peer sent the fatal alert bad_record_mac");
  }),
);

// ---- time ----

effect(
  "a peer that says nothing is a HandshakeTimeout, which is told as user_canceled and close_notify",
  Effect.gen(function* () {
    const [a, b] = yield* makePair();
    const connecting = yield* Effect.fork(
      Effect.either(
        Effect.scoped(
          Effect.provide(Client.over(a, { policy: modern12, serverName: undefined }), ends().client),
        ),
      ),
    );
    yield* TestClock.adjust("29 seconds");
    assert.equal(connecting.unsafePoll(), null);
    const hello = yield* b.read;
    assert.equal(hello?.[0], 22);
    yield* TestClock.adjust("2 seconds");
    assert.equal(tagOf(yield* Fiber.join(connecting)), "HandshakeTimeout");
    assert.deepEqual([...(yield* b.read)!], [21, 3, 1, 0, 2, 1, 90, 21, 3, 1, 0, 2, 1, 0]);
    assert.equal(yield* b.read, undefined);
  }),
);

live(
  "an interrupted handshake closes its stream at once and says user_canceled",
  Effect.gen(function* () {
    for (const role of ["client", "server"] as const) {
      const [a, b] = yield* makePair();
      const { stream, isRead } = yield* tellingOfReads(a);
      const side = ends()[role];
      const connecting = yield* Effect.fork(
        role === "client"
          ? Effect.scoped(
            Effect.provide(Client.over(stream, { policy: modern12, serverName: undefined }), side),
          )
          : Effect.scoped(Effect.provide(Server.over(stream, { policy: modern12 }), side)),
      );
      yield* isRead;
      yield* Fiber.interrupt(connecting);
      const said = yield* Effect.iterate(new Uint8Array(0) as Uint8Array, {
        while: (all) => all.length < 14 || all.at(-8) !== 90,
        body: (all) => Effect.map(b.read, (bytes) => concat(all, bytes ?? assert.fail("the end"))),
      });
      assert.deepEqual([...said.subarray(-9)], [1, 90, 21, 3, 1, 0, 2, 1, 0]);
      assert.equal(yield* b.read, undefined);
    }
  }),
);

// ---- alerts ----

/** The alerts that a client meets in the place of a ServerHello. */
const alert = (level: number, description: number) => plainRecord(21, Uint8Array.of(level, description));

sync(
  "a fatal alert ends the handshake, by its name, and is not answered",
  Effect.gen(function* () {
    const { error, alerts } = yield* replay("client", [alert(2, 40)]);
    assert.equal(error?.message, "the peer sent the fatal alert handshake_failure");
    assert.deepEqual(alerts, []);
  }),
);

sync(
  "close_notify in the middle of a handshake ends it",
  Effect.gen(function* () {
    const { error } = yield* replay("client", [alert(1, 0)]);
    assert.equal(error?.message, "the peer sent the warning alert close_notify");
  }),
);

sync(
  "unrecognized_name and user_canceled are tolerated as warnings, four in a row; the fifth is unexpected_message",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const server = tape.flows.slice(0, 4).filter((f) => f.from === "server").map((f) => f.bytes);
    for (const description of [112, 90]) {
      const warnings = (n: number) => Array.from({ length: n }, () => alert(1, description));
      const four = yield* replay("client", [...warnings(4), ...server]);
      assert.equal(four.end, "established");
      const five = yield* replay("client", [...warnings(5), ...server]);
      assert.equal(`${five.end} ${five.alerts}`, "LimitExceeded fatal unexpected_message");
      const split = yield* replay("client", [
        ...warnings(4),
        ...recordsOf(server[0]!).flatMap((r) => [r, ...warnings(4)]),
      ]);
      assert.equal(split.end, "Truncated");
    }
  }),
);

sync(
  "a client passes over empty HelloRequests in a handshake, and counts them",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const server = tape.flows.slice(0, 4).filter((f) => f.from === "server").map((f) => f.bytes);
    const requests = (n: number) =>
      Array.from({ length: n }, () => plainRecord(22, handshakeMessage(0, new Uint8Array(0))));
    assert.equal((yield* replay("client", [...requests(4), ...server])).end, "established");
    assert.equal((yield* replay("client", [...requests(5), ...server])).end, "LimitExceeded");
    const full = plainRecord(22, handshakeMessage(0, Uint8Array.of(1)));
    assert.equal((yield* replay("client", [full, ...server])).end, "DecodeError");
  }),
);

// ---- web streams and events ----

live(
  "readable and writable are the connection as web streams; closing writable is a half-close",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const reply = server.readable
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TransformStream({ transform: (s: string, out) => out.enqueue(s.toUpperCase()) }))
      .pipeThrough(new TextEncoderStream())
      .pipeTo(server.writable);
    const got = yield* Effect.promise(async () => {
      const writer = client.writable.getWriter();
      await writer.write(ascii("shout"));
      await writer.close();
      let all = "";
      for await (const piece of client.readable.pipeThrough(new TextDecoderStream())) all += piece;
      await reply;
      return all;
    });
    assert.equal(got, "SHOUT");
  }),
);

live(
  "events tell of what passes from now on, and end when the peer has said its last",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    const seen = yield* Effect.fork(Stream.runCollect(client.events));
    yield* untilWaiting(seen);
    yield* client.closeWrite;
    yield* server.closeWrite;
    assert.equal(yield* client.read, undefined);
    const events = Chunk.toReadonlyArray(yield* Fiber.join(seen));
    assert.deepEqual(
      events.map((e) => `${e._tag} ${e._tag === "lost" ? e.count : e.direction}`),
      ["alert sent", "alert received"],
    );
    assert.equal(Chunk.size(yield* Stream.runCollect(client.events)), 0);
  }),
);

sync(
  "an observer hears each message with its flight and epoch",
  Effect.gen(function* () {
    const heard: Array<string> = [];
    const setup: Setup = {
      client: {
        observe: (e) =>
          heard.push(
            `${e.direction} ${e._tag === "message" ? `${e.flight} ${e.epoch} ${e.message._tag}` : e._tag}`,
          ),
      },
    };
    const { client, server } = yield* handshake(setup);
    assert.equal(yield* pingPong(client, server), "ping pong");
    assert.deepEqual(heard, [
      "sent 1 0 ClientHello",
      "received 2 0 ServerHello",
      "received 2 0 Certificate",
      "received 2 0 ServerKeyExchange",
      "received 2 0 ServerHelloDone",
      "sent 3 0 ClientKeyExchange",
      "sent changeCipherSpec",
      "sent 3 1 Finished",
      "received changeCipherSpec",
      "received 4 1 Finished",
    ]);
  }),
);

sync(
  "a connection can be spread, inherited from and stood in for: its streams are members like the others",
  Effect.gen(function* () {
    const { client } = yield* handshake();
    const { events, readable, writable } = client;
    assert.ok(readable instanceof ReadableStream && writable instanceof WritableStream);
    for (const other of [client, { ...client }, Object.create(client), new Proxy(client, {})]) {
      assert.equal(other.events, events);
      assert.equal(other.readable, readable);
      assert.equal(other.writable, writable);
    }
    // First asked for by another than itself.
    const { client: fresh } = yield* handshake({ seed: "another" });
    const heir: Connection = Object.create(fresh);
    assert.equal(new Proxy(heir, {}).readable, fresh.readable);
  }),
);
