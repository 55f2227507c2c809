/**
 * Renegotiation as a program sees it: what policy makes of a peer's wish, its limits, who waits for whom, how it ends,
 * and an interruption at each step (RFC 5246 §7.4.1.1).
 *
 * @module
 */
import { assert, Effect, Either, Exit, Fiber, Scope, TestClock } from "../deps.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { AlertDescription } from "../../src/names/alert.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { ConnectionEvent } from "../../src/ports/observer.ts";
import type { Policy } from "../../src/tables/policy.ts";
import { ascii } from "../../src/wire/bytes.ts";
import { effect, failsWith, live, sync, tagOf, untilWaiting } from "../support/effect.ts";
import { stride } from "../support/exhaustive.ts";
import {
  bothHandshake,
  build,
  handshake,
  pingPong,
  readText,
  recordsOf,
  renegotiated,
  type Setup,
} from "../support/handshake.ts";
import { interruptedAt } from "../support/steps.ts";
import { textOf } from "../support/text.ts";
import { bothUnder, legacy12, policyFor } from "../support/policies.ts";

const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2 } = ProtocolVersion;

const speaks = (version: ProtocolVersion, more: Partial<Policy> = {}): Policy =>
  policyFor(version, {
    cipherSuites: [
      version === TLS_1_2
        ? CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        : CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
    ],
    compressionMethods: [CompressionMethod.null],
    renegotiation: "allow",
    ...more,
  });
/** One policy, unless an end has its own. */
const both = (policy: Policy, own: Partial<Setup> = {}): Setup => ({
  ...bothUnder(policy, { kind: "rsa", toy: true }),
  ...own,
});

/** Both ends, with what they heard and said in alerts. */
const alerting = (setup: Setup) =>
  Effect.gen(function* () {
    const alerts: Record<"client" | "server", Array<string>> = { client: [], server: [] };
    const observe = (who: "client" | "server") => (e: ConnectionEvent) => {
      if (e._tag === "alert") alerts[who].push(`${e.direction} ${AlertDescription.nameOf(e.description)}`);
    };
    const ends = yield* handshake({
      ...setup,
      client: { ...setup.client, observe: observe("client") },
      server: { ...setup.server, observe: observe("server") },
    });
    return { ...ends, alerts };
  });

const roles = (who: "client" | "server", { client, server }: Record<"client" | "server", Connection>) =>
  who === "client" ? [client, server] as const : [server, client] as const;

// ---- what policy makes of a peer's wish ----

for (const version of [TLS_1_0, TLS_1_1, TLS_1_2]) {
  for (const who of ["client", "server"] as const) {
    const name = `${versionText(version)}: a ${who}'s wish`;
    const setup = (renegotiation: Policy["renegotiation"]): Setup => {
      const [mine, theirs] = [speaks(version), speaks(version, { renegotiation })];
      return both(mine, who === "client" ? { server: { policy: theirs } } : { client: { policy: theirs } });
    };
    sync(
      `${name} that is refused is RenegotiationRefused; the connection goes on, and may be asked again`,
      Effect.gen(function* () {
        const { alerts, ...ends } = yield* alerting(setup("refuse"));
        const [asker, other] = roles(who, ends);
        for (let i = 0; i < 2; i++) {
          const listening = yield* Effect.fork(readText(other, 8));
          yield* failsWith(asker.renegotiate, "RenegotiationRefused");
          yield* asker.write(ascii("on we go"));
          assert.equal(yield* Fiber.join(listening), "on we go");
        }
        assert.equal(yield* pingPong(ends.client, ends.server), "ping pong");
        assert.deepEqual(alerts[who], ["received no_renegotiation", "received no_renegotiation"]);
      }),
    );
    sync(
      `${name} is closed upon by a fatal no_renegotiation`,
      Effect.gen(function* () {
        const { alerts, ...ends } = yield* alerting(setup("close"));
        const [asker, other] = roles(who, ends);
        const listening = yield* Effect.fork(other.read);
        yield* failsWith(asker.renegotiate, "PeerAlert");
        yield* failsWith(Fiber.join(listening), "Refused");
        assert.deepEqual(alerts[who], ["received no_renegotiation"]);
        yield* failsWith(asker.write(ascii("x")), "PeerAlert");
      }),
    );
    effect(
      `${name} that is ignored: ${
        who === "server"
          ? "RenegotiationRefused after a while, and the connection goes on"
          : "a HandshakeTimeout, for a ClientHello can't be taken back"
      }`,
      Effect.gen(function* () {
        const { alerts, ...ends } = yield* alerting(setup("ignore"));
        const [asker, other] = roles(who, ends);
        const listening = yield* Effect.fork(readText(other, 5));
        const asked = yield* Effect.fork(Effect.either(asker.renegotiate));
        yield* TestClock.adjust("9 seconds");
        assert.equal(asked.unsafePoll(), null);
        if (who === "server") {
          yield* asker.write(ascii("still")); // a server goes on sending
          assert.equal(yield* Fiber.join(listening), "still");
          yield* TestClock.adjust("2 seconds");
          const how = yield* Fiber.join(asked);
          assert.equal(
            Either.isLeft(how) && how.left.message,
            "the peer did not answer the request to renegotiate",
          );
          assert.equal(yield* pingPong(ends.client, ends.server), "ping pong");
          assert.deepEqual(alerts, { client: [], server: [] });
        } else {
          yield* TestClock.adjust("22 seconds");
          assert.equal(tagOf(yield* Fiber.join(asked)), "HandshakeTimeout");
          yield* failsWith(asker.write(ascii("x")), "HandshakeTimeout");
          yield* Fiber.interrupt(listening);
        }
      }),
    );
  }
}

for (const who of ["client", "server"] as const) {
  sync(
    `SSL 3.0: a ${who}'s wish that is refused is the end, for there is no such warning: handshake_failure`,
    Effect.gen(function* () {
      const [mine, theirs] = [speaks(SSL_3_0), speaks(SSL_3_0, { renegotiation: "refuse" })];
      const setup = both(
        mine,
        who === "client" ? { server: { policy: theirs } } : { client: { policy: theirs } },
      );
      const { alerts, ...ends } = yield* alerting(setup);
      const [asker, other] = roles(who, ends);
      const listening = yield* Effect.fork(Effect.either(other.read));
      const how = yield* Effect.either(asker.renegotiate);
      assert.equal(Either.isLeft(how) && how.left.message, "the peer sent the fatal alert handshake_failure");
      const heard = yield* Fiber.join(listening);
      assert.equal(
        Either.isLeft(heard) && heard.left._tag === "Refused" && heard.left.reason,
        "renegotiation_not_known",
      );
      assert.deepEqual(alerts[who], ["received handshake_failure"]);
    }),
  );
}

// ---- limits ----

effect(
  "a peer may renegotiate so often within a window of time; once more is no_renegotiation and the end",
  Effect.gen(function* () {
    const limits = { ...legacy12.limits, renegotiations: 2, renegotiationWindow: 60_000 };
    for (const who of ["client", "server"] as const) {
      const [mine, theirs] = [speaks(TLS_1_2), speaks(TLS_1_2, { limits })];
      const setup = both(
        mine,
        who === "client" ? { server: { policy: theirs } } : { client: { policy: theirs } },
      );
      const ends = yield* handshake(setup);
      const [asker, other] = roles(who, ends);
      const once = Effect.gen(function* () {
        const listening = yield* Effect.fork(Effect.either(other.read));
        const how = yield* Effect.either(asker.renegotiate);
        if (Either.isRight(how)) yield* asker.write(ascii("."));
        return [how, yield* Fiber.join(listening)] as const;
      });
      for (let i = 0; i < 2; i++) assert.equal(tagOf((yield* once)[0]), "no error");
      yield* TestClock.adjust("61 seconds");
      for (let i = 0; i < 2; i++) assert.equal(tagOf((yield* once)[0]), "no error");
      const [how, heard] = yield* once;
      assert.equal(Either.isLeft(how) && how.left.message, "the peer sent the fatal alert no_renegotiation");
      assert.equal(
        Either.isLeft(heard) && heard.left._tag === "LimitExceeded" && heard.left.limit,
        "renegotiations",
      );
    }
  }),
);

sync(
  "our own renegotiations are not counted, and may follow one another without data between",
  Effect.gen(function* () {
    const limits = { ...legacy12.limits, renegotiations: 1 };
    const { client, server } = yield* handshake(both(speaks(TLS_1_2), {
      client: { policy: speaks(TLS_1_2, { limits }) },
      server: { policy: speaks(TLS_1_2, { limits: { ...limits, renegotiations: 20 } }) },
    }));
    const listening = yield* Effect.fork(server.read);
    for (let i = 0; i < 12; i++) yield* client.renegotiate;
    yield* client.write(ascii("."));
    yield* Fiber.join(listening);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

effect(
  "data that nobody reads while a renegotiation is awaited is bounded, and the typed error says which limit",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(both(speaks(TLS_1_2)));
    const asked = yield* Effect.fork(Effect.either(client.renegotiate));
    const writing = yield* Effect.fork(
      Effect.forEach(Array.from({ length: 20 }), () => server.write(new Uint8Array(10_000))),
    );
    // Who reads slowly is waited for, who does not read is not.
    for (let i = 0; i < 20 && asked.unsafePoll() === null; i++) yield* TestClock.adjust("1100 millis");
    const how = yield* Fiber.join(asked);
    assert.equal(
      Either.isLeft(how) && how.left._tag === "LimitExceeded" && how.left.limit,
      "renegotiationBuffer",
    );
    // What had arrived is still there.
    let got = 0;
    for (;;) {
      const data = yield* Effect.either(client.read);
      if (Either.isLeft(data)) break;
      got += data.right?.length ?? 0;
    }
    assert.ok(got > 100_000 && got <= 128 * 1024, `${got}`);
    yield* Fiber.join(writing);
  }),
);

// ---- who waits for whom ----

sync(
  "two who ask for the same share one renegotiation; one who asks for something else has his own after it",
  Effect.gen(function* () {
    let hellos = 0;
    const setup = both(speaks(TLS_1_2), {
      clientKind: "rsa",
      client: {
        policy: speaks(TLS_1_2),
        observe: (e) => void (e._tag === "message" && e.message._tag === "ClientHello" && hellos++),
      },
    });
    const { client, server } = yield* handshake(setup);
    const listening = yield* Effect.fork(server.read);
    const all = yield* Effect.all([
      client.renegotiate,
      client.renegotiate,
      client.renegotiateWith({ resume: true }),
    ], { concurrency: 3 });
    assert.equal(hellos, 3); // with the first handshake's
    assert.equal(all[0], all[1]);
    assert.deepEqual(all.map((n) => n.resumed), [false, false, true]);
    yield* client.write(ascii("."));
    yield* Fiber.join(listening);
    // A server that wants a certificate now does not share with one that does not.
    const reading = yield* Effect.fork(client.read);
    yield* Effect.all([server.renegotiate, server.renegotiateWith({ clientAuth: "require" })], {
      concurrency: 2,
    });
    assert.equal((yield* server.peerCertificates).length, 1);
    yield* server.write(ascii("."));
    yield* Fiber.join(reading);
  }),
);

sync(
  "both ends ask at once: one handshake answers both",
  Effect.gen(function* () {
    let hellos = 0;
    const setup = both(speaks(TLS_1_2), {
      server: {
        policy: speaks(TLS_1_2),
        observe: (e) => void (e._tag === "message" && e.message._tag === "ClientHello" && hellos++),
      },
    });
    const { client, server } = yield* handshake(setup);
    const [c, s] = yield* Effect.all([client.renegotiate, server.renegotiate], { concurrency: 2 });
    assert.deepEqual(c.clientRandom, s.clientRandom);
    assert.equal(hellos, 2);
    assert.equal(yield* pingPong(client, server), "ping pong");
  }),
);

sync(
  "after a HelloRequest a server goes on sending; a client sends nothing from its ClientHello to its end",
  Effect.gen(function* () {
    const built = yield* build(both(speaks(TLS_1_2)));
    const { client: c, server: s, tape } = yield* bothHandshake(built, both(speaks(TLS_1_2)));
    const [client, server] = [yield* c, yield* s];
    const before = tape.flows.length;
    const asked = yield* Effect.fork(server.renegotiate);
    while (tape.flows.length === before) yield* Effect.yieldNow(); // until the HelloRequest is out
    yield* server.write(ascii("meanwhile"));
    const reading = yield* Effect.fork(readText(client, 10));
    const writing = yield* Effect.fork(Effect.forEach(["a", "b", "c"], (t) => client.write(ascii(t))));
    yield* Fiber.join(asked);
    yield* Fiber.join(writing);
    yield* server.write(ascii("."));
    assert.equal(yield* Fiber.join(reading), "meanwhile.");
    assert.equal(yield* readText(server, 3), "abc");
    const types = (from: "client" | "server") =>
      tape.flows.slice(before).filter((f) => f.from === from).flatMap((f) => recordsOf(f.bytes)).map((r) =>
        r[0]
      );
    const mine = types("client");
    const [first, last] = [mine.indexOf(22), mine.lastIndexOf(22)];
    assert.ok(last > first && mine.slice(first, last).every((t) => t !== 23), `${mine}`);
    assert.deepEqual(types("server").slice(0, 2), [22, 23]);
  }),
);

live(
  "a reader who is blocked does not hold up a renegotiation, nor is he woken without data",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(both(speaks(TLS_1_2)));
    const [one, two] = [yield* Effect.fork(client.read), yield* Effect.fork(server.read)];
    yield* untilWaiting(one, two);
    yield* client.renegotiate;
    yield* server.renegotiate;
    assert.deepEqual([one.unsafePoll(), two.unsafePoll()], [null, null]);
    yield* server.write(ascii("s"));
    yield* client.write(ascii("c"));
    assert.equal((yield* Fiber.join(one))?.[0], 0x73);
    assert.equal((yield* Fiber.join(two))?.[0], 0x63);
  }),
);

// ---- the end ----

sync(
  "after either close_notify there is no renegotiation: Closed",
  Effect.gen(function* () {
    const first = yield* handshake(both(speaks(TLS_1_2)));
    yield* first.client.closeWrite;
    yield* failsWith(first.client.renegotiate, "Closed");
    assert.equal(yield* first.server.read, undefined);
    yield* failsWith(first.server.renegotiate, "Closed");
    // The peer's close_notify comes in place of its answer.
    const { client, server } = yield* handshake(both(speaks(TLS_1_2)));
    const asked = yield* Effect.fork(client.renegotiate);
    yield* Effect.yieldNow();
    yield* server.closeWrite;
    yield* failsWith(Fiber.join(asked), "Closed");
    assert.equal(yield* client.read, undefined);
    yield* client.write(ascii("last words")); // the other half is open still
    yield* client.close;
  }),
);

sync(
  "a HelloRequest after our close_notify is passed over",
  Effect.gen(function* () {
    const { client, server } = yield* handshake(both(speaks(TLS_1_2)));
    yield* client.closeWrite;
    const asked = yield* Effect.fork(server.renegotiate);
    yield* Effect.yieldNow();
    yield* server.write(ascii("more"));
    assert.equal(yield* readText(client, 4), "more");
    yield* failsWith(Fiber.join(asked), "Closed");
  }),
);

sync(
  "what a server's renegotiation required is required in the client's own after it: no certificate is shed",
  Effect.gen(function* () {
    const { client, server } = yield* handshake({
      ...both(speaks(TLS_1_2)),
      kind: "rsa",
      clientKind: "rsa",
      toy: true,
    });
    yield* renegotiated(server, client, { clientAuth: "require" });
    assert.equal((yield* server.peerCertificates).length, 1);
    for (let i = 0; i < 2; i++) {
      yield* renegotiated(client, server, {});
      assert.equal((yield* server.peerCertificates).length, 1);
    }
    yield* renegotiated(server, client, { clientAuth: "none" });
    yield* renegotiated(client, server, {});
    assert.equal((yield* server.peerCertificates).length, 0, "the server itself may ask for less");
  }),
);

sync(
  "a reader is told under which handshake's keys each piece came: the boundary of a renegotiation",
  Effect.gen(function* () {
    const { client, server } = yield* handshake({ ...both(speaks(TLS_1_2)), kind: "rsa", toy: true });
    const told: Array<string> = [];
    const reading = yield* Effect.fork(Effect.gen(function* () {
      for (let got = yield* server.readWithEpoch; got; got = yield* server.readWithEpoch) {
        told.push(`${got.epoch} ${textOf(got.data)}`);
      }
    }));
    yield* client.write(ascii("by whom?"));
    yield* client.renegotiate;
    yield* client.write(ascii("by this one"));
    yield* client.closeWrite;
    yield* Fiber.join(reading);
    assert.deepEqual(told, ["1 by whom?", "2 by this one"]);
    assert.equal((yield* server.negotiated).epoch, 2);
  }),
);

sync(
  "close in the middle of a renegotiation says user_canceled and close_notify, and waits for nobody",
  Effect.gen(function* () {
    const { alerts, ...ends } = yield* alerting(both(speaks(TLS_1_2)));
    const asked = yield* Effect.fork(ends.client.renegotiate);
    yield* Effect.yieldNow();
    yield* ends.client.close; // `sync`: nothing is waited for
    yield* failsWith(Fiber.join(asked), "Closed");
    yield* failsWith(ends.client.write(ascii("x")), "Closed");
    assert.deepEqual(alerts.client, ["sent user_canceled", "sent close_notify"]);
    yield* failsWith(ends.server.renegotiate, "Closed");
  }),
);

sync(
  "a scope that closes in the middle of a renegotiation ends it, and whoever waits for it",
  Effect.gen(function* () {
    const scope = yield* Scope.make();
    const { client, server } = yield* Scope.extend(handshake(both(speaks(TLS_1_2))), scope);
    const waiting = yield* Effect.fork(Effect.all([
      Effect.either(client.renegotiate),
      Effect.either(client.read),
      Effect.either(client.write(ascii("x"))),
      Effect.either(server.read),
    ], { concurrency: 4 }));
    yield* Effect.yieldNow();
    yield* Scope.close(scope, Exit.void); // `sync`: nothing is waited for
    const ends: ReadonlyArray<Either.Either<unknown, { readonly _tag: string }>> = yield* Fiber.join(waiting);
    assert.deepEqual(ends.map(tagOf), Array(4).fill("Closed"));
  }),
);

// ---- interruption at every step ----

/** What can be interrupted, and whether the connection must live on. */
const targets: Readonly<
  Record<
    string,
    {
      readonly of: (c: Connection, s: Connection) => Effect.Effect<unknown, unknown>;
      readonly lives: boolean;
    }
  >
> = {
  "the client's renegotiate": { of: (client) => client.renegotiate, lives: true },
  "the server's renegotiate": { of: (_, server) => server.renegotiate, lives: true },
  "a read of the client": { of: (client) => Effect.zipRight(client.read, client.read), lives: true },
  "a read of the server": { of: (_, server) => Effect.zipRight(server.read, server.read), lives: true },
  "a write of the client": { of: (client) => client.write(ascii("w".repeat(40_000))), lives: false },
  "a write of the server": { of: (_, server) => server.write(ascii("w".repeat(40_000))), lives: false },
  "the client's close": { of: (client) => client.close, lives: false },
  "the server's close": { of: (_, server) => server.close, lives: false },
};

const STEP = stride("steps of a renegotiation", 9);

for (const [name, { of, lives }] of Object.entries(targets)) {
  Deno.test(
    `${name}, interrupted at every step of a renegotiation with data both ways: ${
      lives ? "nothing is lost and all goes on" : "an end that is typed, and nobody hangs"
    }`,
    async () => {
      let steps = 0;
      for (let at = 0;; at += STEP) {
        const scope = Effect.runSync(Scope.make());
        const { client, server } = Effect.runSync(Scope.extend(handshake(both(speaks(TLS_1_2))), scope));
        const got: Record<"client" | "server", string> = { client: "", server: "" };
        const reads = name.startsWith("a read");
        const collect = (who: "client" | "server", end: Connection) =>
          Effect.gen(function* () {
            for (;;) {
              const data = yield* end.read;
              if (!data) return;
              got[who] += textOf(data);
            }
          });
        const scene = {
          target: reads
            ? Effect.forever(
              Effect.flatMap(name.includes("client") ? client.read : server.read, (data) =>
                Effect.sync(() => {
                  if (data) {
                    got[name.includes("client") ? "client" : "server"] += textOf(data);
                  }
                })),
            )
            : of(client, server),
          clientReads: collect("client", client),
          serverReads: collect("server", server),
          talk: Effect.all([
            Effect.forEach(["1", "2", "3"], (t) => client.write(ascii(t))),
            client.renegotiate,
            Effect.forEach(["a", "b", "c"], (t) => server.write(ascii(t))),
          ], { concurrency: 3 }),
        };
        const outcome = await interruptedAt(scene, "target", at, { whole: reads });
        assert.ok(outcome.ended["talk"], `step ${at}: the others have ended`);
        if (lives) {
          const rest = await outcome.go(Effect.gen(function* () {
            yield* client.write(ascii("."));
            yield* server.write(ascii("."));
            const rest = (end: Connection, heard: string) =>
              Effect.iterate(heard, {
                while: (all) => !all.endsWith("."),
                body: (all) =>
                  Effect.map(end.read, (data) => all + (data ? textOf(data) : assert.fail(`${at}: the end`))),
              });
            got.server = yield* rest(server, got.server);
            got.client = yield* rest(client, got.client);
            const asked = yield* Effect.fork(server.read);
            yield* client.renegotiate;
            yield* client.write(ascii("!"));
            return (yield* Fiber.join(asked))?.[0];
          }));
          assert.equal(rest, 0x21, `step ${at}`);
          assert.deepEqual(got, { client: "abc.", server: "123." }, `step ${at}`);
        } else {
          assert.match(got.server.replace(/w/g, ""), /^(1(23?)?)?$/, `step ${at}`);
          assert.match(got.client.replace(/w/g, ""), /^(a(bc?)?)?$/, `step ${at}`);
          // Either all goes on, or both ends say why not, and whoever read has heard of it.
          const after = await outcome.go(
            Effect.forEach(
              [client, server],
              (end) => Effect.map(Effect.either(end.write(ascii("."))), tagOf),
            ),
          );
          const goesOn = after[0] === "no error";
          const reads = [outcome.ended["clientReads"], outcome.ended["serverReads"]];
          assert.deepEqual(reads, [!goesOn, !goesOn], `step ${at}`);
          const expected = goesOn ? /^no error$/ : /^(Closed|Truncated|TransportError)$/;
          for (const tag of after) assert.match(tag, expected, `step ${at}`);
        }
        await outcome.go(Scope.close(scope, Exit.void));
        if (!outcome.hit) break;
        steps++;
      }
      assert.ok(steps * STEP > 3, `${steps} steps`);
    },
  );
}
