/**
 * Sealing and opening session tickets, and the keys for it: how they rotate, and the file that keeps them (RFC 5077
 * §4).
 *
 * @module
 */
import {
  Arbitrary,
  assert,
  Effect,
  Either,
  FastCheck as fc,
  Fiber,
  JSONSchema,
  type Layer,
  Logger,
  Option,
  Schema,
  type Scope,
  TestClock,
} from "../../deps.ts";
import { layerDeterministic } from "../../../src/layers/crypto/deterministic.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import type { Crypto, CryptoService } from "../../../src/ports/crypto.ts";
import { Session } from "../../../src/ports/sessions.ts";
import { SessionTickets, type SessionTicketsService, TicketKey } from "../../../src/ports/tickets.ts";
import * as Layers from "../../../src/public/session_tickets.ts";
import * as Ring from "../../../src/tickets/ring.ts";
import { sessionBox } from "../../../src/tickets/seal.ts";
import { MAX_TICKET, Ticket } from "../../../src/tickets/ticket.ts";
import { ascii, type Bytes, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { codec, make } from "../../../src/wire/codec.ts";
import { effect, temporary } from "../../support/effect.ts";
import { sessionWith } from "../../support/session.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** When the tests begin, in seconds since the epoch. */
const START = Date.UTC(2030, 0) / 1000;

/** Runs at `START`, with the randomness of a seed. */
const test = (name: string, body: Effect.Effect<unknown, unknown, Scope.Scope | Crypto>): void =>
  effect(name, Effect.zipRight(setTime(START), body).pipe(Effect.provide(layerDeterministic("tickets"))));

const setTime = (seconds: number) => TestClock.setTime(seconds * 1000);

const bytes = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);

const session = (change: Partial<Session> = {}): Session =>
  sessionWith({
    masterSecret: bytes(48, 0xa5),
    peerCertificates: [bytes(300, 0x30), bytes(200, 0x31)],
    serverEndPoint: bytes(32, 0x42),
    createdAt: START,
    ...change,
  });

const key = (n: number): TicketKey => ({ name: bytes(16, n), key: bytes(32, n + 0x80), createdAt: START });

/** The service of a layer. */
const from = <E, R>(layer: Layer.Layer<never, E, R>): Effect.Effect<SessionTicketsService, E, R> =>
  Effect.map(Effect.provide(SessionTickets, layer), (service) => {
    assert.ok(service);
    return service;
  });

const shown = (s: Session): string => toHex(codec(Session).unsafeEncode(s));

const opens = (service: SessionTicketsService, ticket: Bytes) =>
  Effect.map(service.open(ticket), Option.isSome);
const renews = (service: SessionTicketsService, ticket: Bytes) =>
  Effect.map(service.open(ticket), Option.match({ onNone: () => "none", onSome: ({ renew }) => renew }));

// -- what a ticket is --

effect(
  "without a layer there are no tickets",
  Effect.map(SessionTickets, (service) => assert.equal(service, undefined)),
);

test(
  "what was sealed is opened, without what only a store and a client need",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const whole = session({ id: bytes(32, 1), ticket: bytes(100, 2), ticketExpiresAt: START + 1 });
    const ticket = yield* tickets.seal(whole);
    const got = Option.getOrThrow(yield* tickets.open(ticket));
    assert.equal(got.renew, false);
    assert.equal(shown(got.session), shown(session()));
    assert.ok(got.session instanceof Session);
  }),
);

test(
  "a ticket shows nothing of its session",
  Effect.gen(function* () {
    const ticket = toHex(yield* Layers.makeRotating().seal(session()));
    for (const secret of [bytes(4, 0xa5), bytes(4, 0x30), ascii("localhost")]) {
      assert.ok(!ticket.includes(toHex(secret)));
    }
  }),
);

Deno.test("sealing leaves no copy of the master secret behind", () => {
  const crypto = makeDeterministic(1);
  const seen: Array<Bytes> = [];
  const spying: CryptoService = {
    ...crypto,
    aead: (name, secret) => {
      const { seal, open } = crypto.aead(name, secret);
      return { open, seal: (nonce, data, plain) => (seen.push(plain), seal(nonce, data, plain)) };
    },
  };
  assert.ok(sessionBox.seal(spying, key(1), session()));
  assert.equal(seen.length, 1);
  assert.ok(seen[0]!.every((byte) => byte === 0));
});

test(
  "a ticket with any byte changed is none",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const ticket = yield* tickets.seal(session({ peerCertificates: [] }));
    for (let at = 0; at < ticket.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const forged = ticket.slice();
        forged[at]! ^= change;
        assert.equal(yield* opens(tickets, forged), false, `byte ${at}`);
      }
    }
    assert.ok(yield* opens(tickets, ticket));
  }),
);

test(
  "every prefix of a ticket is none, and so is a ticket with a byte more",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const ticket = yield* tickets.seal(session());
    for (let n = 0; n < ticket.length; n++) {
      assert.equal(yield* opens(tickets, ticket.subarray(0, n)), false, `${n} bytes`);
    }
    assert.equal(yield* opens(tickets, Uint8Array.of(...ticket, 0)), false);
  }),
);

test(
  "a ticket under the right key that holds no session is none",
  Effect.gen(function* () {
    const crypto = makeDeterministic(1);
    const { name, key: secret } = key(1);
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const sealing = (purpose: string, plain: Bytes) =>
      codec(Ticket).unsafeEncode(make(Ticket, {
        keyName: name,
        nonce: bytes(12, 1),
        sealed: crypto.aead("aes_256_gcm", secret)
          .seal(bytes(12, 1), Uint8Array.of(...ascii(purpose), ...name), plain),
      }));
    const plain = codec(Session).unsafeEncode(session());
    const purpose = "effect-tls session ticket 4";
    assert.ok(yield* opens(tickets, sealing(purpose, plain)));
    assert.equal(yield* opens(tickets, sealing(purpose, plain.subarray(1))), false);
    assert.equal(yield* opens(tickets, sealing(purpose, Uint8Array.of(...plain, 0))), false);
    assert.equal(yield* opens(tickets, sealing(purpose, EMPTY)), false);
    assert.equal(yield* opens(tickets, sealing("something else", plain)), false);
  }),
);

test(
  "a ticket of version 4 still opens: whoever changes a layout raises the number in what the tag vouches for",
  Effect.gen(function* () {
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const short = session({ peerCertificates: [bytes(3, 0x30)], trustedUntil: 5 });
    const golden = "01010101010101010101010101010101" + "8df9537d7eae39d73c10a85c" + "00c4" +
      "c06a1563d4dfbc947864609656e2c1f266c695993e3452d9f8dbac7e824f2f1a49aaa97324a42f9a55a9f02a03a660aa" +
      "109a925c8e8db1817bc378c11da97b5589053acc9112579b67c09541100889a9b2427b2142d7bdd68ca3434e0c7841ec" +
      "e0f2263993900aa767d342857f6d5e8c2dd4adf93807ec8d94c3eb92d1b7c35541e1df9dbcfab8a6e29a0385b0a12a05" +
      "ab8e1922311e261b3a1ffccce6082960aa74b0ddab45270565477951a2f75d78a5c50a74fc4d1c84720c54b7dd5bafe9" +
      "9bffc12c";
    const { session: got } = Option.getOrThrow(yield* tickets.open(Uint8Array.fromHex(golden)));
    assert.equal(shown(got), shown(short));
    assert.equal(toHex(yield* tickets.seal(short)), golden);
  }),
);

test(
  "a ticket of version 3, whose session does not say until when it is trusted, is none",
  Effect.gen(function* () {
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const old = "01010101010101010101010101010101" + "8df9537d7eae39d73c10a85c" + "00c0" +
      "c06a1563d4dfbc947864609656e2c1f266c695993e3452d9f8dbac7e824f2f1a49aaa97324a42f9a55a9f02a03a660aa" +
      "109a925c8e8db1817bc378c11da97b5589053acc9112579b67c09541100889a9b2427b2142d7bdd68ca3434e0c7841ec" +
      "e0f2263993900aa767d342857f6d5e8c2dd4adf93807ec8d94c3eb92d1b7c35541e1df9dbcfab8a6e29a0385b0a12a05" +
      "ab8e1922311e261b3a1ffccce6082960af74b0ddab45270565477951a2f75d7842d37bce5c5960bbb15cdc4c8465e3b3";
    assert.equal(yield* opens(tickets, Uint8Array.fromHex(old)), false);
  }),
);

test(
  "a ticket of version 2, whose session says nothing of TLS 1.3, is none",
  Effect.gen(function* () {
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const old = "01010101010101010101010101010101" + "8df9537d7eae39d73c10a85c" + "00b2" +
      "c06a1563d4df29947864609656e2c1f266c695993e3452d9f8dbac7e824f2f1a49aaa97324a42f9a55a9f02a03a660aa" +
      "109a925c8e8d158072a67bcd1fa47f5295024ecc9112579b67c09541100889a9b2427b2142d7bdd68ca3434e0c7841ec" +
      "e0f2263993900ca167d071857f7d3c8c2dd4adf93807ec8d94c3eb92d1b7c35541e1df9dbcfab8a6e29a0385b0a16818" +
      "b68e1922311e221c49b4ff9466082960af74007f2e66898e8f0ef829a7a9a37756b5";
    assert.equal(yield* opens(tickets, Uint8Array.fromHex(old)), false);
  }),
);

test(
  "a ticket of version 1, whose session does not say whose it is, is none",
  Effect.gen(function* () {
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const old = "01010101010101010101010101010101" + "8df9537d7eae39d73c10a85c" + "008c" +
      "c06a1563d4df29947864609656e2c1f266c695993e3452d9f8dbac7e824f2f1a49aaa97324a42f9a55a9f02a03a660aa" +
      "109a925c8e8d158072a67bcd1fa47f5295024bbefe7d23e867c09341100bb999826239630095ff94cee1010c4e3a03ae" +
      "a2b0647bd1d248e3259103f70d1f3c8c2dd49f60a2c5aecfd681a9d0668eb3470718a271e64828e1f081662a";
    assert.equal(yield* opens(tickets, Uint8Array.fromHex(old)), false);
  }),
);

test(
  "the longest session that fits makes a ticket of 65,535 bytes, and one byte more an empty one",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const sealing = (length: number) => tickets.seal(session({ peerCertificates: [bytes(length, 1)] }));
    const overhead = (yield* sealing(1)).length - 1;
    const longest = yield* sealing(MAX_TICKET - overhead);
    assert.equal(longest.length, MAX_TICKET);
    assert.ok(yield* opens(tickets, longest));
    assert.equal((yield* sealing(MAX_TICKET - overhead + 1)).length, 0);
  }),
);

test(
  "a session with more certificates than a session can hold makes an empty ticket, too",
  Effect.gen(function* () {
    const peerCertificates = Array.from({ length: 20 }, () => bytes(2 ** 20, 1));
    assert.equal((yield* Layers.makeRotating().seal(session({ peerCertificates }))).length, 0);
  }),
);

test(
  "no two of 1,000 tickets have the same nonce, nor do tickets of one session resemble each other",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const made = yield* Effect.replicateEffect(tickets.seal(session()), 1000);
    const read = made.map((ticket) => Either.getOrThrow(codec(Ticket).decode(ticket)));
    assert.equal(new Set(read.map(({ nonce }) => toHex(nonce))).size, 1000);
    assert.equal(new Set(read.map(({ sealed }) => toHex(sealed.subarray(0, 16)))).size, 1000);
    assert.equal(new Set(read.map(({ keyName }) => toHex(keyName))).size, 1);
  }),
);

test(
  "whatever the session, its ticket gives it back, and the ticket of another ring does not",
  Effect.gen(function* () {
    const [own, other] = [Layers.makeRotating(), Layers.makeRotating()];
    yield* other.seal(session());
    for (const some of fc.sample(Arbitrary.make(Session), { numRuns: 200, seed: 1 })) {
      const young = make(Session, { ...some, createdAt: START - some.createdAt % DAY });
      const ticket = yield* own.seal(young);
      const { session: got } = Option.getOrThrow(yield* own.open(ticket));
      assert.equal(
        shown(got),
        shown(make(Session, { ...young, id: EMPTY, ticket: EMPTY, ticketExpiresAt: 0 })),
      );
      assert.equal(yield* opens(other, ticket), false);
    }
  }),
);

test(
  "whatever the bytes, they are no ticket",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    yield* tickets.seal(session());
    const some = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      Arbitrary.make(Ticket).map(codec(Ticket).unsafeEncode),
    );
    for (const forged of fc.sample(some, { numRuns: 500, seed: 1 })) {
      assert.equal(yield* opens(tickets, forged), false);
    }
  }),
);

Deno.test("tickets and their keys have a wire form, a JSON form and a JSON Schema", () => {
  for (const schema of [Ticket, TicketKey] as ReadonlyArray<Schema.Schema<unknown>>) {
    const { decode, encode, json } = codec(schema);
    fc.assert(
      fc.property(Arbitrary.make(schema), (value) => {
        const wire = Either.getOrThrow(encode(value));
        const revived = Either.getOrThrow(json.decode(JSON.parse(JSON.stringify(json.encode(value)))));
        assert.deepEqual(Either.getOrThrow(encode(revived)), wire);
        assert.deepEqual(Either.getOrThrow(encode(Either.getOrThrow(decode(wire)))), wire);
      }),
      { numRuns: 60 },
    );
    assert.ok(JSONSchema.make(Schema.encodedSchema(schema)));
  }
  assert.deepEqual(codec(TicketKey).json.encode(key(1)), {
    name: "01".repeat(16),
    key: "81".repeat(32),
    createdAt: START,
  });
});

// -- how long it opens --

test(
  "a session is resumed until its lifetime is over, counted from its full handshake",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating({ lifetime: "1 hour" });
    assert.equal(tickets.lifetime, HOUR);
    const ticket = yield* tickets.seal(session());
    yield* setTime(START + HOUR / 2 - 1);
    assert.equal(yield* renews(tickets, ticket), false);
    yield* setTime(START + HOUR / 2);
    assert.equal(yield* renews(tickets, ticket), true);
    const again = yield* tickets.seal(session());
    yield* setTime(START + HOUR - 1);
    assert.ok(yield* opens(tickets, ticket));
    assert.ok(yield* opens(tickets, again));
    assert.ok((yield* tickets.seal(session())).length > 0);
    yield* setTime(START + HOUR);
    assert.equal(yield* opens(tickets, ticket), false);
    assert.equal(yield* opens(tickets, again), false, "a new ticket does not make the session young");
    assert.equal((yield* tickets.seal(session())).length, 0);
  }),
);

test(
  "a session from the future is none, unless clocks may differ so much",
  Effect.gen(function* () {
    const tickets = yield* from(Layers.layerKeys({ keys: [key(1)] }));
    const ticket = yield* tickets.seal(session());
    yield* setTime(START - 60);
    assert.ok(yield* opens(tickets, ticket));
    yield* setTime(START - 61);
    assert.equal(yield* opens(tickets, ticket), false);
    assert.equal((yield* tickets.seal(session())).length, 0);
  }),
);

for (
  const [lifetime, seconds] of [
    ["8 days", 7 * DAY],
    ["7 days", 7 * DAY],
    [Infinity, 7 * DAY],
    ["1500 millis", 1],
    [undefined, DAY],
  ] as const
) {
  test(
    `a lifetime of ${lifetime ?? "no particular length"} is one of ${seconds} seconds`,
    Effect.gen(function* () {
      const options = lifetime === undefined ? {} : { lifetime };
      const folder = yield* temporary;
      for (
        const layer of [
          Layers.layerRotating(options),
          Layers.layerKeys({ keys: [key(1)], ...options }),
          Layers.layerFile(`${folder}/keys`, options),
        ]
      ) {
        yield* setTime(START);
        const tickets = yield* from(layer);
        assert.equal(tickets.lifetime, seconds);
        const ticket = yield* tickets.seal(session());
        yield* setTime(START + seconds - 1);
        assert.ok(yield* opens(tickets, ticket));
        yield* setTime(START + seconds);
        assert.equal(yield* opens(tickets, ticket), false);
      }
    }),
  );
}

test(
  "with no lifetime there are no tickets",
  Effect.gen(function* () {
    assert.equal((yield* Layers.makeRotating({ lifetime: 0 }).seal(session())).length, 0);
  }),
);

// -- how keys come and go --

const nameOf = (ticket: Bytes): string => toHex(Either.getOrThrow(codec(Ticket).decode(ticket)).keyName);

const inMemory = (options: Layers.RotatingOptions) => Effect.succeed(Layers.layerRotating(options));
const inFile = (options: Layers.RotatingOptions) =>
  Effect.map(temporary, (folder) => Layers.layerFile(`${folder}/keys.json`, options));

for (const [where, make] of [["memory", inMemory], ["a file", inFile]] as const) {
  test(
    `a key in ${where} seals for its time, opens for a lifetime more, and is gone`,
    Effect.gen(function* () {
      const tickets = yield* from(yield* make({ lifetime: "24 hours", rotateEvery: "8 hours" }));
      const first = yield* tickets.seal(session());
      yield* setTime(START + 8 * HOUR - 1);
      // As young as a session can be, so that it is the key that ends and not the session.
      const last = yield* tickets.seal(session({ createdAt: START + 8 * HOUR + 59 }));
      assert.equal(nameOf(last), nameOf(first));
      assert.equal(yield* renews(tickets, last), false);
      yield* setTime(START + 8 * HOUR);
      assert.equal(
        yield* renews(tickets, last),
        true,
        "its time to seal is over, though no other has sealed yet",
      );
      const next = yield* tickets.seal(session());
      assert.notEqual(nameOf(next), nameOf(first));
      assert.equal(yield* renews(tickets, next), false);
      assert.equal(yield* renews(tickets, last), true);
      yield* setTime(START + 32 * HOUR - 1);
      assert.ok(yield* opens(tickets, last));
      yield* setTime(START + 32 * HOUR);
      assert.equal(yield* opens(tickets, last), false);
      yield* setTime(START + 31 * HOUR);
      assert.equal(yield* opens(tickets, last), false, "it does not come back with the clock");
    }),
  );
}

test(
  "a key that nobody asks for is not made, and after a long silence there is a new one",
  Effect.gen(function* () {
    const tickets = Layers.makeRotating();
    const before = yield* tickets.seal(session());
    yield* setTime(START + 100 * DAY);
    const after = yield* tickets.seal(session({ createdAt: START + 100 * DAY }));
    assert.notEqual(nameOf(after), nameOf(before));
    assert.equal(yield* renews(tickets, after), false);
  }),
);

const terms = { lifetime: 24, rotateEvery: 8 };
const at = (createdAt: number, n = createdAt): TicketKey => ({ ...key(n), createdAt });

Deno.test("a ring gets a key when its newest seals no more, and loses those that open nothing any more", () => {
  let ring: Ring.TicketKeyRing = [];
  const created = () => ring.map(({ createdAt }) => createdAt);
  const rotate = (now: number) => ring = Ring.rotated(ring, terms, now, () => at(now));
  rotate(100);
  assert.deepEqual(created(), [100]);
  const same = ring;
  assert.equal(rotate(107), same);
  rotate(108);
  rotate(120);
  assert.deepEqual(created(), [120, 108, 100]);
  rotate(131);
  assert.deepEqual(created(), [131, 120, 108, 100]);
  rotate(132);
  assert.deepEqual(created(), [131, 120, 108]);
  rotate(200);
  assert.deepEqual(created(), [200]);
  assert.equal(Ring.newest(ring, terms, 207), ring[0]);
  assert.equal(Ring.newest(ring, terms, 208), undefined);
  assert.equal(Ring.newest([], terms, 0), undefined);
});

Deno.test("a key from the future neither seals nor stays: the clock that made it was wrong", () => {
  const ring = [at(1060), at(1000)];
  assert.equal(Ring.kept(ring, terms, 1000), ring);
  assert.equal(Ring.newest(ring, terms, 1000), ring[0]);
  assert.equal(Ring.newest(ring, terms, 999), undefined);
  assert.deepEqual(Ring.rotated(ring, terms, 999, () => at(999)), [ring[1]]);
});

Deno.test("two rings merge into one, the same in either order", () => {
  const [a, b, c, d] = [at(30, 1), at(20, 2), at(20, 3), at(10, 4)];
  assert.deepEqual(Ring.merged([b, d], [a, c, d]), [a, b, c, d]);
  assert.deepEqual(Ring.merged([a, c, d], [b, d]), [a, b, c, d]);
  assert.ok(Ring.sameKeys([a, b], [b, a]));
  assert.ok(!Ring.sameKeys([a, b], [a, c]));
  assert.ok(!Ring.sameKeys([a], [a, b]));
  assert.equal(Ring.find([a, b], bytes(16, 2)), b);
  assert.equal(Ring.find([a, b], bytes(16, 9)), undefined);
});

Deno.test("however time goes on, a ticket opens for its session's lifetime and its key seals no longer than it may", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 60 });
  fc.assert(fc.property(steps, (waits) => {
    let [now, ring] = [1000, [] as Ring.TicketKeyRing];
    const used: Array<{ readonly key: TicketKey; readonly now: number }> = [];
    for (const wait of waits) {
      now += wait;
      ring = Ring.rotated(ring, terms, now, () => at(now, now % 256));
      assert.ok(now - ring[0]!.createdAt < terms.rotateEvery);
      used.push({ key: ring[0]!, now });
      for (const { key, now: then } of used) {
        if (now < then + terms.lifetime) assert.equal(Ring.find(ring, key.name), key);
      }
      assert.ok(ring.every(({ createdAt }) => now - createdAt < terms.lifetime + terms.rotateEvery));
    }
  }));
});

// -- given keys --

test(
  "of given keys the first seals and all open",
  Effect.gen(function* () {
    const [one, two] = [
      yield* from(Layers.layerKeys({ keys: [key(1), key(2)] })),
      yield* from(Layers.layerKeys({ keys: [key(2), key(1)] })),
    ];
    const ticket = yield* one.seal(session());
    assert.equal(nameOf(ticket), "01".repeat(16));
    assert.equal(yield* renews(one, ticket), false);
    assert.equal(yield* renews(two, ticket), true);
    const three = yield* from(Layers.layerKeys({ keys: [key(3)] }));
    assert.equal(yield* opens(three, ticket), false);
    const wrong = yield* from(Layers.layerKeys({ keys: [{ ...key(1), key: bytes(32, 9) }] }));
    assert.equal(yield* opens(wrong, ticket), false);
  }),
);

test(
  "given keys are copied, and a made one serves as one",
  Effect.gen(function* () {
    const made = yield* Layers.makeKey;
    assert.equal(made.createdAt, START);
    const [tickets, other] = [
      yield* from(Layers.layerKeys({ keys: [made] })),
      yield* from(Layers.layerKeys({ keys: [made] })),
    ];
    const ticket = yield* tickets.seal(session());
    made.key.fill(0);
    assert.ok(yield* opens(other, ticket));
  }),
);

for (
  const [name, keys] of [
    ["a short key", [{ ...key(1), key: bytes(16, 1) }]],
    ["a short name", [{ ...key(1), name: bytes(4, 1) }]],
    ["two keys of one name", [key(1), { ...key(1), key: bytes(32, 9) }]],
    ["no key", []],
  ] as ReadonlyArray<readonly [string, ReadonlyArray<TicketKey>]>
) {
  test(
    `${name} is refused when the layer is built`,
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.asVoid(from(Layers.layerKeys({ keys: keys as never }))));
      assert.equal(error._tag, "InvalidOption");
      assert.match(error.option, /^keys(\.[01]\.(name|key))?$/);
    }),
  );
}

// -- keys in a file --

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

/** The keys' names and when they were made, as the file says. */
const written = (path: string): ReadonlyArray<readonly [string, number]> =>
  JSON.parse(Deno.readTextFileSync(path)).keys.map((k: typeof TicketKey.Encoded) => [k.name, k.createdAt]);

/** What is logged while an effect runs. */
const logged = <A, E, R>(
  run: Effect.Effect<A, E, R>,
): Effect.Effect<readonly [A, ReadonlyArray<string>], E, R> => {
  const lines: Array<string> = [];
  const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel.label} ${message}`));
  return Effect.map(
    Effect.provide(run, Logger.replace(Logger.defaultLogger, logger)),
    (a) => [a, lines] as const,
  );
};

test(
  "with a file, tickets survive a restart",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const before = yield* from(Layers.layerFile(path));
    const ticket = yield* before.seal(session());
    const { ino } = Deno.statSync(path);
    const after = yield* from(Layers.layerFile(path));
    assert.equal(Deno.statSync(path).ino, ino, "a file that says all is not replaced");
    assert.equal(yield* renews(after, ticket), false);
    assert.equal(nameOf(yield* after.seal(session())), nameOf(ticket));
    yield* setTime(START + 9 * HOUR);
    const later = yield* from(Layers.layerFile(path));
    assert.equal(yield* renews(later, ticket), true);
    yield* setTime(START + 33 * HOUR);
    yield* from(Layers.layerFile(path));
    assert.deepEqual(written(path).map(([, createdAt]) => createdAt), [START + 33 * HOUR, START + 9 * HOUR]);
  }),
);

test(
  "the file is its owner's alone, stays so when it is replaced, and nothing is left beside it",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const path = `${folder}/keys.json`;
    const mode = () => Deno.statSync(path).mode! & 0o777;
    const tickets = yield* from(Layers.layerFile(path));
    if (Deno.build.os !== "windows") assert.equal(mode(), 0o600);
    Deno.chmodSync(path, 0o644);
    yield* setTime(START + 8 * HOUR);
    yield* tickets.seal(session());
    assert.equal(written(path).length, 2);
    if (Deno.build.os !== "windows") assert.equal(mode(), 0o600);
    assert.deepEqual(filesIn(folder), ["keys.json"]);
  }),
);

test(
  "the file's form stays readable",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const keys = [{ name: "01".repeat(16), key: "81".repeat(32), createdAt: START }];
    Deno.writeTextFileSync(path, JSON.stringify({ version: 1, keys }));
    const tickets = yield* from(Layers.layerFile(path));
    assert.ok(
      yield* opens(tickets, yield* (yield* from(Layers.layerKeys({ keys: [key(1)] }))).seal(session())),
    );
    yield* setTime(START + 8 * HOUR);
    yield* tickets.seal(session());
    assert.deepEqual(JSON.parse(Deno.readTextFileSync(path)).keys[1], keys[0]);
  }),
);

const failing = (path: string) =>
  Effect.flip(Effect.catchTag(from(Layers.layerFile(path)), "InvalidOption", Effect.die));

for (
  const [name, text, where] of [
    ["is empty", "", ""],
    ["is no JSON", `{"version":1,"keys":[{"name":"SECRET`, ""],
    ["is another JSON", `"SECRET"`, ""],
    ["is of another version", `{"version":2,"keys":[]}`, " at version"],
    [
      "has a short key",
      `{"version":1,"keys":[{"name":"${"00".repeat(16)}","key":"5ec2e7","createdAt":0}]}`,
      " at keys.0.key",
    ],
    [
      "has a key in letters",
      `{"version":1,"keys":[{"name":"${"00".repeat(16)}","key":"SECRET","createdAt":0}]}`,
      " at keys.0.key",
    ],
    [
      "has a key without a date",
      `{"version":1,"keys":[{"name":"${"00".repeat(16)}","key":"${"5ec2e7ff".repeat(8)}"}]}`,
      " at keys.0.createdAt",
    ],
  ] as const
) {
  test(
    `a file that ${name} fails the layer, which tells nothing of it and leaves it as it is`,
    Effect.gen(function* () {
      const path = `${yield* temporary}/keys.json`;
      Deno.writeTextFileSync(path, text);
      const error = yield* failing(path);
      assert.ok(error instanceof Layers.TicketKeysError);
      assert.equal(error.message, `ticket keys, read ${path}: malformed${where}`);
      assert.doesNotMatch(Deno.inspect(error, { depth: 9 }), /SECRET|5ec2e7/);
      assert.equal(Deno.readTextFileSync(path), text);
    }),
  );
}

test(
  "a file that can't be read, or written, fails the layer",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const unreadable = yield* failing(folder);
    assert.deepEqual([unreadable._tag, unreadable.operation, unreadable.path], [
      "TicketKeysError",
      "read",
      folder,
    ]);
    assert.match(unreadable.message, /^ticket keys, read .*: Is a directory/);
    const path = `${folder}/nowhere/keys.json`;
    const unwritable = yield* failing(path);
    assert.deepEqual([unwritable.operation, unwritable.path], ["write", path]);
    assert.match(unwritable.message, /^ticket keys, write .*: No such file or directory/);
    assert.deepEqual(filesIn(folder), []);
  }),
);

test(
  "when the file can't be written any more, a warning says so once and the new key is in memory",
  Effect.gen(function* () {
    const folder = `${yield* temporary}/inner`;
    Deno.mkdirSync(folder);
    const path = `${folder}/keys.json`;
    const tickets = yield* from(Layers.layerFile(path));
    const first = yield* tickets.seal(session());
    Deno.removeSync(folder, { recursive: true });
    yield* setTime(START + 8 * HOUR);
    const [second, lines] = yield* logged(tickets.seal(session()));
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^WARN ticket keys, write .*: No such file .*; the keys go on in memory$/);
    assert.equal(yield* renews(tickets, second), false);
    assert.equal(yield* renews(tickets, first), true);
    yield* setTime(START + 16 * HOUR);
    const [third, more] = yield* logged(tickets.seal(session()));
    assert.notEqual(nameOf(third), nameOf(second));
    assert.equal(more.length, 0);
    Deno.mkdirSync(folder);
    yield* setTime(START + 24 * HOUR);
    yield* tickets.seal(session({ createdAt: START + 24 * HOUR }));
    assert.equal(written(path).length, 4, "and all are in the file once it can be written again");
    Deno.removeSync(folder, { recursive: true });
    yield* setTime(START + 33 * HOUR);
    const [, again] = yield* logged(tickets.seal(session({ createdAt: START + 33 * HOUR })));
    assert.equal(again.length, 1, "new trouble is told again");
  }),
);

test(
  "a file that somebody spoilt later on is left alone, with a warning",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const tickets = yield* from(Layers.layerFile(path));
    Deno.writeTextFileSync(path, "spoilt");
    const before = yield* tickets.seal(session());
    yield* setTime(START + 8 * HOUR);
    const [ticket, lines] = yield* logged(tickets.seal(session()));
    assert.notEqual(nameOf(ticket), nameOf(before));
    assert.deepEqual(lines, [`WARN ticket keys, read ${path}: malformed; the keys go on in memory`]);
    assert.ok(yield* opens(tickets, ticket));
    assert.equal(Deno.readTextFileSync(path), "spoilt");
  }),
);

test(
  "of two processes that share a file, each opens what the other sealed, also after one has made a new key",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const [a, b] = [yield* from(Layers.layerFile(path)), yield* from(Layers.layerFile(path))];
    assert.ok(yield* opens(b, yield* a.seal(session())));
    yield* setTime(START + 8 * HOUR);
    const fromA = yield* a.seal(session());
    assert.equal(yield* renews(b, fromA), false, "b reads the file again, for the name of the new key");
    const fromB = yield* b.seal(session());
    assert.equal(nameOf(fromB), nameOf(fromA));
    yield* setTime(START + 16 * HOUR);
    const next = yield* b.seal(session());
    assert.equal(nameOf(yield* a.seal(session())), nameOf(next), "a reads the file before it makes a key");
    assert.equal(written(path).length, 3);
  }),
);

test(
  "names that nobody knows make it read the file once a second at most",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const [a, b] = [yield* from(Layers.layerFile(path)), yield* from(Layers.layerFile(path))];
    const stranger = yield* Layers.makeRotating().seal(session());
    yield* setTime(START + 8 * HOUR - 0.5);
    assert.equal(yield* opens(b, stranger), false);
    yield* TestClock.adjust(500);
    const fromA = yield* a.seal(session());
    assert.equal(yield* opens(b, fromA), false);
    yield* TestClock.adjust(499);
    assert.equal(yield* opens(b, fromA), false);
    yield* TestClock.adjust(1);
    assert.ok(yield* opens(b, fromA));
  }),
);

test(
  "two processes that make a key at the same moment come to know each other's, and to seal with the same",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const two = [yield* from(Layers.layerFile(path)), yield* from(Layers.layerFile(path))] as const;
    const [a, b] = two;
    yield* setTime(START + 8 * HOUR);
    const sealing = () => Effect.forEach(two, ({ seal }) => seal(session()), { concurrency: "unbounded" });
    const [fromA, fromB] = yield* sealing();
    for (let round = 0; round < 2; round++) {
      yield* TestClock.adjust(1000);
      yield* opens(a, fromB!);
      yield* opens(b, fromA!);
    }
    assert.ok(yield* opens(a, fromB!));
    assert.ok(yield* opens(b, fromA!));
    assert.equal(new Set((yield* sealing()).map(nameOf)).size, 1);
  }),
);

test(
  "many who seal and open at once while a key is replaced make one key",
  Effect.gen(function* () {
    const path = `${yield* temporary}/keys.json`;
    const [a, b] = [yield* from(Layers.layerFile(path)), yield* from(Layers.layerFile(path))];
    yield* setTime(START + 8 * HOUR);
    const made = yield* Effect.all(Array.from({ length: 50 }, () => a.seal(session())), {
      concurrency: "unbounded",
    });
    assert.equal(new Set(made.map(nameOf)).size, 1);
    assert.equal(written(path).length, 2);
    const read = yield* Effect.forEach(made, (ticket) => opens(b, ticket), { concurrency: "unbounded" });
    assert.ok(read.every((opened) => opened), "who comes while the file is read waits for it");
  }),
);

test(
  "a connection that goes away in the middle breaks nothing off: the new key comes, in memory and in the file",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const path = `${folder}/keys.json`;
    const tickets = yield* from(Layers.layerFile(path));
    yield* setTime(START + 8 * HOUR);
    const going = yield* Effect.fork(tickets.seal(session()));
    yield* Effect.yieldNow();
    yield* Fiber.interrupt(going);
    while (written(path).length < 2) yield* Effect.promise(() => new Promise((done) => setTimeout(done, 1)));
    assert.equal(yield* renews(tickets, yield* tickets.seal(session())), false);
    assert.equal(written(path).length, 2);
    assert.deepEqual(filesIn(folder), ["keys.json"]);
  }),
);
