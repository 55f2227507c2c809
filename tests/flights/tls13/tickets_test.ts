/**
 * Tickets of TLS 1.3 (RFC 8446 §4.6.1, §C.4): how many are given, each used once, for how long, and when a server takes
 * none.
 *
 * @module
 */
import { assert, Context, Effect, TestClock } from "../../deps.ts";
import { ClientHello, findExtension, NewSessionTicket13 } from "../../../src/messages/mod.ts";
import { CipherSuite } from "../../../src/names/cipher_suite.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { type Session, SessionStore } from "../../../src/ports/sessions.ts";
import { limits } from "../../../src/tables/limits.ts";
import type { Policy } from "../../../src/tables/policy.ts";
import { toHex } from "../../../src/wire/bytes.ts";
import { effect, sync } from "../../support/effect.ts";
import { bothHandshake, build, type Built, pingPong, type Setup } from "../../support/handshake.ts";
import { changedHandshake, changing } from "../../support/other_ends.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";

const WEEK = 604_800;
const toy: Setup = bothUnder(modern13, { toy: true });
const kinds = [{ of: "sealed", tickets: true }, { of: "in the store", tickets: false }] as const;

/** Two ends meet and talk: the tickets that came, the one that was shown, and whether it was taken. */
const meeting = (built: Built, setup: Setup = toy, talk = true) =>
  Effect.gen(function* () {
    const given: Array<NewSessionTicket13> = [];
    const hellos: Array<ClientHello> = [];
    const observe = (e: ConnectionEvent) => {
      if (e._tag !== "message") return;
      if (e.message instanceof NewSessionTicket13) given.push(e.message);
      if (e.message instanceof ClientHello) hellos.push(e.message);
    };
    const ends = yield* bothHandshake(built, { ...setup, client: { ...setup.client, observe } });
    const [client, server] = [yield* ends.client, yield* ends.server];
    if (talk) assert.equal(yield* pingPong(client, server), "ping pong");
    const { resumed } = yield* server.negotiated;
    assert.equal((yield* client.negotiated).resumed, resumed);
    const keys = findExtension(hellos[0]!.extensions, "pre_shared_key");
    return {
      client,
      server,
      given,
      resumed,
      shown: keys?.identities.map(({ identity }) => toHex(identity)),
      age: keys?.identities[0]?.obfuscatedTicketAge,
    };
  });

const named = (tickets: ReadonlyArray<NewSessionTicket13>) => tickets.map(({ ticket }) => toHex(ticket));

/** Changes the client's store. */
const withStore = (built: Built, change: (store: SessionStore["Type"]) => SessionStore["Type"]): Built => ({
  ...built,
  client: Context.add(built.client, SessionStore, change(Context.get(built.client, SessionStore))),
});

for (const { of, tickets } of kinds) {
  sync(
    `tickets ${of}: two come after a full handshake and one after a resumed one, and none is used twice`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets });
      const first = yield* meeting(built);
      assert.deepEqual([first.resumed, first.shown, first.given.length], [false, undefined, 2]);
      const all = named(first.given);
      const used: Array<string> = [];
      for (let i = 0; i < 5; i++) {
        const next = yield* meeting(built);
        assert.deepEqual([next.resumed, next.shown?.length, next.given.length], [true, 1, 1]);
        assert.ok(all.includes(next.shown![0]!), "a ticket of theirs");
        used.push(...next.shown!);
        all.push(...named(next.given));
      }
      assert.equal(new Set(used).size, used.length);
      assert.equal(new Set(all).size, all.length);
    }),
  );

  sync(
    `tickets ${of}: each of a connection has a nonce and an age of its own`,
    Effect.gen(function* () {
      const { given: [a, b] } = yield* meeting(yield* build({ toy: true, tickets }));
      assert.notDeepEqual(a!.ticketNonce, b!.ticketNonce);
      assert.notEqual(a!.ticketAgeAdd, b!.ticketAgeAdd);
      for (const { ticketLifetime } of [a!, b!]) {
        assert.ok(ticketLifetime > 0 && ticketLifetime <= limits.sessionLifetime / 1000);
      }
    }),
  );

  sync(
    `tickets ${of}: a client that never reads has none`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets });
      yield* meeting(built, toy, false);
      const { resumed, shown } = yield* meeting(built);
      assert.deepEqual([resumed, shown], [false, undefined]);
    }),
  );

  sync(
    `tickets ${of}: two connections at once take one each, from a store with take and from one without`,
    Effect.gen(function* () {
      for (const take of [true, false]) {
        const all = yield* build({ toy: true, tickets });
        const built = take ? all : withStore(all, ({ take: _, ...store }) => store);
        yield* meeting(built);
        const [a, b, c] = yield* Effect.all([
          meeting(built, toy, false),
          meeting(built, toy, false),
          meeting(built, toy, false),
        ], { concurrency: 3 });
        assert.deepEqual([a.resumed, b.resumed, c.resumed], [true, true, false]);
        assert.notDeepEqual(a.shown, b.shown);
      }
    }),
  );

  effect(
    `tickets ${of}: a client shows one as long as its lifetime says, with its age hidden, and no longer`,
    Effect.gen(function* () {
      const policy: Policy = { ...modern13, limits: { ...limits, sessionLifetime: 100_000 } };
      const setup: Setup = { ...toy, server: { policy } };
      const built = yield* build({ toy: true, tickets });
      const first = yield* meeting(built, setup);
      assert.equal(first.given[0]!.ticketLifetime, 100);
      yield* TestClock.adjust(60_000);
      const second = yield* meeting(built, setup);
      assert.equal(second.resumed, true);
      const shown = first.given.find(({ ticket }) => toHex(ticket) === second.shown![0])!;
      assert.equal(second.age, (60_000 + shown.ticketAgeAdd) % 2 ** 32);
      // What follows from a session lives no longer than the session.
      assert.equal(second.given[0]!.ticketLifetime, 40);
      yield* TestClock.adjust(39_000);
      assert.equal((yield* meeting(built, setup)).resumed, true);
      yield* TestClock.adjust(1_000);
      const late = yield* meeting(built, setup);
      assert.deepEqual([late.resumed, late.shown], [false, undefined]);
    }),
  );

  effect(
    `tickets ${of}: a server takes none that is too old, whatever the client thinks of it`,
    Effect.gen(function* () {
      const policy: Policy = { ...modern13, limits: { ...limits, sessionLifetime: 100_000 } };
      const built = yield* build({ toy: true, tickets });
      yield* meeting(built);
      yield* TestClock.adjust(101_000);
      const late = yield* meeting(built, { ...toy, server: { policy } });
      assert.deepEqual([late.resumed, late.shown?.length], [false, 1]);
    }),
  );

  effect(
    `tickets ${of}: no lifetime is longer than a week, whatever a policy says`,
    Effect.gen(function* () {
      const policy: Policy = { ...modern13, limits: { ...limits, sessionLifetime: 3000 * WEEK } };
      const setup: Setup = bothUnder(policy, { toy: true });
      const built = yield* build({ toy: true, tickets: false });
      const { given: [ticket] } = yield* meeting(built, setup);
      assert.equal(ticket!.ticketLifetime, WEEK);
    }),
  );

  for (
    const [what, change] of [
      ["for another host", {
        client: { policy: modern13, serverName: "127.0.0.1", sessionKey: "localhost" },
      }],
      ["under a suite of another hash", {
        server: { policy: { ...modern13, cipherSuites: [CipherSuite.TLS_AES_256_GCM_SHA384] } },
      }],
      ["by a server whose policy has no mode", {
        server: { policy: { ...modern13, pskKeyExchangeModes: [] } },
      }],
      ["by a client whose policy has no mode", {
        client: { policy: { ...modern13, pskKeyExchangeModes: [] } },
      }],
    ] as const
  ) {
    sync(
      `tickets ${of}: none is taken ${what}`,
      Effect.gen(function* () {
        const built = yield* build({ toy: true, tickets });
        yield* meeting(built);
        const { resumed } = yield* meeting(built, { ...toy, ...change } as Setup);
        assert.equal(resumed, false);
      }),
    );
  }

  sync(
    `tickets ${of}: a session without a client's certificate is resumed where one is asked for, and not where one is required`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets, clientKind: "p256" });
      yield* meeting(built);
      const asked = yield* meeting(built, { ...toy, server: { policy: modern13, clientAuth: "request" } });
      assert.equal(asked.resumed, true);
      assert.deepEqual(yield* asked.server.peerCertificates, []);
      const required = yield* meeting(built, { ...toy, server: { policy: modern13, clientAuth: "require" } });
      assert.deepEqual([required.resumed, required.shown?.length], [false, 1]);
      assert.equal((yield* required.server.peerCertificates).length, 1);
    }),
  );

  sync(
    `tickets ${of}: another suite of the same hash resumes`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets });
      const one = (suite: CipherSuite): Setup =>
        bothUnder({ ...modern13, cipherSuites: [suite] }, { toy: true });
      yield* meeting(built, one(CipherSuite.TLS_AES_128_GCM_SHA256));
      assert.equal((yield* meeting(built, one(CipherSuite.TLS_CHACHA20_POLY1305_SHA256))).resumed, true);
      const other = yield* meeting(built, one(CipherSuite.TLS_AES_256_GCM_SHA384));
      assert.deepEqual([other.resumed, other.shown], [false, undefined]);
    }),
  );
}

/** What the client keeps of a ticket that says this. */
const keptOf = (change: (ticket: NewSessionTicket13) => Partial<NewSessionTicket13>) =>
  Effect.gen(function* () {
    const kept: Array<Session> = [];
    const built = withStore(yield* build({ toy: true, tickets: true }), (store) => ({
      ...store,
      put: (key, session) => Effect.zipRight(Effect.sync(() => kept.push(session)), store.put(key, session)),
    }));
    const ends = yield* changedHandshake(built, toy, {
      server: changing(NewSessionTicket13, (ticket) => ({ ...ticket, ...change(ticket) })),
    });
    assert.equal(yield* pingPong(yield* ends.client, yield* ends.server), "ping pong");
    return kept;
  });

effect(
  "a client keeps a ticket for a week at most, and one of no lifetime not at all (RFC 8446 §4.6.1)",
  Effect.gen(function* () {
    const long = yield* keptOf(() => ({ ticketLifetime: 2 ** 31 }));
    assert.deepEqual(long.map(({ ticketExpiresAt }) => ticketExpiresAt), [WEEK, WEEK]);
    assert.deepEqual(yield* keptOf(() => ({ ticketLifetime: 0 })), []);
  }),
);

sync(
  "a ticket in the server's store opens once: shown again, it is a full handshake",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets: false });
    yield* meeting(built);
    // A client that takes and keeps.
    const forgetful = withStore(built, (store) => ({ ...store, take: store.get }));
    const once = yield* meeting(forgetful, toy, false);
    const twice = yield* meeting(forgetful, toy, false);
    assert.deepEqual(once.shown, twice.shown);
    assert.deepEqual([once.resumed, twice.resumed], [true, false]);
  }),
);
