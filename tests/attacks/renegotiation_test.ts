/**
 * Attacks on renegotiation, resumption and tickets, each by its name. SECURITY.md lists them with the attacks on
 * versions and records.
 *
 * @module
 */
import { assert, Effect, Either, Fiber, Layer, Option, TestClock } from "../deps.ts";
import { effect, sync } from "../support/effect.ts";
import { bothHandshake, build, handshake, recordsOf, type Setup } from "../support/handshake.ts";
import {
  type Change,
  changedClientHandshake,
  changedHandshake,
  withoutExtendedMasterSecret,
} from "../support/other_ends.ts";
import { replay } from "../support/replay.ts";
import { ticketsUnderKeys } from "../support/tickets.ts";

import { Transcript } from "../../src/crypto/transcript.ts";
import { tls12 } from "../../src/tables/versions/tls12.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { layerDeterministic } from "../../src/layers/crypto/deterministic.ts";
import { makeRotating } from "../../src/layers/tickets/rotating.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, HandshakeType } from "../../src/names/protocol.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { compatible12, legacy12 } from "../support/policies.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import { suites } from "../../src/tables/suites.ts";
import { ascii, type Bytes, concat, toHex } from "../../src/wire/bytes.ts";

const policy: Policy = { ...compatible12, renegotiation: "allow" };
const usual: Setup = { kind: "rsa", toy: true, client: { policy }, server: { policy } };

// ---- the renegotiation prefix (CVE-2009-3555) ----

/** What a victim's client says first, when it connects to whom it takes for the server. */
const victimsHello = (of: Policy) =>
  Effect.map(replay("client", [], { ...usual, client: { policy: of } }), ({ said }) => {
    const [record] = recordsOf(said);
    return record!.subarray(5);
  });

for (
  const [what, of] of [
    ["an empty renegotiation_info", policy],
    ["the SCSV", { ...legacy12, compressionMethods: [CompressionMethod.null] }],
  ] as const
) {
  sync(
    `renegotiation prefix: a victim's first hello, with ${what}, is no continuation of an attacker's connection`,
    Effect.gen(function* () {
      const hello = yield* victimsHello(of);
      let count = 0;
      // The attacker has a connection of his own, and passes the victim's hello off as its renegotiation.
      const splicing: Change = (stream) => ({
        ...stream,
        send: (raw, message) =>
          stream.send(message instanceof ClientHello && count++ > 0 ? hello : raw, message),
      });
      const setup = { ...usual, server: { policy: { ...of, renegotiation: "allow" as const } } };
      const { client, server } = yield* changedClientHandshake(yield* build(usual), setup, splicing);
      const [attacker, victim] = [yield* client, yield* server];
      yield* attacker.write(ascii("POST /transfer HTTP/1.1\r\nX-Ignore: "));
      const reading = yield* Effect.fork(Effect.either(Effect.zipRight(victim.read, victim.read)));
      const spliced = yield* Effect.either(attacker.renegotiate);
      const heard = yield* Fiber.join(reading);
      assert.equal(
        Either.isLeft(heard) && heard.left._tag === "Refused" && heard.left.reason,
        "insecure_renegotiation",
      );
      assert.equal(
        Either.isLeft(spliced) && spliced.left.message,
        "the peer sent the fatal alert handshake_failure",
      );
    }),
  );
}

// ---- the triple handshake ----

sync(
  "triple handshake: the same premaster secret and randoms on two connections are two master secrets with RFC 7627",
  Effect.gen(function* () {
    const suite = suites.get(CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256)!;
    const crypto = makeDeterministic("triple");
    const random = { client: crypto.random(32), server: crypto.random(32) };
    const premaster = crypto.random(48);
    const { master, extendedMaster } = tls12.derive(suite, random, crypto);
    // The two differ in the certificate that the client was shown.
    const [one, two] = ["the attacker's certificate", "the server's certificate"].map((shown) => {
      const transcript = new Transcript();
      transcript.add(ascii(shown));
      return transcript.snapshot();
    });
    assert.equal(toHex(master(premaster)), toHex(master(premaster)));
    assert.notEqual(toHex(extendedMaster(premaster, one!)), toHex(extendedMaster(premaster, two!)));
    yield* Effect.void;
  }),
);

sync(
  "triple handshake: without RFC 7627 nothing is resumed, nothing is bound to the connection",
  Effect.gen(function* () {
    const { client } = yield* withoutExtendedMasterSecret(yield* build({ ...usual, tickets: true }), usual);
    const connection = yield* client;
    const { extendedMasterSecret, sessionId, sessionTicket } = yield* connection.negotiated;
    assert.deepEqual([extendedMasterSecret, sessionId.length, sessionTicket], [false, 0, false]);
    for (
      const bound of [
        connection.exportKeyingMaterial("EXPORTER-x", 32),
        connection.channelBinding("tls-exporter"),
      ]
    ) {
      assert.equal((yield* Effect.flip(bound))._tag, "BindingUnavailable");
    }
  }),
);

// ---- out of order, in a renegotiation ----

/** Says ChangeCipherSpec before the connection's second message of this name. */
const earlyChange = (name: string): Change => {
  let count = 0;
  return (stream) => ({
    ...stream,
    send: (raw, message) => {
      if (message._tag === name && count++ > 0) stream.changeCipherSpec();
      stream.send(raw, message);
    },
  });
};

for (const [role, name] of [["client", "ClientKeyExchange"], ["server", "ServerHelloDone"]] as const) {
  sync(
    `early ChangeCipherSpec (CVE-2014-0224): in a renegotiation, before the ${role}'s ${name}, it is refused`,
    Effect.gen(function* () {
      const { client, server } = yield* changedHandshake(yield* build(usual), usual, {
        [role]: earlyChange(name),
      });
      const ends = { client: yield* client, server: yield* server };
      const reading = yield* Effect.fork(Effect.either(Effect.asVoid(ends.server.read)));
      const asked = yield* Effect.either(Effect.asVoid(ends.client.renegotiate));
      const results = { client: asked, server: yield* Fiber.join(reading) };
      const heard = results[role === "client" ? "server" : "client"];
      assert.equal(Either.isLeft(heard) && heard.left._tag, "UnexpectedMessage");
      assert.match(Either.isLeft(heard) ? heard.left.message : "", /got ChangeCipherSpec$/);
    }),
  );
}

sync(
  "SKIP-TLS: in a renegotiation a server that goes from ServerHello to ChangeCipherSpec and Finished is refused",
  Effect.gen(function* () {
    let hellos = 0;
    const skipping: Change = (stream) => ({
      ...stream,
      send: (raw, message) => {
        if (message._tag === "ServerHello") hellos++;
        const skipped = hellos > 1 &&
          ["Certificate", "ServerKeyExchange", "ServerHelloDone"].includes(message._tag);
        if (skipped && message._tag === "ServerHelloDone") stream.changeCipherSpec();
        else if (!skipped) stream.send(raw, message);
      },
    });
    const { client, server } = yield* changedHandshake(yield* build(usual), usual, { server: skipping });
    const [c, s] = [yield* client, yield* server];
    yield* Effect.fork(Effect.either(s.read));
    assert.equal((yield* Effect.flip(c.renegotiate)).message, "expected Certificate, got ChangeCipherSpec");
  }),
);

for (
  const [role, next] of [["client", HandshakeType.client_hello], [
    "server",
    HandshakeType.hello_request,
  ]] as const
) {
  sync(
    `packed handshakes: what the ${role} says behind its Finished in one record is refused, in the first handshake and in the next`,
    Effect.gen(function* () {
      for (const nth of [1, 2]) {
        let count = 0;
        const packing: Change = (stream) => ({
          ...stream,
          send: (raw, message) =>
            stream.send(
              message._tag === "Finished" && ++count === nth
                ? concat(raw, Uint8Array.of(next, 0, 0, 0))
                : raw,
              message,
            ),
        });
        const { client, server } = yield* changedHandshake(yield* build(usual), usual, { [role]: packing });
        const heard = { client, server }[role === "client" ? "server" : "client"];
        if (nth === 1) {
          assert.equal(Either.isLeft(heard) && heard.left._tag, "UnexpectedMessage");
          continue;
        }
        const [c, s] = [yield* client, yield* server];
        const reading = yield* Effect.fork(Effect.either(Effect.asVoid(s.read)));
        const asked = yield* Effect.either(Effect.asVoid(c.renegotiate));
        const again = role === "client" ? yield* Fiber.join(reading) : asked;
        assert.match(Either.isLeft(again) ? again.left.message : "", /got handshake bytes behind Finished$/);
      }
    }),
  );
}

// ---- tickets ----

effect(
  "ticket-key compromise: a stolen key opens what it sealed and nothing else, and is gone a lifetime after its last use",
  Effect.provide(
    Effect.gen(function* () {
      const ring = makeRotating({ lifetime: "10 hours", rotateEvery: "1 hour" });
      const built = yield* build(usual);
      const { client } = yield* bothHandshake(built, usual);
      yield* client;
      const session = yield* Effect.flatMap(
        Effect.provide(SessionStore, built.client),
        (store) => Effect.map(store.get("localhost"), Option.getOrThrow),
      );
      const before = yield* ring.seal(session);
      yield* TestClock.adjust("61 minutes");
      const after = yield* ring.seal(session);
      const name = (ticket: Bytes) => toHex(ticket.subarray(0, 16));
      assert.notEqual(name(before), name(after), "another key seals now");
      // Whoever has the ring reads the master secret: a ticket has no forward secrecy of its own.
      const opened = Option.getOrThrow(yield* ring.open(before));
      assert.equal(toHex(opened.session.masterSecret), toHex(session.masterSecret));
      assert.equal(Option.isNone(yield* makeRotating().open(before)), true, "another ring reads nothing");
      const stolen = ticketsUnderKeys(1);
      assert.equal(Option.isSome(yield* stolen.open(yield* ticketsUnderKeys(1).seal(session))), true);
      const next = yield* ticketsUnderKeys(2, 1).seal(session);
      assert.equal(Option.isNone(yield* stolen.open(next)), true, "nor what the next key sealed");
      yield* TestClock.adjust("11 hours");
      assert.equal(Option.isNone(yield* ring.open(before)), true, "and after its life nobody does");
    }),
    Layer.orDie(layerDeterministic("thief")),
  ),
);

// ---- floods ----

effect(
  "renegotiation flood: a client that renegotiates again and again is cut off",
  Effect.gen(function* () {
    const tight = { ...policy, limits: { ...policy.limits, renegotiations: 3 } };
    const { client, server } = yield* handshake({ ...usual, server: { policy: tight } });
    const reading = yield* Effect.fork(Effect.either(server.read));
    let done = 0;
    for (; done < 10; done++) if (Either.isLeft(yield* Effect.either(client.renegotiate))) break;
    assert.equal(done, 3);
    const heard = yield* Fiber.join(reading);
    assert.equal(
      Either.isLeft(heard) && heard.left.message,
      "renegotiations: 4; at most 3 are allowed",
    );
  }),
);

sync(
  "renegotiation flood: wishes that are declined are counted too",
  Effect.gen(function* () {
    const strict: Policy = { ...policy, renegotiation: "refuse" };
    const { client, server } = yield* handshake({ ...usual, server: { policy: strict } });
    const reading = yield* Effect.fork(Effect.either(server.read));
    const ends: Array<string> = [];
    for (let i = 0; i < 6; i++) {
      const how = yield* Effect.either(client.renegotiate);
      ends.push(Either.isLeft(how) ? how.left._tag : "done");
    }
    assert.deepEqual(ends.slice(0, 4), Array.from({ length: 4 }, () => "RenegotiationRefused"));
    const heard = yield* Fiber.join(reading);
    assert.equal(
      Either.isLeft(heard) && heard.left._tag === "LimitExceeded" && heard.left.limit,
      "helloRequests",
    );
  }),
);
