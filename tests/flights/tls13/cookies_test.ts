/** A server of TLS 1.3 with cookies: all that it must know of a first ClientHello is in the second (RFC 8446 §4.2.2). @module */
import { assert, Context, Effect, Fiber, Layer, TestClock } from "../../deps.ts";
import * as Client from "../../../src/client.ts";
import { layerKeys, layerRotating } from "../../../src/layers/tickets/retry_cookies.ts";
import { makePair } from "../../../src/layers/transport/byte_stream.ts";
import { serviceOf } from "../../../src/layers/pre_shared_keys/service.ts";
import { ClientHello, findExtension, HelloRetryRequest } from "../../../src/messages/mod.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import { ContentType, HandshakeType, NameType } from "../../../src/names/protocol.ts";
import type { ByteStream } from "../../../src/ports/byte_stream.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { type ExternalPsk, PreSharedKeys } from "../../../src/ports/pre_shared_keys.ts";
import { RetryCookies, type RetryCookiesService } from "../../../src/ports/retry_cookies.ts";
import { modern } from "../../../src/tables/policy.ts";
import * as Server from "../../../src/server.ts";
import { alertOf } from "../../../src/faults/meaning.ts";
import { ascii, type Bytes } from "../../../src/wire/bytes.ts";
import { effect, sync, untilWaiting, withoutLogs } from "../../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  pingPong,
  recordsOf,
  type Setup,
} from "../../support/handshake.ts";
import { hex } from "../../support/keys.ts";
import { changedHandshake, changing, without } from "../../support/other_ends.ts";
import { bothUnder, modern12, modern13 } from "../../support/policies.ts";

const toy: Setup = bothUnder(modern13, { toy: true });
const key = { name: hex("01".repeat(16)), key: hex("23".repeat(32)), createdAt: 0 };
const ofKey = layerKeys({ keys: [key] });

/** Two ends, of which the server has cookies. */
const withCookies = (cookies: Layer.Layer<never, unknown> = layerRotating, parts: Setup = {}) =>
  Effect.gen(function* () {
    const built = yield* build({ toy: true, ...parts });
    const service = Context.get(yield* Layer.build(Layer.orDie(cookies)), RetryCookies);
    return { ...built, server: Context.add(built.server, RetryCookies, service) };
  });

/** A handshake: what was negotiated, and the messages that the client sent and received. */
const meeting = (built: Built, setup: Setup = toy) =>
  Effect.gen(function* () {
    const messages: Array<unknown> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag === "message") messages.push(e.message);
    };
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    const [client, server] = [yield* ends.client, yield* ends.server];
    assert.equal(yield* pingPong(client, server), "ping pong");
    return {
      ...(yield* client.negotiated),
      hellos: messages.filter((m) => m instanceof ClientHello),
      requests: messages.filter((m) => m instanceof HelloRetryRequest),
    };
  });

sync(
  "with cookies every client is asked again, and its shares stay if one of them will do",
  Effect.gen(function* () {
    const { group, helloRetried, hellos, requests: [request] } = yield* meeting(yield* withCookies());
    assert.deepEqual([helloRetried, group, hellos.length], [true, NamedGroup.x25519, 2]);
    assert.deepEqual(request?.extensions.map(({ _tag }) => _tag), ["supported_versions", "cookie"]);
    const [first, second] = hellos.map(({ extensions }) => findExtension(extensions, "key_share"));
    assert.deepEqual(first, second);
  }),
);

sync(
  "with cookies a client without a usable share is asked for one as well, and only once",
  Effect.gen(function* () {
    const { group, hellos, requests: [request, ...more] } = yield* meeting(yield* withCookies(), {
      ...toy,
      server: { policy: { ...modern13, groups: [NamedGroup.secp384r1] } },
    });
    assert.deepEqual([group, more.length, hellos.length], [NamedGroup.secp384r1, 0, 2]);
    assert.deepEqual(
      request?.extensions.map(({ _tag }) => _tag),
      ["supported_versions", "key_share", "cookie"],
    );
  }),
);

for (const tickets of [true, false]) {
  sync(
    `with cookies a session is resumed, its ticket ${tickets ? "sealed" : "taken out of the store once"}`,
    Effect.gen(function* () {
      const built = yield* withCookies(layerRotating, { tickets });
      assert.equal((yield* meeting(built)).psk, undefined);
      const { helloRetried, psk } = yield* meeting(built);
      assert.deepEqual([psk, helloRetried], ["ticket", true]);
    }),
  );
}

sync(
  "with cookies the suite is one of the hash of the key that is offered first",
  Effect.gen(function* () {
    const external: ExternalPsk = { identity: ascii("device"), key: hex("45".repeat(32)), hash: "sha384" };
    const built = yield* withCookies();
    const keys = serviceOf([external]);
    const { cipherSuite, psk } = yield* meeting({
      client: Context.add(built.client, PreSharedKeys, keys),
      server: Context.add(built.server, PreSharedKeys, keys),
    });
    assert.deepEqual([psk, cipherSuite], ["external", CipherSuite.TLS_AES_256_GCM_SHA384]);
  }),
);

sync(
  "with cookies early data is passed over",
  Effect.gen(function* () {
    const built = yield* withCookies();
    const setup: Setup = {
      ...toy,
      client: { ...toy.client, earlyData: ascii("early") },
      server: { ...toy.server, earlyData: 100 },
    };
    yield* meeting(built, setup);
    const { earlyData, psk } = yield* meeting(built, setup);
    assert.deepEqual([psk, earlyData], ["ticket", false]);
  }),
);

sync(
  "with cookies a client up to TLS 1.2 is served as ever",
  Effect.gen(function* () {
    const { helloRetried } = yield* meeting(yield* withCookies(), {
      ...toy,
      client: { policy: modern12 },
      server: { policy: modern },
    });
    assert.equal(helloRetried, false);
  }),
);

// ---- the second ClientHello elsewhere ----

/** The client's stream: what it says after a HelloRetryRequest goes elsewhere, and so does what it hears. */
const moving = (here: ByteStream, there: ByteStream, onMove: Effect.Effect<void>): ByteStream => {
  let now = here;
  const move = Effect.zipRight(onMove, Effect.sync(() => void (now = there)));
  return {
    ...here,
    read: Effect.tap(
      Effect.suspend(() => now.read),
      (bytes) => Effect.when(move, () => bytes?.[5] === HandshakeType.server_hello && now === here),
    ),
    write: (bytes) => Effect.suspend(() => now.write(bytes)),
    close: Effect.zipRight(here.close, there.close),
  };
};

interface Move {
  readonly setup?: Setup;
  /** What happens between the HelloRetryRequest and the second ClientHello. */
  readonly onMove?: Effect.Effect<void>;
  /** What becomes of the client's bytes at the second server. */
  readonly change?: (bytes: Bytes) => Bytes;
}

/** A client that one server asks for another ClientHello, and that gives it to another server. */
const moved = (
  one: Built,
  other: Built,
  { change = (b) => b, onMove = Effect.void, setup = toy }: Move = {},
) =>
  Effect.gen(function* () {
    const [here, atOne] = yield* makePair();
    const [there, atOther] = yield* makePair();
    const serving = (built: Built, stream: ByteStream) =>
      Effect.provide(Effect.either(Server.over(stream, { policy: modern13, ...setup.server })), built.server);
    yield* Effect.forkScoped(serving(one, atOne));
    const changed = { ...there, write: (bytes: Bytes) => there.write(change(bytes)) };
    const connecting = Client.over(moving(here, changed, onMove), {
      serverName: "localhost",
      sessionKey: "localhost",
      policy: modern13,
      ...setup.client,
    });
    const [client, server] = yield* Effect.all([
      Effect.provide(Effect.either(connecting), one.client),
      serving(other, atOther),
    ], { concurrency: 2 });
    return { client, server };
  });

/** Two servers with the same keys, or with other ones. */
const two = (cookies: Layer.Layer<never, unknown> = ofKey, parts: Setup = {}) =>
  Effect.all([withCookies(ofKey, parts), withCookies(cookies, { ...parts, seed: "other" })]);

for (
  const [what, policy] of [
    ["with the shares that it had", modern13],
    ["with a share that was asked for", { ...modern13, groups: [NamedGroup.secp384r1] }],
  ] as const
) {
  effect(
    `a client that one server asks again is served by another that has its keys, ${what}`,
    Effect.gen(function* () {
      const { client, server } = yield* moved(...(yield* two()), { setup: { ...toy, server: { policy } } });
      const [connection, served] = [yield* client, yield* server];
      assert.equal(yield* pingPong(connection, served), "ping pong");
      const [ours, theirs] = [yield* connection.negotiated, yield* served.negotiated];
      assert.deepEqual(
        [ours.helloRetried, theirs.helloRetried, ours.group],
        [true, true, theirs.group],
      );
    }),
  );
}

effect(
  "a client that one server asks again resumes at another that has its keys: the binder is over both hellos",
  Effect.gen(function* () {
    const keys = serviceOf([{ identity: ascii("device"), key: hex("ab".repeat(32)) }]);
    const having = (built: Built): Built => ({
      client: Context.add(built.client, PreSharedKeys, keys),
      server: Context.add(built.server, PreSharedKeys, keys),
    });
    const [one, other] = yield* two();
    const { client, server } = yield* moved(having(one), having(other));
    assert.equal((yield* (yield* server).negotiated).psk, "external");
    assert.equal((yield* (yield* client).negotiated).psk, "external");
  }),
);

effect(
  "a second ClientHello elsewhere that is another than the first is an illegal_parameter",
  Effect.gen(function* () {
    const flipped = (bytes: Bytes): Bytes => {
      const hello = recordsOf(bytes).findIndex((r) => r[0] === ContentType.handshake);
      const changed = bytes.slice();
      const at = recordsOf(bytes).slice(0, hello).reduce((n, r) => n + r.length, 0);
      // The last byte of the random: record header, message header, version.
      if (hello >= 0) changed[at + 5 + 4 + 2 + 31]! ^= 1;
      return changed;
    };
    const { server } = yield* moved(...(yield* two()), { change: flipped });
    const error = yield* Effect.flip(server);
    assert.deepEqual([error._tag, alertOf(error)], ["IllegalParameter", "illegal_parameter"]);
  }),
);

/** Ends that wait longer than a cookie lives. */
const patient = bothUnder({
  ...modern13,
  limits: { ...modern13.limits, handshakeTimeout: 60_000, firstByteTimeout: 60_000 },
});

for (
  const [what, cookies, onMove] of [
    ["of another server's key", layerKeys({ keys: [{ ...key, key: hex("cd".repeat(32)) }] }), Effect.void],
    ["of an unknown key", layerRotating, Effect.void],
    ["that is too old", ofKey, TestClock.adjust("31 seconds")],
  ] as const
) {
  effect(
    `a cookie ${what} is none: the client is asked again, which it refuses`,
    Effect.gen(function* () {
      const { client, server } = yield* moved(...(yield* two(cookies)), { onMove, setup: patient });
      const error = yield* Effect.flip(client);
      assert.deepEqual([error._tag, alertOf(error)], ["UnexpectedMessage", "unexpected_message"]);
      assert.equal((yield* Effect.flip(server))._tag, "PeerAlert");
    }),
  );
}

// ---- a peer, and code, that err ----

type Extensions = NonNullable<ClientHello["extensions"]>;

const replaced = (list: Extensions, by: Extensions[number]): Extensions =>
  list.map((e) => e._tag === by._tag ? by : e);

for (
  const [what, change] of [
    ["no cookie", (l) => without(l, "cookie")],
    ["another cookie", (l) => [...without(l, "cookie"), { _tag: "cookie", cookie: ascii("another") }]],
    ["other groups", (l) => replaced(l, { _tag: "supported_groups", namedGroupList: [NamedGroup.x25519] })],
    [
      "another name",
      (l) =>
        replaced(l, {
          _tag: "server_name",
          serverNameList: [{ nameType: NameType.host_name, name: "other.example" }],
        }),
    ],
    [
      "no usable share, where it had one",
      (l) => replaced(l, { _tag: "key_share", clientShares: [] }),
    ],
  ] as const satisfies ReadonlyArray<readonly [string, (l: Extensions) => Extensions]>
) {
  sync(
    `a second ClientHello with ${what} is an illegal_parameter`,
    Effect.gen(function* () {
      const { server } = yield* changedHandshake(yield* withCookies(), toy, {
        client: changing(ClientHello, (hello, count) => ({
          ...hello,
          extensions: count === 0 ? hello.extensions : change(hello.extensions!),
        })),
      });
      const error = yield* Effect.flip(server);
      assert.deepEqual([error._tag, alertOf(error)], ["IllegalParameter", "illegal_parameter"]);
    }),
  );
}

for (
  const [what, service] of [
    ["throws", {
      seal: () => {
        throw new Error("broken");
      },
      open: () => {
        throw new Error("broken");
      },
    }],
    ["dies", { seal: () => Effect.dieMessage("broken"), open: () => Effect.dieMessage("broken") }],
    ["gives no bytes", { seal: () => Effect.succeed("x" as never), open: () => Effect.succeed(1 as never) }],
    ["gives no cookie", { seal: () => Effect.succeed(new Uint8Array()), open: () => Effect.succeedNone }],
  ] as const satisfies ReadonlyArray<readonly [string, RetryCookiesService]>
) {
  sync(
    `a service of cookies that ${what} is as good as none`,
    withoutLogs(Effect.gen(function* () {
      const { helloRetried } = yield* meeting(
        yield* withCookies(Layer.succeed(RetryCookies, service) as never),
      );
      assert.equal(helloRetried, false);
    })),
  );
}

effect(
  "a service of cookies that hangs has the deadline of limits.storeWait",
  withoutLogs(Effect.gen(function* () {
    const never: RetryCookiesService = { seal: () => Effect.never, open: () => Effect.never };
    const built = yield* withCookies(Layer.succeed(RetryCookies, never) as never);
    const met = yield* Effect.fork(meeting(built));
    yield* untilWaiting(met);
    yield* TestClock.adjust(modern13.limits.storeWait);
    assert.equal((yield* Fiber.join(met)).helloRetried, false);
  })),
);
