/**
 * Tickets that resume nothing: forged, expired, or of other settings; for how long one is shown, and what ends it (RFC
 * 5077).
 *
 * @module
 */
import { assert, Context, Effect, Either, FastCheck as fc, Layer, Option, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { layer as credentialsOf } from "../../src/layers/credentials/credentials.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { makeMemory } from "../../src/layers/sessions/memory.ts";
import { makeRotating } from "../../src/layers/tickets/rotating.ts";
import { ClientHello, NewSessionTicket } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { Session, SessionStore } from "../../src/ports/sessions.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Server from "../../src/server.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12, legacy12, modern12 } from "../support/policies.ts";
import { ascii, type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import * as Golden from "../golden/certificates.ts";
import { effect, sync } from "../support/effect.ts";
import { stride } from "../support/exhaustive.ts";
import {
  bothHandshake,
  build,
  type Built,
  credentialOf,
  type Setup,
  type Tamper,
  taped,
} from "../support/handshake.ts";
import {
  type Change,
  changedClientHandshake,
  changedHandshake,
  changingHello,
  withoutExtendedMasterSecret,
} from "../support/other_ends.ts";
import {
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

const { TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;
const { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: AES_128, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: AES_256 } =
  CipherSuite;
const { random } = makeDeterministic("tickets");
const resumes = (built: Built, setup?: Setup) =>
  Effect.map(handshakeStory(built, setup), ({ resumed }) => resumed);

// ---- tickets that are none ----

const flipped = (bytes: Bytes, at: number): Bytes => bytes.map((b, i) => i === at ? b ^ 1 : b);

const forgeries: Readonly<Record<string, (ticket: Bytes) => Bytes>> = {
  "with a byte of its key's name changed": (ticket) => flipped(ticket, 3),
  "with a byte of its nonce changed": (ticket) => flipped(ticket, 20),
  "with a byte of its session changed": (ticket) => flipped(ticket, 100),
  "with a byte of its tag changed": (ticket) => flipped(ticket, ticket.length - 1),
  "without its last byte": (ticket) => ticket.subarray(0, -1),
  "cut in half": (ticket) => ticket.subarray(0, ticket.length / 2),
  "of one byte": () => Uint8Array.of(7),
  "with a byte more": (ticket) => concat(ticket, Uint8Array.of(0)),
  "twice": (ticket) => concat(ticket, ticket),
  "of zeros": (ticket) => new Uint8Array(ticket.length),
  "of noise": (ticket) => random(ticket.length),
  "of 60,000 bytes of noise": () => random(60_000),
};
for (const [what, forge] of Object.entries(forgeries)) {
  sync(
    `a ticket ${what}: a full handshake, and nobody says why`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      yield* firstHandshake(built);
      yield* editStoredSession(built, ({ ticket }) => ({ ticket: forge(ticket) }));
      yield* expectTicketRefused(built);
    }),
  );
}

const STEP = stride("prefixes and bytes of a ticket", 23);

sync(
  "every prefix of a ticket, and every ticket with one byte changed: a full handshake",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const { ticket } = yield* firstHandshake(built);
    const known = yield* storedSession(built);
    const { put } = Context.get(built.client, SessionStore);
    const bad = [
      ...Array.from(ticket, (_, length) => ticket.subarray(0, length)),
      ...Array.from(ticket, (_, at) => flipped(ticket, at)),
    ];
    for (let n = 0; n < bad.length; n += STEP) {
      const one = bad[n]!;
      yield* put("localhost", make(Session, { ...known, ticket: one }));
      const { client, server } = yield* Effect.scoped(bothHandshake(built));
      const resumed = yield* (yield* client).negotiated;
      const theirs = yield* (yield* server).negotiated;
      assert.deepEqual([resumed.resumed, theirs.resumed, theirs.sessionTicket], [false, false, true], `${n}`);
    }
    yield* put("localhost", known);
    assert.equal(yield* resumes(built), true);
  }),
);

sync(
  "whatever the bytes: a full handshake",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    for (
      const ticket of fc.sample(fc.uint8Array({ minLength: 1, maxLength: 1000 }), { numRuns: 50, seed: 1 })
    ) {
      yield* editStoredSession(built, () => ({ ticket }));
      const { shown, resumed } = yield* Effect.scoped(handshakeStory(built));
      assert.deepEqual([shown, resumed], [ticket, false]);
    }
  }),
);

sync(
  "a ticket of another ring: a full handshake, under a ticket of this one",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    yield* firstHandshake(withServerTickets(built, ticketsUnderKeys(1)));
    const { ticket } = yield* expectTicketRefused(withServerTickets(built, ticketsUnderKeys(2)));
    assert.deepEqual(ticket.subarray(0, 16), new Uint8Array(16).fill(2));
    // Of the same name and not the same key.
    const [name, key] = [new Uint8Array(16).fill(2), 3];
    yield* editStoredSession(built, (s) => ({ ticket: concat(name, s.ticket.subarray(16)) }));
    yield* expectTicketRefused(withServerTickets(built, ticketsUnderKeys(key)));
  }),
);

// ---- tickets of other settings ----

const inPolicy = (policy: Partial<Policy>, side: "client" | "server" = "server"): Setup => ({
  [side]: { policy: { ...modern12, ...policy } },
});

/** What was so when the ticket was given; what is so when it is shown, though the client thinks that nothing is. */
const others: ReadonlyArray<readonly [string, Setup, Setup, Partial<Session>]> = [
  ["a suite that the server has no more", inPolicy({ cipherSuites: [AES_128] }), {
    client: { policy: { ...modern12, cipherSuites: [AES_128, AES_256] } },
    ...inPolicy({ cipherSuites: [AES_256] }),
  }, {}],
  [
    "a suite that the client offers no more",
    inPolicy({ cipherSuites: [AES_128] }, "client"),
    inPolicy({ cipherSuites: [AES_256] }, "client"),
    { cipherSuite: AES_256 },
  ],
  ["another host name", {}, { client: { serverName: "elsewhere.example", sessionKey: "localhost" } }, {
    serverName: "elsewhere.example",
  }],
  [
    "another version",
    { client: { policy: compatible12 }, server: { policy: { ...compatible12, versions: [TLS_1_1] } } },
    { client: { policy: { ...compatible12, versions: [TLS_1_0] } }, server: { policy: compatible12 } },
    { version: TLS_1_0 },
  ],
  ["another length of records", {}, inPolicy({ maxFragmentLength: 512 }, "client"), { maxFragmentLength: 1 }],
  ["a length of records that is not asked for", inPolicy({ maxFragmentLength: 512 }, "client"), {}, {
    maxFragmentLength: 0,
  }],
  [
    "a compression that the server has no more",
    { client: { policy: legacy12 }, server: { policy: legacy12 } },
    { client: { policy: legacy12 } },
    {},
  ],
  [
    "a compression that the client offers no more",
    { client: { policy: legacy12 }, server: { policy: legacy12 } },
    { server: { policy: legacy12 } },
    { compressionMethod: CompressionMethod.null },
  ],
  [
    "a client without a certificate, which the server requires now",
    {},
    { server: { clientAuth: "require" } },
    {},
  ],
];
for (const [what, before, now, change] of others) {
  sync(
    `a ticket of ${what}: a full handshake`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true, tickets: true, clientKind: "p256" });
      yield* firstHandshake(built, before);
      yield* editStoredSession(built, () => change);
      const story = yield* expectTicketRefused(built, now);
      assert.equal(story.ours.serverName, now.client?.serverName ?? "localhost");
    }),
  );
}

/** Whom an end trusts, under a name of one's own. */
const trusting = (partition: string) =>
  Context.make(CertificateVerifier, { partition, verify: () => Effect.void });

sync(
  "a ticket that a server gave under other trust settings: a full handshake",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    yield* expectTicketRefused({ ...built, server: Context.merge(built.server, trusting("another")) });
  }),
);

sync(
  "a client does not show a ticket that it got under other trust settings",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const story = yield* handshakeStory({
      ...built,
      client: Context.merge(built.client, trusting("another")),
    });
    assert.deepEqual([story.shown, story.resumed, story.sessionTicket], [EMPTY, false, true]);
  }),
);

// ---- a ticket and an ID at once ----

/** A client that shows a ticket beside an ID which it would really resume by. */
const showingBeside = (ticket: Bytes): Change =>
  changingHello((hello) =>
    encodeMessage(make(ClientHello, {
      ...hello,
      extensions: hello.extensions?.map((e) => e._tag === "session_ticket" ? { ...e, ticket } : e),
    }))
  );

sync(
  "a bad ticket beside a good ID: a full handshake, for the ID is not looked at (RFC 5077 §3.4)",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const byId = yield* handshakeStory(withServerTickets(built, undefined));
    const { client, server } = yield* changedClientHandshake(built, {}, showingBeside(random(200)));
    const [ours, theirs] = [yield* (yield* client).negotiated, yield* (yield* server).negotiated];
    assert.deepEqual([ours.resumed, theirs.resumed], [false, false]);
    assert.equal(ours.sessionId.length, 0);
    assert.equal((yield* storedSession(built)).ticket.length > 0, true);
    assert.equal(byId.answer.sessionId.length, 32);
  }),
);

sync(
  "a good ticket beside the good ID of another session: that of the ticket is resumed, and the ID echoed",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const only = (...cipherSuites: ReadonlyArray<CipherSuite>): Setup => ({
      client: { policy: { ...modern12, cipherSuites } },
    });
    const { ticket } = yield* firstHandshake(built, only(AES_256));
    const own = yield* storedSession(built);
    const byId = yield* handshakeStory(withServerTickets(built, undefined), only(AES_128));
    // It means the session of the ticket, and says the ID of the other.
    yield* editStoredSession(built, () => ({ ...own, ticket: EMPTY, id: byId.answer.sessionId }));
    const { client, server } = yield* changedClientHandshake(
      built,
      only(AES_256, AES_128),
      showingBeside(ticket),
    );
    for (const n of [yield* (yield* client).negotiated, yield* (yield* server).negotiated]) {
      assert.deepEqual([n.resumed, n.cipherSuite], [true, AES_256]);
      assert.deepEqual(n.sessionId, byId.answer.sessionId);
    }
  }),
);

sync(
  "a ticket for a server that has none of its own says nothing, and the ID beside it resumes",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    yield* handshakeStory(built);
    const { client } = yield* changedClientHandshake(built, {}, showingBeside(random(200)));
    assert.equal((yield* (yield* client).negotiated).resumed, true);
  }),
);

// ---- time ----

const HOUR = 3600;
const DAY = 24 * HOUR;
/** When the tests begin, in seconds since the epoch. */
const START = Date.UTC(2030, 0) / 1000;
const setTime = (seconds: number) => TestClock.setTime(seconds * 1000);

/** Two ends at `START`, of which the client forgets nothing. */
const longLived = Effect.gen(function* () {
  yield* setTime(START);
  const built = yield* builtWithTickets;
  const store = makeMemory({ timeToLive: "365 days" });
  return { ...built, client: Context.add(built.client, SessionStore, store) };
});

effect(
  "a ticket is renewed when half its life is over, which does not make the session any longer",
  Effect.gen(function* () {
    const built = withServerTickets(
      yield* longLived,
      makeRotating({ lifetime: "24 hours", rotateEvery: "365 days" }),
    );
    const one = yield* firstHandshake(built);
    assert.equal(one.given?.ticketLifetimeHint, DAY);
    yield* setTime(START + 12 * HOUR - 1);
    const young = yield* handshakeStory(built);
    assert.deepEqual([young.resumed, young.acknowledged], [true, false]);
    yield* setTime(START + 12 * HOUR);
    const old = yield* handshakeStory(built);
    assert.deepEqual([old.resumed, old.acknowledged, old.shown], [true, true, one.ticket]);
    assert.equal(old.given?.ticketLifetimeHint, 12 * HOUR);
    assert.notDeepEqual(old.given?.ticket, one.ticket);
    const known = yield* storedSession(built);
    assert.deepEqual(known.ticket, old.given?.ticket);
    assert.deepEqual([known.createdAt, known.ticketExpiresAt], [START, START + DAY]);
    yield* setTime(START + DAY - 1);
    const last = yield* handshakeStory(built);
    assert.deepEqual([last.shown, last.resumed, last.given?.ticketLifetimeHint], [known.ticket, true, 1]);
    yield* setTime(START + DAY);
    const over = yield* firstHandshake(built);
    assert.deepEqual(over.shown, EMPTY);
  }),
);

effect(
  "a ticket is renewed when its key seals no more, and is none when the key is gone",
  Effect.gen(function* () {
    const built = withServerTickets(
      yield* longLived,
      makeRotating({ lifetime: "24 hours", rotateEvery: "1 hour" }),
    );
    const one = yield* firstHandshake(built);
    yield* setTime(START + HOUR - 1);
    assert.equal((yield* handshakeStory(built)).acknowledged, false);
    yield* setTime(START + HOUR);
    const rotated = yield* handshakeStory(built);
    assert.deepEqual([rotated.resumed, rotated.acknowledged], [true, true]);
    assert.notDeepEqual(rotated.given?.ticket.subarray(0, 16), one.ticket.subarray(0, 16));
    const next = yield* handshakeStory(built);
    assert.deepEqual([next.shown, next.resumed, next.acknowledged], [rotated.given?.ticket, true, false]);
    yield* setTime(START + 25 * HOUR);
    const createdAt = START + 2 * HOUR;
    yield* editStoredSession(
      built,
      () => ({ createdAt, ticket: one.ticket, ticketExpiresAt: START + 30 * DAY }),
    );
    yield* expectTicketRefused(built);
  }),
);

effect(
  "a ticket whose time is over, and which is shown all the same: a full handshake",
  Effect.gen(function* () {
    const built = withServerTickets(yield* longLived, makeRotating({ lifetime: "1 hour" }));
    yield* firstHandshake(built);
    yield* editStoredSession(built, () => ({ ticketExpiresAt: START + 30 * DAY }));
    yield* setTime(START + HOUR - 1);
    // A session that is looked at and not given a new ticket.
    const known = yield* storedSession(built);
    assert.equal(yield* resumes(built), true);
    yield* editStoredSession(built, () => known);
    yield* setTime(START + HOUR);
    yield* expectTicketRefused(built);
  }),
);

effect(
  "a ticket from the future: a full handshake",
  Effect.gen(function* () {
    const built = yield* longLived;
    yield* firstHandshake(built);
    yield* setTime(START - HOUR);
    yield* editStoredSession(built, () => ({ createdAt: START - HOUR }));
    yield* expectTicketRefused(built);
  }),
);

/** What a server says of how long its ticket lives, and for how many seconds it is shown. */
const hints = [
  ["of 1 second is kept", 1, 1],
  ["of 100 seconds is kept", 100, 100],
  ["of 7 days is kept", 7 * DAY, 7 * DAY],
  ["of 7 days and a second is cut to 7 days", 7 * DAY + 1, 7 * DAY],
  ["of 2^32 - 1 seconds is cut to 7 days", 2 ** 32 - 1, 7 * DAY],
  ["of 0, which is none, is taken for 7 days", 0, 7 * DAY],
] as const;
for (const [what, ticketLifetimeHint, seconds] of hints) {
  effect(
    `a lifetime hint ${what}: the ticket is shown until then, and not after`,
    Effect.gen(function* () {
      const built = yield* longLived;
      const policy = { ...modern12, limits: { ...modern12.limits, sessionLifetime: 8 * DAY * 1000 } };
      const setup: Setup = { client: { policy } };
      const saying: Change = (stream) => ({
        ...stream,
        send: (raw, message) => {
          if (!(message instanceof NewSessionTicket)) return stream.send(raw, message);
          const other = make(NewSessionTicket, { ...message, ticketLifetimeHint });
          stream.send(encodeMessage(other), other);
        },
      });
      const { client } = yield* changedHandshake(built, setup, { server: saying });
      assert.equal((yield* (yield* client).negotiated).sessionTicket, true);
      const known = yield* storedSession(built);
      assert.deepEqual([known.createdAt, known.ticketExpiresAt], [START, START + seconds]);
      yield* setTime(START + seconds - 1);
      assert.deepEqual((yield* handshakeStory(built, setup)).shown, known.ticket);
      yield* editStoredSession(built, () => known);
      yield* setTime(START + seconds);
      const late = yield* handshakeStory(built, setup);
      assert.deepEqual([late.shown, late.hello.sessionId, late.resumed], [EMPTY, EMPTY, false]);
    }),
  );
}

// ---- extended_master_secret (RFC 7627 §5.3) ----

/** Compression would be another reason not to resume. */
const lenient: Policy = { ...legacy12, compressionMethods: [CompressionMethod.null] };
const legacies: Setup = { client: { policy: lenient }, server: { policy: lenient } };
for (const [name, setup] of [["modern", {}], ["legacy", legacies]] as const) {
  sync(
    `Policy.${name}: a ticket of a session with extended_master_secret in a hello without it is refused`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      yield* firstHandshake(built, setup);
      const { client, server } = yield* withoutExtendedMasterSecret(built, setup);
      assert.equal(
        Either.isLeft(server) && server.left._tag === "Refused" && server.left.reason,
        "session_lost_extended_master_secret",
      );
      assert.equal(yield* failureMessage(client), "the peer sent the fatal alert handshake_failure");
    }),
  );
}

sync(
  "Policy.modern gives no ticket to a client without extended_master_secret, and keeps none",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    for (let n = 0; n < 2; n++) {
      const { client, server } = yield* withoutExtendedMasterSecret(built, {});
      for (const end of [yield* client, yield* server]) {
        const { resumed, sessionTicket, extendedMasterSecret, sessionId } = yield* end.negotiated;
        assert.deepEqual([resumed, sessionTicket, extendedMasterSecret], [false, false, false]);
        assert.equal(sessionId.length, 0);
      }
      assert.equal(Option.isNone(yield* findStoredSession(built)), true);
    }
  }),
);

sync(
  "a ticket for a session without extended_master_secret is not kept by Policy.modern, whoever gives it",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    const { client } = yield* withoutExtendedMasterSecret(built, { server: { policy: lenient } });
    assert.equal((yield* (yield* client).negotiated).sessionTicket, true);
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

sync(
  "a ticket of a session without extended_master_secret resumes under Policy.legacy, while nobody has it",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    for (const resumed of [false, true]) {
      const { client, server } = yield* withoutExtendedMasterSecret(built, legacies);
      for (const end of [yield* client, yield* server]) {
        const n = yield* end.negotiated;
        assert.deepEqual([n.resumed, n.sessionTicket, n.extendedMasterSecret], [resumed, true, false]);
      }
    }
    const story = yield* expectTicketRefused(built, legacies);
    assert.equal(
      story.ours.extendedMasterSecret,
      true,
      "the next hello has it, and the session is not resumed",
    );
  }),
);

sync(
  "a ticket of a session without extended_master_secret is not shown by Policy.modern, nor taken",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* (yield* withoutExtendedMasterSecret(built, legacies)).client;
    const known = yield* storedSession(built);
    const story = yield* handshakeStory(built);
    assert.deepEqual([story.shown, story.resumed], [EMPTY, false]);
    // A client that shows it, and a server that has become strict.
    yield* editStoredSession(built, () => known);
    const strict = { ...legacies, server: { policy: modern12 } };
    const { client, server } = yield* withoutExtendedMasterSecret(built, strict);
    assert.equal((yield* (yield* client).negotiated).resumed, false);
    assert.equal((yield* (yield* server).negotiated).sessionTicket, false);
  }),
);

sync(
  "a server that resumes by a ticket and differs in extended_master_secret is refused",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built, legacies);
    yield* editStoredSession(built, () => ({ extendedMasterSecret: 0 }));
    const { client } = yield* bothHandshake(built, legacies);
    assert.equal(
      Either.isLeft(client) && client.left._tag === "Refused" && client.left.reason,
      "session_lost_extended_master_secret",
    );
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

// ---- what ends a ticket ----

/** Changes the last byte of what one end writes at some time. */
const flipping = (who: "client" | "server", when: number): Tamper => (from, bytes, index) =>
  from === who && index === when ? flipped(bytes, bytes.length - 1) : bytes;

sync(
  "a client forgets a ticket whose resumption fails at its own end, and the next handshake is full",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const { client } = yield* bothHandshake(built, { tamper: flipping("server", 1) });
    assert.equal(yield* failureMessage(client), "a record does not decrypt under the agreed keys");
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
    assert.deepEqual((yield* firstHandshake(built)).shown, EMPTY);
  }),
);

sync(
  "a client forgets a ticket whose resumption fails at the server, and the server's store is not asked",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const removed = () => Effect.die("what is not there is not removed");
    const store = { ...Context.get(built.server, SessionStore), remove: removed };
    const stateless = { ...built, server: Context.add(built.server, SessionStore, store) };
    const { client, server } = yield* bothHandshake(stateless, { tamper: flipping("client", 2) });
    assert.equal(yield* failureMessage(server), "a record does not decrypt under the agreed keys");
    assert.equal(yield* failureMessage(client), "the peer sent the fatal alert bad_record_mac");
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

sync(
  "a client forgets its ticket when a connection ends in a fatal alert later on",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    let last = false;
    const tamper: Tamper = (_, bytes) => last ? flipped(bytes, bytes.length - 1) : bytes;
    const { client, server } = yield* bothHandshake(built, { tamper });
    last = true;
    yield* (yield* server).write(ascii("data"));
    assert.equal(Option.isSome(yield* findStoredSession(built)), true);
    assert.equal(yield* failureMessage(client), "a record does not decrypt under the agreed keys");
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

for (const [version, survives] of [[TLS_1_0, false], [TLS_1_1, true], [TLS_1_2, true]] as const) {
  sync(
    `a stream that ends without close_notify ${survives ? "spares" : "takes along"} the ticket in ${
      ProtocolVersion.nameOf(version)
    }`,
    Effect.gen(function* () {
      const built = yield* builtWithTickets;
      const policy = { ...compatible12, versions: [version] };
      const streams = yield* taped();
      const [client] = yield* Effect.all([
        Effect.provide(Client.over(streams.client, { serverName: "localhost", policy }), built.client),
        Effect.provide(Server.over(streams.server, { policy }), built.server),
      ], { concurrency: 2 });
      assert.equal((yield* storedSession(built)).ticket.length > 0, true);
      yield* streams.server.close;
      assert.equal((yield* Effect.flip(client.read))._tag, "Truncated");
      assert.equal(Option.isSome(yield* findStoredSession(built)), survives);
    }),
  );
}

sync(
  "a server that refuses the hello with the ticket in it makes the client forget the ticket",
  Effect.gen(function* () {
    const built = yield* builtWithTickets;
    yield* firstHandshake(built);
    const { client } = yield* bothHandshake(built, {
      server: { policy: { ...modern12, cipherSuites: [CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256] } },
    });
    assert.equal(yield* failureMessage(client), "the peer sent the fatal alert handshake_failure");
    assert.equal(Option.isNone(yield* findStoredSession(built)), true);
  }),
);

sync(
  "a ticket for which a hello has no room is not kept, and breaks no later handshake",
  Effect.gen(function* () {
    const golden = credentialOf(Golden.client("p256"));
    // The session, and so the ticket, is longer than the certificates by some hundred bytes.
    for (const length of [50_000, 64_760, 64_850]) {
      const built = yield* builtWithTickets;
      const long = { ...golden, chain: [...golden.chain, random(length)] };
      const client = Context.merge(built.client, yield* Layer.build(credentialsOf([long])));
      for (let n = 0; n < 3; n++) {
        const { client: end } = yield* bothHandshake({ ...built, client }, {
          server: { clientAuth: "require" },
        });
        assert.equal((yield* (yield* end).negotiated).resumed, length < 60_000 && n > 0, `${length}, ${n}`);
      }
    }
  }),
);
