/** Early data (RFC 8446 §2.3, §4.2.10, §8): when it is sent, when it is accepted, and what comes of it. @module */
import { assert, Context, Deferred, Effect, Either, Fiber, Option, TestClock } from "../../deps.ts";
import * as Client from "../../../src/client.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { Session, SessionStore } from "../../../src/ports/sessions.ts";
import * as Server from "../../../src/server.ts";
import { makePair } from "../../../src/layers/transport/byte_stream.ts";
import { limits } from "../../../src/tables/limits.ts";
import type { Policy } from "../../../src/tables/policy.ts";
import { make } from "../../../src/wire/codec.ts";
import { effect, sync } from "../../support/effect.ts";
import {
  bothHandshake,
  bothHandshakeBy,
  build,
  type Built,
  pingPong,
  readText,
  recordsOf,
  type Setup,
  taped,
} from "../../support/handshake.ts";
import { acquainted, asking, meet, sentEarly } from "../../support/meeting13.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";
import { bytesOf, textOf } from "../../support/text.ts";

const QUESTION = "what time is it?";
const MOST = 100;
const asks = asking(bytesOf(QUESTION), MOST);
const asksBy = (client: Partial<Client.OverOptions>, server: Server.ServerOptions = {}): Setup => ({
  ...asks,
  client: { ...asks.client, ...client },
  server: { ...asks.server, ...server },
});

/** The first piece of data that a server reads, and whether it was early. */
const firstOf = (server: Connection) =>
  Effect.map(server.readWithEpoch, (first) => [textOf(first?.data), first?.early]);

/** Changes a store of a built end. */
const storing = (
  built: Built,
  end: "client" | "server",
  change: (store: SessionStore["Type"]) => SessionStore["Type"],
): Built => ({
  ...built,
  [end]: Context.add(
    built[end] as Built["server"],
    SessionStore,
    change(Context.get(built[end] as Built["server"], SessionStore)),
  ),
});

/** Changes the sessions that a server takes from its store. */
const taking = (built: Built, change: (session: Session) => Partial<Session>): Built =>
  storing(built, "server", (store) => ({
    ...store,
    take: (key) => Effect.map(store.take!(key), Option.map((s) => make(Session, { ...s, ...change(s) }))),
  }));

sync(
  "early data is read before the client has finished, marked as early; confirmed waits for the client",
  Effect.gen(function* () {
    const { client, server, seen } = yield* meet(yield* acquainted(asks), asks);
    assert.equal(sentEarly(seen), true);
    assert.deepEqual(yield* firstOf(server), [QUESTION, true]);
    yield* server.confirmed;
    yield* client.write(bytesOf("and the date?"));
    assert.deepEqual(yield* firstOf(server), ["and the date?", false]);
    for (const end of [client, server]) {
      const { earlyData, resumed } = yield* end.negotiated;
      assert.deepEqual({ earlyData, resumed }, { earlyData: true, resumed: true });
    }
    const early = [client, server].map((end) => end.exportEarlyKeyingMaterial("EXPORTER-early", 32));
    const [ours, theirs] = yield* Effect.all(early);
    assert.deepEqual(ours, theirs);
    assert.notDeepEqual(ours, yield* client.exportKeyingMaterial("EXPORTER-early", 32));
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "the answer to early data leaves with the server's first flight: the client's Finished is held back until it came",
  Effect.gen(function* () {
    const built = yield* acquainted(asks);
    const { client: clientStream, server: serverStream, tape } = yield* taped();
    const answered = yield* Deferred.make<void>();
    let writes = 0;
    const holding = {
      ...clientStream,
      write: (bytes: Uint8Array) =>
        Effect.zipRight(
          writes++ === 0 ? Effect.void : Deferred.await(answered),
          Effect.suspend(() => clientStream.write(bytes)),
        ),
    };
    const server = Effect.gen(function* () {
      const connection = yield* Server.over(serverStream, asks.server!);
      assert.deepEqual(yield* firstOf(connection), [QUESTION, true]);
      yield* connection.write(bytesOf("noon"));
      assert.equal(
        tape.flows.filter(({ from }) => from === "client").length,
        1,
        "the client has sent one flight",
      );
      yield* Deferred.succeed(answered, undefined);
      yield* connection.confirmed;
      return yield* connection.negotiated;
    });
    const client = Effect.gen(function* () {
      const connection = yield* Client.over(holding, {
        sessionKey: "localhost",
        ...asks.client,
        serverName: "localhost",
      });
      return yield* readText(connection, 4);
    });
    const [{ earlyData }, answer] = yield* Effect.all([
      Effect.provide(server, built.server),
      Effect.provide(client, built.client),
    ], { concurrency: 2 });
    assert.deepEqual([earlyData, answer], [true, "noon"]);
  }),
);

sync(
  "a copy of a first flight is not accepted: the session is gone, and no data is given to anybody",
  Effect.gen(function* () {
    const built = yield* acquainted(asks);
    const { server, tape } = yield* meet(built, asks);
    assert.deepEqual(yield* firstOf(server), [QUESTION, true]);
    const copy = tape.flows.find(({ from }) => from === "client")!.bytes;
    const [attacker, stream] = yield* makePair();
    let given = false;
    const again = yield* Effect.fork(
      Effect.provide(
        Effect.either(Effect.tap(Server.over(stream, asks.server!), () => void (given = true))),
        built.server,
      ),
    );
    yield* attacker.write(copy);
    const answer = yield* attacker.read;
    assert.ok(answer && answer.length > 500, "a full handshake: the certificate is in it");
    assert.equal(given, false);
    yield* attacker.close;
    assert.equal(Either.isLeft(yield* Fiber.join(again)), true);
  }),
);

sync(
  "beside early data every record but that of the ClientHello says TLS 1.2, though nothing is agreed on (RFC 8446 §5.1)",
  Effect.gen(function* () {
    const { tape } = yield* meet(yield* acquainted(asks), asks);
    const first = tape.flows.find(({ from }) => from === "client")!.bytes;
    const said = recordsOf(first).map((record) => [record[0], record[1]! << 8 | record[2]!]);
    assert.deepEqual(said, [[22, 0x0301], [20, 0x0303], [23, 0x0303]]);
  }),
);

/** Ways in which a server does not accept early data that came; what follows is a handshake as ever. */
const refusals: ReadonlyArray<{
  readonly what: string;
  readonly setup?: Setup;
  readonly first?: Setup;
  readonly tickets?: boolean;
  readonly change?: (built: Built) => Built;
  readonly resumed: boolean;
}> = [
  {
    what: "a server that asks for none any more",
    setup: asksBy({}, { earlyData: 0 }),
    resumed: true,
  },
  {
    what: "a server that has another group: HelloRetryRequest",
    setup: asksBy({}, { policy: { ...modern13, groups: [NamedGroup.secp384r1] } }),
    resumed: true,
  },
  {
    what: "a server that takes another suite of the same hash",
    setup: asksBy({}, {
      policy: { ...modern13, cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256] },
    }),
    resumed: true,
  },
  {
    what: "a server that takes another protocol",
    first: asksBy({ alpn: ["a", "b"] }, { alpn: ["a"] }),
    setup: asksBy({ alpn: ["a", "b"] }, { alpn: ["b"] }),
    resumed: true,
  },
  {
    what: "a server that has forgotten the session",
    change: (built) => storing(built, "server", (store) => ({ ...store, take: () => Effect.succeedNone })),
    resumed: false,
  },
  {
    what: "a ticket that is older than the client says",
    change: (built) => taking(built, ({ createdAt }) => ({ createdAt: createdAt - 11 })),
    resumed: true,
  },
];

for (const { what, setup = asks, first = asks, tickets = false, change, resumed } of refusals) {
  sync(
    `early data is passed over by ${what}, and not sent again`,
    Effect.gen(function* () {
      const known = yield* acquainted(first, tickets);
      const { client, server, seen } = yield* meet(change?.(known) ?? known, setup);
      assert.equal(sentEarly(seen), true);
      assert.equal(yield* pingPong(client, server), "ping pong");
      for (const end of [client, server]) {
        const negotiated = yield* end.negotiated;
        assert.deepEqual([negotiated.earlyData, negotiated.resumed], [false, resumed]);
        const refused = yield* Effect.flip(end.exportEarlyKeyingMaterial("EXPORTER-early", 32));
        assert.equal(refused._tag, "BindingUnavailable");
      }
    }),
  );
}

sync(
  "no more than limits.skippedEarlyData of early data is passed over",
  Effect.gen(function* () {
    const policy: Policy = { ...modern13, limits: { ...limits, skippedEarlyData: 10 } };
    const ends = yield* bothHandshake(yield* acquainted(asks), asksBy({}, { policy, earlyData: 0 }));
    const failure = yield* Effect.flip(ends.server);
    assert.equal(failure._tag === "LimitExceeded" && failure.limit, "skippedEarlyData");
  }),
);

/** Circumstances in which a client sends none. */
const silent: ReadonlyArray<{
  readonly what: string;
  readonly setup?: Setup;
  readonly first?: Setup;
  readonly tickets?: boolean;
}> = [
  { what: "of a server that accepts none", first: asksBy({}, { earlyData: 0 }) },
  { what: "of a server that seals its tickets, which can come twice", tickets: true },
  { what: "that is longer than the server takes", setup: asksBy({ earlyData: new Uint8Array(MOST + 1) }) },
  {
    what: "without the suite of the session",
    setup: asksBy({ policy: { ...modern13, cipherSuites: [CipherSuite.TLS_CHACHA20_POLY1305_SHA256] } }),
  },
  {
    what: "without the protocol of the session",
    first: asksBy({ alpn: ["a"] }, { alpn: ["a"] }),
    setup: asksBy({ alpn: ["b"] }, { alpn: ["b"] }),
  },
  { what: "for another host", setup: asksBy({ serverName: "127.0.0.1", sessionKey: "localhost" }) },
  { what: "of no bytes", setup: asksBy({ earlyData: new Uint8Array(0) }) },
];

for (const { what, setup = asks, first = asks, tickets = false } of silent) {
  sync(
    `a client sends no early data by a session ${what}`,
    Effect.gen(function* () {
      const { client, server, seen } = yield* meet(yield* acquainted(first, tickets), setup);
      assert.equal(sentEarly(seen), false);
      assert.equal((yield* client.negotiated).earlyData, undefined);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a server whose store has no take gives no session that allows early data",
  Effect.gen(function* () {
    const built = storing(yield* build({ toy: true }), "server", ({ take: _, ...store }) => store);
    const first = yield* meet(built, asks);
    yield* pingPong(first.client, first.server);
    assert.equal(sentEarly((yield* meet(built, asks)).seen), false);
  }),
);

sync(
  "early data beyond what the session allows is an unexpected_message (RFC 8446 §4.2.10)",
  Effect.gen(function* () {
    const few = taking(yield* acquainted(asks), () => ({ maxEarlyData: 4 }));
    const ends = yield* bothHandshake(few, asks);
    const failure = yield* Effect.flip(Effect.zipRight((yield* ends.server).confirmed, Effect.void));
    assert.equal(failure._tag, "UnexpectedMessage");
  }),
);

sync(
  "a client that goes away after early data: confirmed and read fail, with what was read before",
  Effect.gen(function* () {
    const built = yield* acquainted(asks);
    const { client: stream, server: serverStream } = yield* taped();
    let writes = 0;
    const leaving = {
      ...stream,
      write: (bytes: Uint8Array) => writes++ === 0 ? stream.write(bytes) : stream.close,
    };
    const client = yield* Effect.fork(
      Effect.provide(
        Effect.either(
          Client.over(leaving, { sessionKey: "localhost", ...asks.client, serverName: "localhost" }),
        ),
        built.client,
      ),
    );
    yield* Effect.provide(
      Effect.gen(function* () {
        const connection = yield* Server.over(serverStream, asks.server!);
        assert.deepEqual(yield* firstOf(connection), [QUESTION, true]);
        const failed = yield* Effect.either(connection.confirmed);
        assert.equal(Either.isLeft(failed), true);
        assert.equal(Either.isLeft(yield* Effect.either(connection.read)), true);
      }),
      built.server,
    );
    yield* Fiber.interrupt(client);
  }),
);

effect(
  "a client that stops after early data has the time of a handshake, and no more",
  Effect.gen(function* () {
    const policy: Policy = { ...modern13, limits: { ...limits, handshakeTimeout: 5_000 } };
    const setup = asksBy({}, { policy });
    const built = yield* acquainted(setup);
    const { client: stream, server: serverStream } = yield* taped();
    let writes = 0;
    const stopping = {
      ...stream,
      write: (bytes: Uint8Array) => writes++ === 0 ? stream.write(bytes) : Effect.never,
    };
    yield* Effect.fork(
      Effect.provide(
        Effect.either(
          Client.over(stopping, { sessionKey: "localhost", ...setup.client, serverName: "localhost" }),
        ),
        built.client,
      ),
    );
    const server = yield* Effect.fork(Effect.provide(
      Effect.flatMap(
        Server.over(serverStream, setup.server!),
        (connection) => Effect.flip(connection.confirmed),
      ),
      built.server,
    ));
    yield* TestClock.adjust(5_001);
    assert.equal((yield* Fiber.join(server))._tag, "HandshakeTimeout");
  }),
);

sync(
  "early data and a required client certificate: nothing is accepted by a session that has none",
  Effect.gen(function* () {
    const built = yield* acquainted(asks);
    const { client, server } = yield* Effect.either(bothHandshakeBy(
      built,
      asks,
      {
        client: (stream) =>
          Client.over(stream, { sessionKey: "localhost", ...asks.client, serverName: "localhost" }),
        server: (stream) => Server.over(stream, { ...asks.server, clientAuth: "require" }),
      },
    )).pipe(Effect.map(Either.getOrThrow));
    assert.equal(Either.isLeft(server), true);
    assert.equal(Either.isRight(client), true, "a client of TLS 1.3 learns it later");
    if (Either.isRight(client)) {
      assert.equal((yield* client.right.negotiated).earlyData, false);
      const told = yield* Effect.flip(client.right.read);
      assert.equal(told._tag, "PeerAlert");
    }
  }),
);

sync(
  "a policy of both ends that never resumes sends and accepts none",
  Effect.gen(function* () {
    const policy: Policy = { ...modern13, pskKeyExchangeModes: [] };
    const setup = bothUnder(policy, asks);
    const built = yield* acquainted(setup);
    assert.equal(sentEarly((yield* meet(built, setup)).seen), false);
  }),
);
