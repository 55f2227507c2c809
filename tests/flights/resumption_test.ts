/**
 * Sessions resumed by ID: when they are, when the handshake is full instead, and what is refused (RFC 5246 §7.3).
 *
 * @module
 */
import { assert, Context, Effect, Either, Option, TestClock } from "../deps.ts";
import { SessionStoreError } from "../../src/faults/errors/sessions.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { makeMemory } from "../../src/layers/sessions/memory.ts";
import { ServerHello } from "../../src/messages/mod.ts";
import * as N from "../../src/names/mod.ts";
import { Session, SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { modern12 } from "../support/policies.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import { effect, sync, withoutLogs } from "../support/effect.ts";
import { bothHandshake, build, type Setup, type Tamper } from "../support/handshake.ts";
import { changedHandshake, changingServerHello } from "../support/other_ends.ts";
import { sessionWith } from "../support/session.ts";

const { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: AES_128, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: AES_256 } =
  N.CipherSuite;
const only = (...cipherSuites: ReadonlyArray<N.CipherSuite>): Policy => ({ ...modern12, cipherSuites });

/** A store of its own for a side of what was built. */
const withStore = <A>(context: Context.Context<A>, store: SessionStoreService) =>
  Context.merge(context, Context.make(SessionStore, store)) as Context.Context<A>;

/** A first handshake, then a second with another setup, between the same ends: how the second went. */
const twice = (first: Setup, second: Setup) =>
  Effect.gen(function* () {
    const built = yield* build(first);
    const one = yield* bothHandshake(built, first);
    const before = yield* (yield* one.client).negotiated;
    const two = yield* bothHandshake(built, second);
    if (Either.isLeft(two.client) || Either.isLeft(two.server)) {
      const tag = (e: Either.Either<unknown, { readonly _tag: string }>) =>
        Either.isLeft(e) ? e.left._tag : "ok";
      return `client ${tag(two.client)}, server ${tag(two.server)}`;
    }
    const after = yield* two.client.right.negotiated;
    const theirs = yield* two.server.right.negotiated;
    assert.equal(after.resumed, theirs.resumed);
    assert.equal(
      toHex(after.sessionId) === toHex(before.sessionId),
      after.resumed,
      "a new handshake, a new ID",
    );
    return after.resumed ? "resumed" : "full";
  });

const cases: ReadonlyArray<readonly [string, Setup, Setup, string]> = [
  ["the same settings", {}, {}, "resumed"],
  ["another host name", {}, { client: { serverName: "127.0.0.1", sessionKey: "localhost" } }, "full"],
  ["another session key", {}, { client: { sessionKey: "elsewhere" } }, "full"],
  ["a suite that the client dropped", { client: { policy: only(AES_128) } }, {
    client: { policy: only(AES_256) },
  }, "full"],
  ["a suite that the server dropped", { server: { policy: only(AES_128) } }, {
    server: { policy: only(AES_256) },
  }, "full"],
  [
    "a suite that is no longer the first",
    { client: { policy: only(AES_256) } },
    { client: { policy: only(AES_128, AES_256) } },
    "resumed",
  ],
  ["another application protocol", { client: { alpn: ["a"] }, server: { alpn: ["a", "b"] } }, {
    client: { alpn: ["b"] },
    server: { alpn: ["a", "b"] },
  }, "resumed"],
];
for (const [what, first, second, expected] of cases) {
  sync(
    `a session under ${what}: ${expected}`,
    Effect.gen(function* () {
      assert.equal(yield* twice(first, second), expected);
    }),
  );
}

sync(
  "ALPN is negotiated anew when a session is resumed (RFC 7301 §3.1)",
  Effect.gen(function* () {
    const built = yield* build();
    const server = { alpn: ["a", "b"] };
    const one = yield* bothHandshake(built, { client: { alpn: ["a"] }, server });
    const two = yield* bothHandshake(built, { client: { alpn: ["b"] }, server });
    assert.equal((yield* (yield* one.client).negotiated).alpn, "a");
    const after = yield* (yield* two.client).negotiated;
    assert.deepEqual([after.alpn, after.resumed], ["b", true]);
  }),
);

sync(
  "an ID that the server does not know falls back to a full handshake under a new ID, which is then resumed",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const forgetful = { ...built, server: withStore(built.server, makeMemory()) };
    const second = yield* (yield* (yield* bothHandshake(forgetful)).client).negotiated;
    assert.equal(second.resumed, false);
    const third = yield* (yield* (yield* bothHandshake(forgetful)).client).negotiated;
    assert.equal(third.resumed, true);
    assert.deepEqual(third.sessionId, second.sessionId);
  }),
);

sync(
  "a server keeps a session when the client's Finished holds, and before its own leaves",
  Effect.gen(function* () {
    const built = yield* build();
    const kept: Array<number> = [];
    let flows = 0;
    const store = makeMemory();
    const server = withStore(built.server, {
      ...store,
      put: (key, session) => Effect.zipRight(Effect.sync(() => kept.push(flows)), store.put(key, session)),
    });
    const count: Tamper = (_, bytes, index) => {
      flows = index + 1;
      return bytes;
    };
    yield* (yield* bothHandshake({ ...built, server }, { tamper: count })).client;
    assert.deepEqual(kept, [3], "after flight 3, before flight 4");
    const flip: Tamper = (from, bytes, index) =>
      from === "client" && index === 2 ? bytes.map((b, i) => i === bytes.length - 1 ? b ^ 1 : b) : bytes;
    yield* bothHandshake({ ...built, server }, { tamper: flip, client: { sessionKey: "another" } });
    assert.deepEqual(kept, [3], "and nothing of a handshake that failed");
  }),
);

sync(
  "a server without a store gives an empty ID, and the client keeps nothing",
  Effect.gen(function* () {
    const built = yield* build();
    const none: SessionStoreService = {
      enabled: false,
      get: () => Effect.succeedNone,
      put: () => Effect.die("nothing is put"),
      remove: () => Effect.void,
    };
    const { client } = yield* bothHandshake({ ...built, server: withStore(built.server, none) });
    assert.equal((yield* (yield* client).negotiated).sessionId.length, 0);
    assert.equal(Option.isNone(yield* Context.get(built.client, SessionStore).get("localhost")), true);
  }),
);

sync(
  "a store that fails is no reason to fail: the handshake goes on without it",
  Effect.gen(function* () {
    const built = yield* build();
    const broken = (operation: "get" | "put" | "remove") =>
      Effect.fail(new SessionStoreError({ operation, cause: "the database is gone" }));
    const store: SessionStoreService = {
      enabled: true,
      get: () => broken("get"),
      put: () => broken("put"),
      remove: () => broken("remove"),
    };
    const { client } = yield* bothHandshake({
      client: withStore(built.client, store),
      server: withStore(built.server, store),
    });
    assert.equal((yield* (yield* client).negotiated).resumed, false);
  }).pipe(withoutLogs),
);

sync(
  "a session made under other trust settings is not offered",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const store = Context.get(built.client, SessionStore);
    const session = Option.getOrThrow(yield* store.get("localhost"));
    yield* store.put("localhost", make(Session, { ...session, partition: new Uint8Array(32) }));
    assert.equal((yield* (yield* (yield* bothHandshake(built)).client).negotiated).resumed, false);
  }),
);

sync(
  "a server never resumes a session that was made under other trust settings",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const id = toHex(Option.getOrThrow(yield* Context.get(built.client, SessionStore).get("localhost")).id);
    const store = Context.get(built.server, SessionStore);
    const session = Option.getOrThrow(yield* store.get(id));
    yield* store.put(id, make(Session, { ...session, partition: new Uint8Array(32) }));
    assert.equal((yield* (yield* (yield* bothHandshake(built)).client).negotiated).resumed, false);
  }),
);

// ---- the server that resumes under other parameters (RFC 5246 §7.4.1.3, RFC 7627 §5.3) ----

/** A second handshake in which the client's session was changed behind its back, so that it differs from the server's. */
const differing = (change: (session: Session) => Partial<Session>, setup: Setup = {}) =>
  Effect.gen(function* () {
    const built = yield* build(setup);
    yield* (yield* bothHandshake(built, setup)).client;
    const store = Context.get(built.client, SessionStore);
    const session = Option.getOrThrow(yield* store.get("localhost"));
    yield* store.put("localhost", make(Session, { ...session, ...change(session) }));
    const { client } = yield* bothHandshake(built, setup);
    return Either.isLeft(client) ? client.left : undefined;
  });

sync(
  "a server that resumes with another suite is refused",
  Effect.gen(function* () {
    const error = yield* differing(() => ({ cipherSuite: AES_256 }));
    assert.equal(error?.message, "ServerHello.cipherSuite: is not that of the session it resumes");
  }),
);

sync(
  "a server that resumes with extended_master_secret a session that had none is refused",
  Effect.gen(function* () {
    const policy = { ...modern12, resumeWithoutExtendedMasterSecret: true };
    const error = yield* differing(() => ({ extendedMasterSecret: 0 }), { client: { policy } });
    assert.equal(error?._tag === "Refused" && error.reason, "session_lost_extended_master_secret");
  }),
);

sync(
  "a server that resumes without extended_master_secret a session that had it is refused",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const { client } = yield* changedHandshake(built, {}, {
      server: changingServerHello((hello) =>
        encodeMessage(make(ServerHello, {
          ...hello,
          extensions: hello.extensions?.filter(({ _tag }) => _tag !== "extended_master_secret"),
        }))
      ),
    });
    const error = Either.isLeft(client) ? client.left : undefined;
    assert.equal(error?._tag === "Refused" && error.reason, "session_lost_extended_master_secret");
  }),
);

sync(
  "a client that resumes without extended_master_secret a session that had it is refused",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const strip: Tamper = (from, bytes, index) =>
      // 0x0017 0x0000 becomes an unknown, empty extension.
      from === "client" && index === 0
        ? Uint8Array.from(bytes, (b, i) =>
          bytes[i - 1] === 0 && b === 0x17 && bytes[i + 1] === 0 && bytes[i + 2] === 0 ? 0xee : b)
        : bytes;
    const { server } = yield* bothHandshake(built, { tamper: strip });
    assert.equal(
      Either.isLeft(server) && server.left.message.split(":")[0],
      "session lost extended master secret",
    );
  }),
);

sync(
  "a fatal alert forgets the session at both ends, so that the next handshake is full",
  Effect.gen(function* () {
    const built = yield* build();
    yield* (yield* bothHandshake(built)).client;
    const flip: Tamper = (from, bytes, index) =>
      from === "server" && index === 1 ? bytes.map((b, i) => i === bytes.length - 1 ? b ^ 1 : b) : bytes;
    const { client } = yield* bothHandshake(built, { tamper: flip });
    assert.equal(Either.isLeft(client) && client.left._tag, "BadRecordMac");
    assert.equal(Option.isNone(yield* Context.get(built.client, SessionStore).get("localhost")), true);
    assert.equal((yield* (yield* (yield* bothHandshake(built)).client).negotiated).resumed, false);
  }),
);

// ---- the store in memory ----

const session = (n: number) => sessionWith({ id: Uint8Array.of(n) });

effect(
  "SessionStore.layerMemory drops what was used longest ago when it is full, and what is too old",
  Effect.gen(function* () {
    const store = makeMemory({ capacity: 2, timeToLive: "1 minute" });
    const has = (key: string) => Effect.map(store.get(key), Option.isSome);
    yield* store.put("a", session(1));
    yield* store.put("b", session(2));
    assert.equal(yield* has("a"), true); // now b is the oldest
    yield* store.put("c", session(3));
    assert.deepEqual([yield* has("a"), yield* has("b"), yield* has("c")], [true, false, true]);
    yield* TestClock.adjust("59 seconds");
    assert.equal(yield* has("a"), true);
    yield* TestClock.adjust("2 seconds");
    assert.deepEqual([yield* has("a"), yield* has("c")], [false, false]);
    yield* store.put("d", session(4));
    yield* store.remove("d");
    assert.equal(yield* has("d"), false);
  }),
);

effect(
  "a session that is too old is not resumed",
  Effect.gen(function* () {
    yield* TestClock.setTime(Date.UTC(2026, 0));
    const built = yield* build();
    const server = withStore(built.server, makeMemory({ timeToLive: "1 hour" }));
    const once = Effect.gen(function* () {
      return (yield* (yield* (yield* bothHandshake({ ...built, server })).client).negotiated).resumed;
    });
    const results = [yield* once, yield* once];
    yield* TestClock.adjust("2 hours");
    results.push(yield* once);
    assert.deepEqual(results, [false, true, false]);
  }),
);
