/**
 * A client's certificate that is asked for after the handshake (RFC 8446 §4.6.2), and a client that learns only after its
 * handshake that its certificate is refused.
 *
 * @module
 */
import { assert, Context, Effect, Fiber, TestClock } from "../../deps.ts";
import type { Connection } from "../../../src/connection/connection.ts";
import { CertificateError } from "../../../src/faults/errors/trust.ts";
import { encodeMessage } from "../../../src/grammar/message_kind.ts";
import { KeyUpdate, NewSessionTicket13 } from "../../../src/messages/mod.ts";
import { AlertDescription } from "../../../src/names/alert.ts";
import { HandshakeType } from "../../../src/names/protocol.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { Crypto } from "../../../src/ports/crypto.ts";
import type { ConnectionEvent } from "../../../src/ports/observer.ts";
import { type Session, SessionStore } from "../../../src/ports/sessions.ts";
import { CertificateVerifier } from "../../../src/ports/trust.ts";
import { limits } from "../../../src/tables/limits.ts";
import { ascii, toHex } from "../../../src/wire/bytes.ts";
import { make } from "../../../src/wire/codec.ts";
import * as Golden from "../../golden/certificates.ts";
import { effect, failsWith, sync, untilWaiting } from "../../support/effect.ts";
import {
  bothHandshake,
  build,
  credentialOf,
  handshake,
  pingPong,
  readText,
  type Setup,
} from "../../support/handshake.ts";
import { changedHandshake, changing } from "../../support/other_ends.ts";
import { bothUnder, modern13 } from "../../support/policies.ts";
import { handshakeMessage } from "../../support/replay.ts";
import { bytesOf } from "../../support/text.ts";
import { findStoredSession } from "../../support/tickets.ts";

const certified: Setup = bothUnder(modern13, { toy: true, clientKind: "p256" });
const bare: Setup = bothUnder(modern13, { toy: true });

/** Two ends that have talked, so that the client has read its tickets. */
const talking = (setup: Setup) =>
  Effect.tap(
    handshake(setup),
    ({ client, server }) => Effect.map(pingPong(client, server), (said) => assert.equal(said, "ping pong")),
  );

/** Asks the client, which answers when it reads. */
const ask = (client: Connection, server: Connection, clientAuth?: "request" | "require") =>
  Effect.gen(function* () {
    const reading = yield* Effect.fork(readText(client, 1));
    const asked = yield* Effect.fork(server.requestClientCertificate(clientAuth));
    const negotiated = yield* Fiber.join(asked);
    yield* server.write(bytesOf("."));
    yield* Fiber.join(reading);
    return negotiated;
  });

for (const clientAuth of [undefined, "request", "require"] as const) {
  sync(
    `a certificate is asked for later${
      clientAuth ? ` (${clientAuth})` : ""
    }, and shown: the server knows the client, and the connection is the same`,
    Effect.gen(function* () {
      const { client, server } = yield* talking(certified);
      assert.deepEqual(yield* server.peerCertificates, []);
      const before = yield* server.negotiated;
      assert.deepEqual(yield* ask(client, server, clientAuth), before);
      assert.equal((yield* server.peerCertificates).length, 1);
      assert.deepEqual(yield* server.negotiated, before);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }),
  );
}

sync(
  "a client without a certificate says so, where none must be",
  Effect.gen(function* () {
    const { client, server } = yield* talking(bare);
    yield* ask(client, server, "request");
    assert.deepEqual(yield* server.peerCertificates, []);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "a client without a certificate that must have one is told certificate_required",
  Effect.gen(function* () {
    const { client, server } = yield* talking(bare);
    const reading = yield* Effect.fork(Effect.either(client.read));
    const { reason } = yield* failsWith(server.requestClientCertificate(), "Refused");
    assert.equal(reason, "client_certificate_required");
    const { description } = yield* failsWith(Effect.flatten(Fiber.join(reading)), "PeerAlert");
    assert.equal(description, AlertDescription.certificate_required);
  }),
);

sync(
  "a certificate is asked for a second time, with an answer of its own",
  Effect.gen(function* () {
    const { client, server } = yield* talking(certified);
    for (let i = 0; i < 2; i++) {
      yield* ask(client, server);
      assert.equal((yield* server.peerCertificates).length, 1);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }
  }),
);

sync(
  "two who ask at once are served one after the other",
  Effect.gen(function* () {
    const { client, server } = yield* talking(certified);
    const reading = yield* Effect.fork(readText(client, 1));
    const [a, b] = yield* Effect.all([server.requestClientCertificate(), server.requestClientCertificate()], {
      concurrency: 2,
    });
    assert.deepEqual(a, b);
    yield* server.write(bytesOf("."));
    yield* Fiber.join(reading);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "a resumed connection can be asked as well, and so can one after a HelloRetryRequest",
  Effect.gen(function* () {
    const built = yield* build(certified);
    const groups = modern13.groups.slice(1).filter((group) => group < 256);
    const retried = { ...certified, server: { policy: { ...modern13, groups } } };
    for (const setup of [certified, certified, retried]) {
      const ends = yield* bothHandshake(built, setup);
      const [client, server] = [yield* ends.client, yield* ends.server];
      assert.equal(yield* pingPong(client, server), "ping pong");
      yield* ask(client, server);
      assert.equal((yield* server.peerCertificates).length, 1);
      assert.equal(yield* pingPong(client, server), "ping pong");
    }
  }),
);

sync(
  "a ticket that comes after the answer is of the identity that was shown, and one before it of none (RFC 8446 §4.6.1)",
  Effect.gen(function* () {
    const late = make(NewSessionTicket13, {
      ticketLifetime: 100,
      ticketAgeAdd: 0,
      ticketNonce: ascii("late"),
      ticket: ascii("late"),
      extensions: [],
    });
    const built = yield* build(certified);
    const store = Context.get(built.client, SessionStore);
    const kept: Array<Session> = [];
    const keeping = {
      ...store,
      put: (key: string, session: Session) =>
        Effect.zipRight(Effect.sync(() => kept.push(session)), store.put(key, session)),
    };
    const ends = yield* changedHandshake(
      { ...built, client: Context.add(built.client, SessionStore, keeping) },
      certified,
      { server: changing(KeyUpdate, () => encodeMessage(late)) },
    );
    const [client, server] = [yield* ends.client, yield* ends.server];
    assert.equal(yield* pingPong(client, server), "ping pong");
    yield* ask(client, server);
    // Its ticket goes under the keys that are; nothing after it is understood.
    yield* server.updateKeys();
    yield* server.write(bytesOf("?"));
    yield* failsWith(client.read, "BadRecordMac");
    const { chain: [leaf] } = credentialOf(Golden.client("p256"));
    const shown = toHex(Context.get(built.client, Crypto).hash("sha256").digest([leaf!]));
    assert.deepEqual(kept.map(({ ownCertificate }) => toHex(ownCertificate)), ["", "", shown]);
    assert.deepEqual(
      kept.map(({ ownScheme }) => ownScheme),
      [SignatureScheme.of(0), SignatureScheme.of(0), SignatureScheme.ecdsa_secp256r1_sha256],
    );
  }),
);

for (const who of ["client", "server"] as const) {
  for (const request of [false, true]) {
    sync(
      `a ${who} that updates its keys between the question and the answer${
        request ? ", and asks for the same," : ""
      } changes nothing`,
      Effect.gen(function* () {
        const { client, server } = yield* talking(certified);
        const asked = yield* Effect.fork(server.requestClientCertificate());
        yield* untilWaiting(asked);
        yield* (who === "client" ? client : server).updateKeys({ request });
        const reading = yield* Effect.fork(readText(client, 1));
        yield* Fiber.join(asked);
        yield* server.write(bytesOf("."));
        yield* Fiber.join(reading);
        assert.equal((yield* server.peerCertificates).length, 1);
        assert.equal(yield* pingPong(client, server), "ping pong");
      }),
    );
  }
}

sync(
  "data goes both ways between the question and the answer",
  Effect.gen(function* () {
    const { client, server } = yield* talking(certified);
    const asked = yield* Effect.fork(server.requestClientCertificate());
    yield* untilWaiting(asked);
    yield* client.write(bytesOf("before I read your question"));
    yield* server.write(bytesOf("behind it"));
    const heard = yield* Effect.fork(readText(server, 27));
    assert.equal(yield* readText(client, 9), "behind it");
    yield* Fiber.join(asked);
    assert.equal(yield* Fiber.join(heard), "before I read your question");
    assert.equal((yield* server.peerCertificates).length, 1);
  }),
);

effect(
  "a client that does not answer in limits.renegotiationWait is a RenegotiationRefused; its answer is still understood",
  Effect.gen(function* () {
    const { client, server } = yield* talking(certified);
    const asked = yield* Effect.fork(Effect.either(server.requestClientCertificate()));
    yield* TestClock.adjust(limits.renegotiationWait - 1);
    assert.equal(asked.unsafePoll(), null);
    yield* TestClock.adjust(1);
    const { by } = yield* failsWith(Effect.flatten(Fiber.join(asked)), "RenegotiationRefused");
    assert.equal(by, "silence");
    assert.deepEqual(yield* server.peerCertificates, []);
    yield* server.write(bytesOf("?"));
    assert.equal(yield* readText(client, 1), "?"); // and now it answers
    assert.equal(yield* pingPong(client, server), "ping pong");
    assert.equal((yield* server.peerCertificates).length, 1);
  }),
);

sync(
  "a client that did not offer it is not asked, and a client cannot ask",
  Effect.gen(function* () {
    const refusing = { ...modern13, renegotiation: "refuse" } as const;
    const { client, server } = yield* talking({ ...certified, client: { policy: refusing } });
    const { by } = yield* failsWith(server.requestClientCertificate(), "RenegotiationRefused");
    assert.equal(by, "offer");
    yield* failsWith(client.requestClientCertificate(), "InvalidOption");
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "a client that did not offer to be asked later, and is, ends with unexpected_message",
  Effect.gen(function* () {
    const refusing = { ...modern13, renegotiation: "refuse" } as const;
    const request = handshakeMessage(HandshakeType.certificate_request, Uint8Array.of(1, 1, 0, 0));
    const built = yield* build(certified);
    const ends = yield* changedHandshake(built, { ...certified, client: { policy: refusing } }, {
      server: changing(KeyUpdate, () => request),
    });
    const [client, server] = [yield* ends.client, yield* ends.server];
    yield* server.updateKeys();
    const error = yield* failsWith(client.read, "UnexpectedMessage");
    assert.equal(error.got, "CertificateRequest");
  }),
);

for (const who of ["client", "server"] as const) {
  sync(
    `a ${who} of TLS 1.3 that renegotiates is refused by the version, and nothing is sent`,
    Effect.gen(function* () {
      const { tape, ...both } = yield* talking(certified);
      const before = tape.flows.length;
      const { by } = yield* failsWith(both[who].renegotiate, "RenegotiationRefused");
      assert.equal(by, "version");
      yield* failsWith(both[who].renegotiateWith({ resume: true }), "RenegotiationRefused");
      assert.equal(tape.flows.length, before);
      assert.equal(yield* pingPong(both.client, both.server), "ping pong");
    }),
  );
}

// ---- a client that learns it late ----

/** A verifier that trusts no client. */
const distrusting = Context.make(CertificateVerifier, {
  partition: "toy",
  verify: () =>
    Effect.fail(
      new CertificateError({
        reason: "unknown_ca",
        index: 0,
        subject: "",
        detail: "by the test",
        rfc: "RFC 5280 §6.1",
      }),
    ),
});

for (
  const [what, setup, alert] of [
    ["no certificate where one must be", bare, "certificate_required"],
    ["a certificate that is refused", certified, "unknown_ca"],
  ] as const
) {
  sync(
    `a client that shows ${what} is connected, learns it from its first read as ${alert}, and forgets the session`,
    Effect.gen(function* () {
      const built = yield* build(setup);
      const first = yield* bothHandshake(built, setup);
      assert.equal(yield* pingPong(yield* first.client, yield* first.server), "ping pong");
      assert.equal((yield* findStoredSession(built))._tag, "Some");
      const strict = { ...built, server: Context.merge(built.server, distrusting) };
      const alerts: Array<string> = [];
      const observe = (e: ConnectionEvent) => {
        if (e._tag === "alert") alerts.push(`${e.direction} ${AlertDescription.nameOf(e.description)}`);
      };
      const ends = yield* bothHandshake(setup === bare ? built : strict, {
        ...setup,
        client: { ...setup.client, observe, policy: { ...modern13, pskKeyExchangeModes: [] } },
        server: { ...setup.server, clientAuth: "require" },
      });
      const client = yield* ends.client;
      assert.equal(ends.server._tag, "Left");
      const { description } = yield* failsWith(client.read, "PeerAlert");
      assert.equal(AlertDescription.nameOf(description), alert);
      assert.deepEqual(alerts, [`received ${alert}`]);
      yield* failsWith(client.write(bytesOf("x")), "PeerAlert");
      assert.equal((yield* findStoredSession(built))._tag, "None");
    }),
  );
}
