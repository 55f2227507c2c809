/**
 * Session tickets in whole handshakes: who asks for them, gives, keeps and shows them, and where in the flights (RFC
 * 5077).
 *
 * @module
 */
import { assert, Context, Effect, Either, Fiber, Layer, Option } from "../deps.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { layer as credentialsOf } from "../../src/layers/credentials/credentials.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { layerTo } from "../../src/layers/key_log.ts";
import { layerNone, makeMemory } from "../../src/layers/sessions/memory.ts";
import { makeRotating } from "../../src/layers/tickets/rotating.ts";
import { findExtension, NewSessionTicket, ServerHello } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii, concat, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import * as Golden from "../golden/certificates.ts";
import { sync } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  credentialOf,
  lastAlert,
  recordsOf,
  type Setup,
} from "../support/handshake.ts";
import { type Change, changedHandshake, changingServerHello, without } from "../support/other_ends.ts";
import {
  alwaysRenewing,
  builtWithTickets,
  editStoredSession,
  expectTicketRefused,
  failureMessage,
  findStoredSession,
  firstHandshake,
  handshakeStory,
  storedSession,
  ticketsUnderKeys,
  withServerTickets,
} from "../support/tickets.ts";
import { bothUnder, compatible12, legacy12, modern12, policyFor } from "../support/policies.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: AES_128, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: AES_256 } =
  CipherSuite;
const { random } = makeDeterministic("tickets");

const speaks = (version: ProtocolVersion, more: Partial<Policy> = {}): Policy =>
  policyFor(version, more, compatible12);

// ---- each version, full and resumed ----

const FULL = ["ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone"];
const END = ["ChangeCipherSpec", "Finished"];
/** Whatever its form. */
const plainNames = (said: ReadonlyArray<string>) =>
  said.map((name) => name.replace(/^(ServerKeyExchange).*/, "$1"));

for (const version of [TLS_1_0, TLS_1_1, TLS_1_2]) {
  const name = versionText(version);
  const setup = bothUnder(speaks(version));

  sync(
    `${name}: a full handshake has an empty session ID and gives a ticket, by which the next ones resume under IDs that the client makes up`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      const one = yield* firstHandshake(built, setup);
      assert.equal(one.hello.sessionId.length, 0);
      assert.deepEqual(one.shown, EMPTY);
      assert.equal(one.answer.sessionId.length, 0);
      assert.equal(one.acknowledged, true);
      assert.deepEqual(plainNames(one.said), [...FULL, "NewSessionTicket", ...END]);
      const ids = new Set<string>();
      for (let n = 1; n <= 3; n++) {
        const again = yield* handshakeStory(built, setup);
        assert.deepEqual([again.resumed, again.sessionTicket, again.ours.version], [true, true, version]);
        assert.deepEqual(again.shown, one.ticket, "the same ticket, as long as there is no other");
        assert.equal(again.acknowledged, false);
        assert.deepEqual(again.said, ["ServerHello", ...END]);
        assert.equal(again.hello.sessionId.length, 32);
        assert.deepEqual(again.answer.sessionId, again.hello.sessionId);
        ids.add(toHex(again.hello.sessionId));
        assert.equal(ids.size, n, "no ID comes twice");
      }
    }),
  );

  sync(
    `${name}: a ticket keeps the client's certificate, which a server that requires one does not ask for again`,
    Effect.gen(function* () {
      const required = bothUnder(speaks(version), { server: { clientAuth: "require" } });
      const built = yield* build({ toy: true, tickets: true, clientKind: "rsa" });
      const server = Context.merge(built.server, yield* Layer.build(layerNone));
      const one = yield* firstHandshake({ ...built, server }, required);
      const again = yield* handshakeStory({ ...built, server }, required);
      assert.equal(again.resumed, true);
      const { chain } = credentialOf(Golden.client("rsa"));
      assert.deepEqual((yield* one.server.peerCertificates).map(({ raw }) => raw), chain);
      assert.deepEqual((yield* again.server.peerCertificates).map(({ raw }) => raw), chain);
      assert.deepEqual(yield* again.client.peerCertificates, yield* one.client.peerCertificates);
    }),
  );

  sync(
    `${name}: a ticket of a client without a certificate is no way round a server that requires one`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets: true, clientKind: "rsa" });
      yield* firstHandshake(built, setup);
      const story = yield* expectTicketRefused(
        built,
        bothUnder(speaks(version), { server: { clientAuth: "require" } }),
      );
      assert.equal((yield* story.server.peerCertificates).length, 1);
    }),
  );

  sync(
    `${name}: ALPN is negotiated anew when a ticket resumes (RFC 7301 §3.1)`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      const speaking = (...alpn: ReadonlyArray<string>) =>
        handshakeStory(built, bothUnder(speaks(version), { client: { alpn }, server: { alpn: ["a", "b"] } }));
      for (const [offered, agreed] of [["a", "a"], ["b", "b"], [undefined, undefined]] as const) {
        const { ours, theirs } = yield* speaking(...(offered ? [offered] : []));
        assert.deepEqual([ours.alpn, theirs.alpn, ours.resumed], [agreed, agreed, offered !== "a"]);
      }
    }),
  );

  sync(
    `${name}: a ticket is for one host name: the server knows it again, and acknowledges it no more (RFC 6066 §3)`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      const one = yield* firstHandshake(built, setup);
      const again = yield* handshakeStory(built, setup);
      assert.equal(again.resumed, true);
      const names = [one, again].map(({ answer }) => findExtension(answer.extensions, "server_name"));
      assert.deepEqual(names.map((e) => e !== undefined), [true, false]);
      assert.equal(again.theirs.serverName, "localhost");
      const elsewhere = { ...setup, client: { ...setup.client, serverName: "elsewhere.example" } };
      const other = yield* handshakeStory(built, {
        ...elsewhere,
        client: { ...elsewhere.client, sessionKey: "localhost" },
      });
      assert.deepEqual([other.resumed, other.shown], [false, EMPTY], "it is not even shown");
    }),
  );

  sync(
    `${name}: a ticket keeps the length of records, and a client that asks for another does not show it`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      const short = bothUnder(speaks(version, { maxFragmentLength: 512 }));
      const agreed: Array<readonly [number, number, boolean]> = [];
      const shows: Array<boolean> = [];
      for (const one of [short, short, setup, setup]) {
        const { ours, theirs, shown } = yield* handshakeStory(built, one);
        shows.push(shown!.length > 0);
        agreed.push([ours.maxFragmentLength, theirs.maxFragmentLength, ours.resumed]);
      }
      assert.deepEqual(agreed, [
        [512, 512, false],
        [512, 512, true],
        [2 ** 14, 2 ** 14, false],
        [2 ** 14, 2 ** 14, true],
      ]);
      assert.deepEqual(shows, [false, true, false, true]);
    }),
  );

  sync(
    `${name}: the session_ticket extension is never the last of the hello, which some old servers do not read`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      for (const alpn of [[], ["h2"]]) {
        const { hello, shown } = yield* handshakeStory(
          built,
          bothUnder(speaks(version), { client: { alpn } }),
        );
        assert.notEqual(shown, undefined);
        assert.notEqual(hello.extensions?.at(-1)?._tag, "session_ticket");
      }
    }),
  );
}

sync(
  "SSL 3.0 has no tickets: a client that would take one resumes by ID",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets: true, kind: "rsa" });
    const server = { policy: { ...legacy12, versions: [SSL_3_0] } };
    // By itself it says nothing of tickets; together with TLS it asks, and is not answered.
    for (const versions of [[SSL_3_0], [TLS_1_2, TLS_1_1, TLS_1_0, SSL_3_0]]) {
      const sessionKey = `${versions}`;
      const setup: Setup = { client: { policy: { ...legacy12, versions }, sessionKey }, server };
      for (const resumed of [false, true]) {
        const story = yield* handshakeStory(built, setup);
        assert.deepEqual(story.shown, versions.length > 1 ? EMPTY : undefined);
        assert.deepEqual([story.acknowledged, story.given], [false, undefined]);
        assert.deepEqual([story.resumed, story.sessionTicket], [resumed, false]);
        assert.equal(story.answer.sessionId.length, 32);
      }
    }
  }),
);

sync(
  "a session of SSL 3.0 that has come by a ticket shows its ID all the same",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets: true, kind: "rsa" });
    const policy = { ...legacy12, versions: [TLS_1_0, SSL_3_0] };
    const setup: Setup = { client: { policy }, server: { policy: { ...legacy12, versions: [SSL_3_0] } } };
    yield* handshakeStory(built, setup);
    yield* editStoredSession(built, () => ({ ticket: random(100), ticketExpiresAt: 2 ** 32 - 1 }));
    const { resumed, shown } = yield* handshakeStory(built, setup);
    assert.deepEqual([resumed, shown], [true, EMPTY]);
  }),
);

// ---- where NewSessionTicket has its place, and that it is hashed ----

/** Both kinds of handshake in which a ticket is given: what to do before. */
const kinds = [
  ["a full handshake", () => Effect.void],
  ["a resumption", (built: Built) => Effect.asVoid(firstHandshake(built))],
] as const;

const aTicket = make(NewSessionTicket, { ticketLifetimeHint: 300, ticket: random(100) });

/** Leaves NewSessionTicket out, or says it where it is told to. */
const misplacing = (where: "nowhere" | "before ChangeCipherSpec" | "after it"): Change => (stream) => ({
  ...stream,
  send: (raw, message) => {
    if (!(message instanceof NewSessionTicket)) stream.send(raw, message);
  },
  changeCipherSpec: () => {
    if (where === "before ChangeCipherSpec") stream.send(encodeMessage(aTicket), aTicket);
    stream.changeCipherSpec();
  },
  changeWrite: (protection) => {
    stream.changeWrite(protection);
    if (where === "after it") stream.send(encodeMessage(aTicket), aTicket);
  },
});
const inAnswer = (change: (hello: ServerHello) => Partial<ServerHello>): Change =>
  changingServerHello((hello) => encodeMessage(make(ServerHello, { ...hello, ...change(hello) })));

const misplaced: ReadonlyArray<readonly [string, Change, string]> = [
  ["left out, though acknowledged", misplacing("nowhere"), "expected NewSessionTicket, got ChangeCipherSpec"],
  ["said after ChangeCipherSpec", misplacing("after it"), "expected NewSessionTicket, got ChangeCipherSpec"],
  [
    "said twice",
    (stream) => ({
      ...stream,
      send: (raw, message) => {
        stream.send(raw, message);
        if (message instanceof NewSessionTicket) stream.send(raw, message);
      },
    }),
    "expected ChangeCipherSpec, got NewSessionTicket",
  ],
  [
    "said without an acknowledgement",
    inAnswer(({ extensions }) => ({ extensions: without(extensions, "session_ticket") })),
    "expected ChangeCipherSpec, got NewSessionTicket",
  ],
];
for (const [kind, before] of kinds) {
  for (const [what, change, message] of misplaced) {
    sync(
      `NewSessionTicket in ${kind}, ${what}: unexpected_message`,
      Effect.gen(function* () {
        const built = withServerTickets(yield* builtWithTickets, alwaysRenewing(makeRotating()));
        yield* before(built);
        const { client, server } = yield* changedHandshake(built, {}, { server: change });
        assert.equal(Either.isLeft(client) && client.left._tag, "UnexpectedMessage");
        assert.equal(Either.isLeft(client) && client.left.message, message);
        assert.equal(yield* failureMessage(server), "the peer sent the fatal alert unexpected_message");
      }),
    );
  }

  for (const [part, at] of [["the hint", 9], ["the ticket", 9 + 4 + 2 + 50]] as const) {
    sync(
      `NewSessionTicket is hashed in ${kind}: with a byte of ${part} changed Finished does not hold, and nothing is kept`,
      Effect.gen(function* () {
        const built = withServerTickets(yield* builtWithTickets, alwaysRenewing(makeRotating()));
        yield* before(built);
        let changed = 0;
        const { client, server } = yield* bothHandshake(built, {
          tamper: (from, bytes) =>
            concat(
              ...recordsOf(bytes).map((record) => {
                if (from !== "server" || record[0] !== 22 || record[5] !== 4) return record;
                changed++;
                return record.map((b, i) => i === at ? b ^ 1 : b);
              }),
            ),
        });
        assert.equal(changed, 1);
        assert.equal(
          Either.isLeft(client) && client.left.message,
          "the peer's Finished does not match the handshake as it was seen here",
        );
        assert.equal(yield* failureMessage(server), "the peer sent the fatal alert decrypt_error");
        assert.equal(Option.isNone(yield* findStoredSession(built)), true);
      }),
    );
  }
}

for (const policy of [{ ...modern12, sessionTickets: false }, modern12]) {
  const asks = policy.sessionTickets;
  sync(
    `a ticket that comes to a client that ${
      asks ? "asked" : "did not ask"
    }, unacknowledged: unexpected_message`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const setup: Setup = { client: { policy } };
      const { client } = yield* changedHandshake(built, setup, {
        server: misplacing("before ChangeCipherSpec"),
      });
      assert.equal(
        Either.isLeft(client) && client.left.message,
        "expected ChangeCipherSpec, got NewSessionTicket",
      );
    }),
  );
}

sync(
  "an acknowledgement to a client that did not ask: unsupported_extension",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const setup: Setup = { client: { policy: { ...modern12, sessionTickets: false } } };
    const { client, tape } = yield* changedHandshake(built, setup, {
      server: inAnswer(({ extensions = [] }) => ({
        extensions: [...extensions, { _tag: "session_ticket" }],
      })),
    });
    assert.equal(Either.isLeft(client) && client.left._tag, "UnsupportedExtension");
    assert.equal(lastAlert(tape, "client"), "fatal unsupported_extension");
  }),
);

sync(
  "a ticket that is acknowledged beside a session ID, as some servers do, is what the client keeps",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const { client } = yield* changedHandshake(built, {}, {
      server: inAnswer(() => ({ sessionId: random(32) })),
    });
    const { sessionId } = yield* (yield* client).negotiated;
    assert.equal(sessionId.length, 32);
    assert.equal((yield* storedSession(built)).id.length, 0);
    assert.equal((yield* handshakeStory(built)).resumed, true);
  }),
);

// ---- what a client keeps ----

sync(
  "a client keeps the ticket in place of an ID, with all that it needs to resume",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    let secret = "";
    const log = layerTo((line) => Effect.sync(() => void (secret = line.split(" ")[2]!)));
    const before = Math.floor(Date.now() / 1000);
    const { client, given, ticket } = yield* Effect.provide(firstHandshake(built), log);
    const known = yield* storedSession(built);
    assert.equal(known.id.length, 0);
    assert.deepEqual(known.ticket, ticket);
    assert.equal(known.ticket.buffer.byteLength, ticket.length, "it keeps no record alive");
    assert.equal(toHex(known.masterSecret), secret);
    assert.equal(known.version, TLS_1_2);
    assert.equal(known.cipherSuite, (yield* client.negotiated).cipherSuite);
    assert.equal(known.serverName, "localhost");
    assert.equal(known.extendedMasterSecret, 1);
    assert.deepEqual(known.peerCertificates, (yield* client.peerCertificates).map(({ raw }) => raw));
    assert.deepEqual(known.serverEndPoint, yield* client.channelBinding("tls-server-end-point"));
    assert.equal(given?.ticketLifetimeHint, 24 * 3600);
    assert.ok(known.createdAt >= before && known.createdAt <= Date.now() / 1000);
    assert.equal(known.ticketExpiresAt - known.createdAt, 24 * 3600);
  }),
);

sync(
  "a client that got a ticket and then an ID keeps the ID, and the other way round",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const idsOnly = withServerTickets(built, undefined);
    yield* firstHandshake(built);
    const byId = yield* handshakeStory(idsOnly);
    assert.deepEqual([byId.resumed, byId.sessionTicket], [false, false]);
    const known = yield* storedSession(built);
    assert.deepEqual(known.id, byId.answer.sessionId);
    assert.deepEqual([known.ticket, known.ticketExpiresAt], [EMPTY, 0]);
    assert.equal((yield* handshakeStory(idsOnly)).resumed, true);
    // Another server, which does not know the ID.
    yield* firstHandshake({ ...built, server: Context.add(built.server, SessionStore, makeMemory()) });
    assert.equal((yield* storedSession(built)).id.length, 0);
  }),
);

sync(
  "an ID with an empty session_ticket extension resumes by the ID, and is given a ticket for the next time",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const idsOnly = withServerTickets(built, undefined);
    const one = yield* handshakeStory(idsOnly);
    assert.deepEqual([one.shown, one.acknowledged], [EMPTY, false]);
    const two = yield* handshakeStory(built);
    assert.deepEqual(two.hello.sessionId, one.answer.sessionId);
    assert.deepEqual(two.shown, EMPTY);
    assert.deepEqual([two.resumed, two.acknowledged, two.sessionTicket], [true, true, true]);
    assert.deepEqual(two.said, ["ServerHello", "NewSessionTicket", ...END]);
    const known = yield* storedSession(built);
    assert.deepEqual([known.id, known.ticket], [EMPTY, two.given?.ticket]);
    const three = yield* handshakeStory(built);
    assert.deepEqual([three.resumed, three.shown], [true, two.given?.ticket]);
    assert.notDeepEqual(three.hello.sessionId, one.answer.sessionId);
  }),
);

sync(
  "a renegotiation gives a ticket of its own, with the certificate that the client showed in it alone",
  Effect.gen(function* () {
    const built = yield* build({ toy: true, tickets: true, clientKind: "rsa" });
    const setup = bothUnder({ ...modern12, renegotiation: "allow" });
    const { client, server, ticket } = yield* firstHandshake(built, setup);
    const heard = yield* Effect.fork(client.read);
    const again = yield* server.renegotiateWith({ clientAuth: "require" });
    assert.deepEqual([again.resumed, again.sessionTicket], [false, true]);
    yield* server.write(ascii("."));
    yield* Fiber.join(heard);
    const known = yield* storedSession(built);
    assert.notDeepEqual(known.ticket, ticket);
    const next = yield* handshakeStory(built, bothUnder(modern12, { server: { clientAuth: "require" } }));
    assert.deepEqual([next.shown, next.resumed], [known.ticket, true]);
    assert.equal((yield* next.server.peerCertificates).length, 1);
  }),
);

// ---- who says nothing of tickets ----

sync(
  "a client without a store asks for no ticket, and is resumed by nothing",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const client = Context.merge(built.client, yield* Layer.build(layerNone));
    for (let n = 0; n < 2; n++) {
      const story = yield* handshakeStory({ ...built, client });
      assert.deepEqual([story.shown, story.acknowledged, story.given], [undefined, false, undefined]);
      assert.deepEqual([story.resumed, story.sessionTicket], [false, false]);
    }
  }),
);

sync(
  "a client that does not know the server's name has nowhere to keep a ticket, and asks for none",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const story = yield* handshakeStory(built, { client: { serverName: undefined } });
    assert.deepEqual([story.shown, story.acknowledged], [undefined, false]);
    const named = yield* handshakeStory(built, { client: { serverName: undefined, sessionKey: "somebody" } });
    assert.deepEqual([named.shown, named.acknowledged], [EMPTY, true]);
  }),
);

const silent = { policy: { ...modern12, sessionTickets: false } };
const withoutTickets: ReadonlyArray<readonly [string, Setup, boolean]> = [
  ["a client whose policy has no tickets", { client: silent }, true],
  ["a server whose policy has no tickets", { server: silent }, true],
  ["a server that has no keys for tickets", {}, false],
];
for (const [who, setup, keys] of withoutTickets) {
  sync(
    `${who} says nothing of them, and sessions are resumed by ID`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets: keys });
      for (const resumed of [false, true]) {
        const story = yield* handshakeStory(built, setup);
        assert.deepEqual(story.shown, setup.client ? undefined : EMPTY);
        assert.deepEqual([story.acknowledged, story.given], [false, undefined]);
        assert.deepEqual([story.resumed, story.sessionTicket], [resumed, false]);
        assert.equal(story.answer.sessionId.length, 32);
        const known = yield* storedSession(built);
        assert.deepEqual([known.id, known.ticket], [story.answer.sessionId, EMPTY]);
      }
    }),
  );
}

sync(
  "a client whose policy has no tickets any more does not show the one that it has",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const story = yield* handshakeStory(built, { client: silent });
    assert.deepEqual([story.shown, story.resumed], [undefined, false]);
    assert.equal(story.hello.sessionId.length, 0);
  }),
);

sync(
  "a client does not show a ticket of a suite that it offers no more",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built, { client: { policy: { ...modern12, cipherSuites: [AES_128] } } });
    const story = yield* firstHandshake(built, {
      client: { policy: { ...modern12, cipherSuites: [AES_256] } },
    });
    assert.deepEqual(story.shown, EMPTY);
  }),
);

// ---- servers ----

sync(
  "a server without a store resumes by tickets",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const server = Context.merge(built.server, yield* Layer.build(layerNone));
    yield* firstHandshake({ ...built, server });
    assert.equal((yield* handshakeStory({ ...built, server })).resumed, true);
  }),
);

sync(
  "a server that gives tickets keeps nothing of a session in its store, neither full nor resumed",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const untouched = () => Effect.die("the store is not asked");
    const server = Context.add(built.server, SessionStore, {
      enabled: true,
      get: untouched,
      put: untouched,
      remove: untouched,
    });
    yield* firstHandshake({ ...built, server });
    assert.equal((yield* handshakeStory({ ...built, server })).resumed, true);
  }),
);

sync(
  "two servers with one ring resume each other's sessions",
  Effect.gen(function* () {
    const [one, other] = [yield* build({ toy: true }), yield* build({ toy: true, seed: "the other" })];
    const a = withServerTickets(one, ticketsUnderKeys(1));
    const b = withServerTickets({ client: one.client, server: other.server }, ticketsUnderKeys(1));
    yield* firstHandshake(a);
    assert.equal((yield* handshakeStory(b)).resumed, true);
    assert.equal((yield* handshakeStory(a)).resumed, true);
    // And the other server's own.
    yield* editStoredSession(a, () => ({ ticket: random(10) }));
    yield* expectTicketRefused(b);
    assert.equal((yield* handshakeStory(a)).resumed, true);
  }),
);

sync(
  "a ticket under a key that seals no more resumes, and is replaced by one under the key that does",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    yield* firstHandshake(withServerTickets(built, ticketsUnderKeys(1)));
    const rotated = withServerTickets(built, ticketsUnderKeys(2, 1));
    const renewed = yield* handshakeStory(rotated);
    assert.deepEqual([renewed.resumed, renewed.acknowledged, renewed.sessionTicket], [true, true, true]);
    assert.deepEqual(renewed.said, ["ServerHello", "NewSessionTicket", ...END]);
    assert.deepEqual(renewed.answer.sessionId, renewed.hello.sessionId);
    assert.deepEqual(renewed.given?.ticket.subarray(0, 16), new Uint8Array(16).fill(2));
    const next = yield* handshakeStory(withServerTickets(built, ticketsUnderKeys(2)));
    assert.deepEqual([next.resumed, next.acknowledged], [true, false]);
    assert.deepEqual(next.shown, renewed.given?.ticket);
  }),
);

/** A client's certificate so long that its session fits no ticket. */
const unsealable = Effect.gen(function* () {
  const built = yield* builtWithTickets;
  const golden = credentialOf(Golden.client("p256"));
  const long = { ...golden, chain: [...golden.chain, random(66_000)] };
  return { ...built, client: Context.merge(built.client, yield* Layer.build(credentialsOf([long]))) };
});

sync(
  "a server whose ticket can't hold the session gives an empty one, after which nothing is resumed and nothing is broken",
  Effect.gen(function* () {
    const built = yield* unsealable;
    const setup: Setup = { server: { clientAuth: "require" } };
    for (let n = 0; n < 2; n++) {
      const story = yield* handshakeStory(built, setup);
      assert.deepEqual([story.resumed, story.acknowledged, story.sessionTicket], [false, true, false]);
      assert.deepEqual({ ...story.given }, {
        _tag: "NewSessionTicket",
        ticketLifetimeHint: 0,
        ticket: EMPTY,
      });
      assert.equal(story.answer.sessionId.length, 0);
      assert.equal(Option.isNone(yield* findStoredSession(built)), true);
    }
  }),
);

sync(
  "a session whose server gives an empty ticket replaces the one before, which was shown in vain",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const nothing = withServerTickets(built, { ...makeRotating(), seal: () => Effect.succeed(EMPTY) });
    const { resumed, sessionTicket } = yield* handshakeStory(nothing);
    assert.deepEqual([resumed, sessionTicket], [false, false]);
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

sync(
  "an empty ticket in a resumption withdraws nothing: what resumed once resumes again",
  Effect.gen(function* () {
    const ring = alwaysRenewing(makeRotating());
    const built = withServerTickets(yield* builtWithTickets, ring);
    const { ticket } = yield* firstHandshake(built);
    const withdrawing = { ...ring, seal: () => Effect.succeed(EMPTY) };
    const again = yield* handshakeStory(withServerTickets(built, withdrawing));
    assert.deepEqual([again.resumed, again.acknowledged, again.sessionTicket], [true, true, true]);
    assert.equal(again.given?.ticket.length, 0);
    assert.deepEqual((yield* storedSession(built)).ticket, ticket);
    assert.equal((yield* handshakeStory(built)).resumed, true);
    // An ID likewise.
    const byId = yield* builtWithTickets;
    for (const [tickets, resumed] of [[undefined, false], [withdrawing, true], [undefined, true]] as const) {
      assert.equal((yield* handshakeStory(withServerTickets(byId, tickets))).resumed, resumed);
      assert.equal((yield* storedSession(byId)).id.length, 32);
    }
  }),
);
