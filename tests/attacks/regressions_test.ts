/**
 * Faults that were found once, each by its name: what an attacker or an accident did then, and what comes of it now.
 *
 * @module
 */
import { assert, Context, Deferred, Effect, Either, Fiber, Layer, Option } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { TransportError } from "../../src/faults/errors/transport.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { CertificateRequest, ClientHello } from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import { Transport } from "../../src/ports/transport.ts";
import { plaintext } from "../../src/record/protection/protection.ts";
import { phases } from "../../src/record/phase.ts";
import { Records } from "../../src/record/records.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import { ascii, concat, toHex } from "../../src/wire/bytes.ts";
import { codec, make } from "../../src/wire/codec.ts";
import { parseIp } from "../../src/x509/names/ip_address.ts";
import { failsWith, live, sync, tagOf, untilWaiting, withoutLogs } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  ends,
  handshake,
  pingPong,
  recordsOf,
  type Tamper,
  tellingOfReads,
} from "../support/handshake.ts";
import { handshakeMessage, plainRecord, replay } from "../support/replay.ts";
import { textOf } from "../support/text.ts";

/** A first flight with other names in its server_name. */
const naming = (...names: ReadonlyArray<string>) => (flow: Uint8Array): Uint8Array => {
  const hello = Either.getOrThrow(codec(ClientHello).decode(flow.subarray(9)));
  const body = codec(ClientHello).unsafeEncode(make(ClientHello, {
    ...hello,
    extensions: (hello.extensions ?? []).map((e) =>
      e._tag === "server_name"
        ? { ...e, serverNameList: names.map((name) => ({ nameType: N.NameType.host_name, name })) }
        : e
    ),
  }));
  const message = handshakeMessage(1, body);
  const records: Array<Uint8Array> = [];
  for (let at = 0; at < message.length; at += 16_000) {
    records.push(plainRecord(22, message.subarray(at, at + 16_000), 0x0301));
  }
  return concat(...records);
};

/** What a server makes of a hello with these names: its error, or the name it goes on with. */
const greeted = (...names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const { error, said } = yield* replay("server", [naming(...names)(tape.flows[0]!.bytes)]);
    return error?._tag === "Truncated" ? `answered with ${recordsOf(said).length} records` : error?._tag;
  });

sync(
  "a server takes a name that can be no host name for none, and two names for an error (RFC 6066 §3)",
  Effect.gen(function* () {
    assert.equal(yield* greeted("a".repeat(255)), "answered with 4 records");
    assert.equal(yield* greeted("a".repeat(256)), "answered with 4 records");
    assert.equal(yield* greeted(`:${"%".repeat(60_000)}\n`), "answered with 4 records");
    assert.equal(yield* greeted("local\0host"), "answered with 4 records");
    assert.equal(yield* greeted("localhost", "other"), "IllegalParameter");
  }),
);

Deno.test("what is longer than any IP address is none, whatever it holds", () => {
  assert.equal(parseIp(`:${"%".repeat(65_000)}\n`), undefined);
  assert.equal(parseIp("::1".padEnd(101, "%x")), undefined);
  assert.deepEqual(parseIp("[fe80::1%eth0]")?.length, 16);
});

Deno.test("between ChangeCipherSpec and Finished nothing has a place, a HelloRequest neither (RFC 5246 §7.4.9)", () => {
  const limits = {
    handshakeMessage: 100,
    certificateMessage: 100,
    emptyRecords: 4,
    shortBlockData: 2 ** 20,
    recordsPerKey: 2 ** 24,
    skippedEarlyData: 2 ** 15,
  };
  for (const type of [0, 1, 4, 11]) {
    const records = new Records(limits);
    records.changeRead(plaintext, phases.changed);
    records.feed(plainRecord(22, handshakeMessage(type, new Uint8Array(0))));
    assert.throws(() => records.next(), { _tag: "UnexpectedMessage" });
  }
});

sync(
  "a session made with one name or address is not resumed with another, though the store's key is the same",
  Effect.gen(function* () {
    const built = yield* build();
    const as = (serverName: string | undefined) =>
      Effect.map(
        bothHandshake(built, { client: { serverName, sessionKey: "one key" } }),
        ({ client }) => client,
      );
    assert.equal((yield* (yield* yield* as("127.0.0.1")).negotiated).resumed, false);
    assert.equal(tagOf(yield* as("10.9.8.7")), "CertificateError");
    assert.equal((yield* (yield* yield* as(undefined)).negotiated).resumed, false);
    assert.equal((yield* (yield* yield* as("127.0.0.1")).negotiated).resumed, false);
    assert.equal((yield* (yield* yield* as("127.0.0.1")).negotiated).resumed, true);
  }),
);

sync(
  "a server forgets a session whose resumption failed (RFC 5246 §7.2.2)",
  Effect.gen(function* () {
    const built = yield* build();
    const { client } = yield* bothHandshake(built);
    const { sessionId } = yield* (yield* client).negotiated;
    const store = Context.get(built.server, SessionStore);
    assert.ok(Option.isSome(yield* store.get(toHex(sessionId))));
    const flip: Tamper = (from, bytes, index) =>
      from === "client" && index === 2 ? bytes.map((b, i) => i === bytes.length - 1 ? b ^ 1 : b) : bytes;
    const { server } = yield* bothHandshake(built, { tamper: flip });
    assert.equal(tagOf(server), "BadRecordMac");
    assert.ok(Option.isNone(yield* store.get(toHex(sessionId))));
  }),
);

sync(
  "a client shows its certificate to nobody who has not proved a key of its own",
  Effect.gen(function* () {
    const { tape } = yield* bothHandshake(yield* build());
    const flight = recordsOf(tape.flows[1]!.bytes);
    const request = codec(CertificateRequest).unsafeEncode(make(CertificateRequest, {
      certificateTypes: [N.ClientCertificateType.ecdsa_sign],
      supportedSignatureAlgorithms: [N.SignatureScheme.ecdsa_secp256r1_sha256],
      certificateAuthorities: [],
    }));
    const forged = flight[2]!.slice();
    forged[forged.length - 1]! ^= 1;
    const { end, said } = yield* replay("client", [
      concat(flight[0]!, flight[1]!, forged, plainRecord(22, handshakeMessage(13, request)), flight[3]!),
    ]);
    assert.equal(end, "DecryptError");
    assert.deepEqual(recordsOf(said).map((r) => `${r[0]} ${r[5]}`), ["22 1", "21 2"]);
  }),
);

sync(
  "close_notify in the middle of a handshake is answered in kind (RFC 5246 §7.2.1)",
  Effect.gen(function* () {
    const { alerts } = yield* replay("client", [plainRecord(21, Uint8Array.of(1, 0))]);
    assert.deepEqual(alerts, ["warning close_notify"]);
  }),
);

sync(
  "a write after closeWrite fails, and leaves what the peer still sends",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    yield* client.closeWrite;
    yield* failsWith(client.write(ascii("late")), "Closed");
    yield* server.write(ascii("answer"));
    assert.equal(textOf(yield* client.read), "answer");
  }),
);

/** Two ends over a pair with little room. */
const narrow = Effect.gen(function* () {
  const [a, b] = yield* makePair({ capacity: 20_000 });
  const { client, server } = ends();
  const [c, s] = yield* Effect.all([
    Effect.provide(Client.over(a, { policy: modern12, serverName: "localhost" }), client),
    Effect.provide(Server.over(b, { policy: modern12 }), server),
  ], { concurrency: 2 });
  return { client: c, server: s };
});

live(
  "a closeWrite that is interrupted while another write is under way breaks nothing",
  Effect.gen(function* () {
    const { client, server } = yield* narrow;
    yield* client.write(new Uint8Array(25_000)); // there is no room for more
    const writing = yield* Effect.fork(client.write(new Uint8Array(35_000)));
    yield* untilWaiting(writing);
    const closing = yield* Effect.fork(client.closeWrite);
    yield* untilWaiting(closing);
    yield* Fiber.interrupt(closing);
    let got = 0;
    while (got < 60_000) got += (yield* server.read)?.length ?? assert.fail("the end");
    yield* Fiber.join(writing);
    yield* server.write(ascii("still here"));
    assert.equal(textOf(yield* client.read), "still here");
  }),
);

live(
  "close in a finalizer ends, though the peer says nothing",
  Effect.gen(function* () {
    const policy = { ...modern12, limits: { ...modern12.limits, closeWait: 20 } };
    const { client } = yield* handshake({ client: { policy } });
    const start = performance.now();
    yield* Effect.ensuring(Effect.void, client.close);
    assert.ok(performance.now() - start < 1000);
  }),
);

live(
  "two that close at once both end, and a scope that closes during a handshake ends it",
  Effect.gen(function* () {
    const { client, server } = yield* handshake();
    yield* Effect.all([client.close, client.close, server.close, server.close], { concurrency: "unbounded" });
    const [a, b] = yield* makePair();
    const { stream, isRead } = yield* tellingOfReads(a);
    const never = yield* Effect.fork(
      Effect.scoped(
        Effect.provide(Client.over(stream, { policy: modern12, serverName: "x" }), ends().client),
      ),
    );
    yield* isRead;
    yield* Fiber.interrupt(never);
    let last: Uint8Array | undefined;
    for (let read = yield* b.read; read; read = yield* b.read) last = read;
    assert.equal(last?.at(-1), 0, "close_notify was the last word");
  }),
);

live(
  "a server whose accept fails now and then, even by a defect, serves whoever comes next, at once",
  Effect.gen(function* () {
    const [ours, theirs] = yield* makePair();
    const served = yield* Deferred.make<string>();
    let accepts = 0;
    const network = Layer.succeed(Transport, {
      open: () => Effect.fail(new TransportError({ operation: "open", cause: "nothing listens" })),
      listen: (address) =>
        Effect.succeed({
          address,
          accept: Effect.suspend(() => {
            accepts++;
            if (accepts === 20) return Effect.dieMessage("a defect");
            if (accepts < 40) return Effect.fail(new TransportError({ operation: "accept", cause: "reset" }));
            return accepts === 40 ? Effect.succeed({ stream: theirs, remote: address }) : Effect.never;
          }),
        }),
    });
    const start = performance.now();
    yield* Effect.provide(
      Server.listen(
        { hostname: "here", port: 1 },
        (connection) =>
          Effect.flatMap(connection.read, (data) => Deferred.succeed(served, textOf(data) ?? "")),
      ),
      Layer.mergeAll(network, ends().server),
    );
    const client = yield* Effect.provide(
      Client.over(ours, { policy: modern12, serverName: "localhost" }),
      ends().client,
    );
    yield* client.write(ascii("at last"));
    assert.equal(yield* Deferred.await(served), "at last");
    assert.ok(performance.now() - start < 2000);
  }).pipe(withoutLogs),
);

sync(
  "a version for which a policy names no suite is not spoken, and a policy with no other is refused",
  Effect.gen(function* () {
    const ahead = { ...modern12, versions: [N.ProtocolVersion.TLS_1_3, N.ProtocolVersion.TLS_1_2] };
    const { client, server } = yield* handshake({ client: { policy: ahead }, server: { policy: ahead } });
    assert.equal(yield* pingPong(client, server), "ping pong");
    const none = { ...modern12, versions: [N.ProtocolVersion.TLS_1_3] };
    const met = yield* bothHandshake(yield* build(), { client: { policy: none } });
    assert.equal(Either.isLeft(met.client) && met.client.left._tag, "InvalidOption");
  }),
);
