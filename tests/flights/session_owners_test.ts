/**
 * Whose a session is: the client that made it, with the server that it was made with, under the same trust.
 *
 * @module
 */
import { assert, Context, Effect, Either, Fiber, Layer, Option, Queue, Stream } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { CertificateError } from "../../src/faults/errors/trust.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { makeRotating } from "../../src/layers/tickets/rotating.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { type Credential, Credentials, type CredentialsService } from "../../src/ports/credentials.ts";
import { SessionStore } from "../../src/ports/sessions.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Trust from "../../src/public/certificate_verifier.ts";
import * as Own from "../../src/public/credentials.ts";
import * as Server from "../../src/server.ts";
import { modern12 } from "../support/policies.ts";
import type { PeerCertificate } from "../../src/x509/certificate/peer_certificate.ts";
import { makeCa } from "../support/ca.ts";
import { live, sync } from "../support/effect.ts";
import { bothHandshake, build, type Built, credentialOf, type Setup } from "../support/handshake.ts";
import { withServerTickets } from "../support/tickets.ts";

const ca = makeCa();
const pemOf = (issued: ReturnType<typeof ca.issue>) => ({
  certificate: issued.chainPem,
  privateKey: issued.privateKeyPem,
});
const serverOf = (...names: ReadonlyArray<string>) => credentialOf(pemOf(ca.issue({ names })));
const clientOf = (subject: string) =>
  credentialOf(pemOf(ca.issue({ subject, names: [], extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] })));
const [alice, bob] = [clientOf("alice"), clientOf("bob")];
const localhost = serverOf("localhost");

type Side = "client" | "server";

/** Ends of which one has other services. */
const having = (built: Built, side: Side, services: Context.Context<never>): Built => ({
  ...built,
  [side]: Context.merge(built[side] as Context.Context<never>, services),
});
const showing = (built: Built, side: Side, own: ReadonlyArray<Credential>) =>
  Effect.map(
    Layer.build(Own.layer(own)),
    (services) => having(built, side, services as Context.Context<never>),
  );
const showingAs = (built: Built, side: Side, service: CredentialsService) =>
  having(built, side, Context.make(Credentials, service) as Context.Context<never>);

/** Ends under this file's authority, by IDs or by tickets. */
const ends = (tickets: boolean, own: ReadonlyArray<Credential> = [localhost]) =>
  Effect.gen(function* () {
    const built = yield* build();
    const trust = (yield* Layer.build(Trust.layerRoots(ca.certificatePem))) as Context.Context<never>;
    const trusting = having(having(built, "client", trust), "server", trust);
    return withServerTickets(yield* showing(trusting, "server", own), tickets ? makeRotating() : undefined);
  });

const subjectOf = ([leaf]: ReadonlyArray<PeerCertificate>) =>
  leaf?._tag === "Certificate" ? leaf.subject.replace(/,.*/, "") : "nobody";

/** How a meeting goes: whether it was resumed, and whom each end believes to speak to. */
const how = (built: Built, setup: Setup = {}) =>
  Effect.scoped(Effect.gen(function* () {
    const { client, server } = yield* bothHandshake(built, setup);
    if (Either.isLeft(client)) return `client ${client.left._tag}`;
    if (Either.isLeft(server)) return `server ${server.left._tag}`;
    const { resumed } = yield* client.right.negotiated;
    const seen = [
      subjectOf(yield* server.right.peerCertificates),
      subjectOf(yield* client.right.peerCertificates),
    ];
    return `${resumed ? "resumed" : "full"}: ${seen.join(", ")}`;
  }));

for (const tickets of [false, true]) {
  const by = tickets ? "by ticket" : "by ID";

  // ---- the client's side ----

  live(
    `${by}: a session of one client certificate is resumed neither for another nor for none, and by its owner later`,
    Effect.gen(function* () {
      const built = yield* ends(tickets);
      const asks: Setup = { server: { clientAuth: "request" } };
      const as = (...own: ReadonlyArray<Credential>) =>
        Effect.flatMap(showing(built, "client", own), (it) => how(it, asks));
      assert.equal(yield* as(alice), "full: CN=alice, CN=localhost");
      assert.equal(yield* as(bob), "full: CN=bob, CN=localhost");
      assert.equal(yield* as(), "full: nobody, CN=localhost");
      // Each has a place of its own in the store.
      assert.equal(yield* as(alice), "resumed: CN=alice, CN=localhost");
      assert.equal(yield* as(bob), "resumed: CN=bob, CN=localhost");
      assert.equal(yield* as(), "resumed: nobody, CN=localhost");
      assert.equal(yield* as(bob, alice), "full: CN=bob, CN=localhost");
    }),
  );

  live(
    `${by}: a session is not offered under other credentials, though the store gives it to whoever asks`,
    Effect.gen(function* () {
      const built = yield* ends(tickets);
      let only: Parameters<SessionStore["Type"]["put"]>[1] | undefined;
      const careless = {
        ...Context.get(built.client, SessionStore),
        get: () => Effect.sync(() => Option.fromNullable(only)),
        put: (_: string, session: NonNullable<typeof only>) => Effect.sync(() => void (only = session)),
      };
      const client = having(built, "client", Context.make(SessionStore, careless) as Context.Context<never>);
      for (const clientAuth of ["request", "none"] as const) {
        const as = (...own: ReadonlyArray<Credential>) =>
          Effect.flatMap(showing(client, "client", own), (it) => how(it, { server: { clientAuth } }));
        only = undefined;
        const asks = clientAuth === "request";
        assert.equal(yield* as(alice), `full: ${asks ? "CN=alice" : "nobody"}, CN=localhost`);
        assert.equal(yield* as(bob), `full: ${asks ? "CN=bob" : "nobody"}, CN=localhost`);
        assert.equal(yield* as(), "full: nobody, CN=localhost");
        assert.equal(yield* as(alice), `full: ${asks ? "CN=alice" : "nobody"}, CN=localhost`);
        assert.equal(yield* as(alice), `resumed: ${asks ? "CN=alice" : "nobody"}, CN=localhost`);
      }
    }),
  );

  live(
    `${by}: sessions are replaced when the client's credentials are loaded again`,
    Effect.gen(function* () {
      let own = alice;
      const signals = yield* Queue.unbounded<void>();
      const loaded = yield* Queue.unbounded<void>();
      const load = Effect.ensuring(Effect.sync(() => [own]), Queue.offer(loaded, undefined));
      const layer = Own.layerReloading(load, Stream.fromQueue(signals));
      const services = (yield* Layer.build(layer)) as Context.Context<never>;
      const built = having(yield* ends(tickets), "client", services);
      const asks: Setup = { server: { clientAuth: "require" } };
      assert.equal(yield* how(built, asks), "full: CN=alice, CN=localhost");
      assert.equal(yield* how(built, asks), "resumed: CN=alice, CN=localhost");
      own = bob;
      yield* Queue.takeAll(loaded);
      yield* Queue.offer(signals, undefined);
      yield* Queue.take(loaded);
      yield* Effect.yieldNow();
      assert.equal(yield* how(built, asks), "full: CN=bob, CN=localhost");
      assert.equal(yield* how(built, asks), "resumed: CN=bob, CN=localhost");
    }),
  );

  live(
    `${by}: credentials that change their leaf and not their partition do not resume what showed another leaf`,
    Effect.gen(function* () {
      let own = alice;
      const candidates = () => Effect.sync(() => [own]);
      const built = showingAs(yield* ends(tickets), "client", { partition: "mine", candidates });
      const asks: Setup = { server: { clientAuth: "require" } };
      assert.equal(yield* how(built, asks), "full: CN=alice, CN=localhost");
      own = bob;
      assert.equal(yield* how(built, asks), "full: CN=bob, CN=localhost");
      assert.equal(yield* how(built, asks), "resumed: CN=bob, CN=localhost");
    }),
  );

  live(
    `${by}: a session during whose handshake the credentials changed is not kept`,
    Effect.gen(function* () {
      let own = alice;
      const service: CredentialsService = {
        get partition() {
          return own === alice ? "alice" : "bob";
        },
        // It is bob who is shown, in a handshake that began as alice's.
        candidates: () => Effect.sync(() => [own = bob]),
      };
      const built = showingAs(yield* ends(tickets), "client", service);
      const asks: Setup = { server: { clientAuth: "require" } };
      assert.equal(yield* how(built, asks), "full: CN=bob, CN=localhost");
      own = alice;
      assert.equal(yield* how(built, asks), "full: CN=bob, CN=localhost");
    }),
  );

  // ---- the server's side ----

  const nameless: Setup = { client: { serverName: "10.0.0.1" } };

  live(
    `${by}: a server does not resume the session of another that shares its keys or its store`,
    Effect.gen(function* () {
      const a = yield* ends(tickets, [serverOf("10.0.0.1")]);
      const b = yield* showing(a, "server", [serverOf("tenant-b.example")]);
      assert.equal(yield* how(a, nameless), "full: nobody, CN=10.0.0.1");
      assert.equal(yield* how(a, nameless), "resumed: nobody, CN=10.0.0.1");
      assert.equal(yield* how(b, nameless), "client CertificateError");
    }),
  );

  live(
    `${by}: a server whose certificate was replaced shows the new one, and one that still has the old one resumes`,
    Effect.gen(function* () {
      const [old, renewed] = [serverOf("localhost"), serverOf("localhost")];
      const before = yield* ends(tickets, [old]);
      assert.equal(yield* how(before), "full: nobody, CN=localhost");
      assert.equal(
        yield* how(yield* showing(before, "server", [serverOf("elsewhere.example"), old])),
        "resumed: nobody, CN=localhost",
      );
      assert.equal(yield* how(yield* showing(before, "server", [renewed])), "full: nobody, CN=localhost");
    }),
  );

  live(
    `${by}: of a server with two names a session is resumed under the name alone that it was made for`,
    Effect.gen(function* () {
      const [a, b] = [serverOf("a.example"), serverOf("b.example")];
      const built = yield* ends(tickets, [a, b]);
      const at = (serverName: string) => how(built, { client: { serverName, sessionKey: serverName } });
      assert.equal(yield* at("a.example"), "full: nobody, CN=a.example");
      assert.equal(yield* at("b.example"), "full: nobody, CN=b.example");
      assert.equal(yield* at("a.example"), "resumed: nobody, CN=a.example");
      assert.equal(yield* at("b.example"), "resumed: nobody, CN=b.example");
    }),
  );

  live(
    `${by}: a leaf whose signature has no channel binding is told from another all the same`,
    Effect.gen(function* () {
      const own = makeCa({ key: "ed25519" });
      const credentialFor = (name: string) => credentialOf(pemOf(own.issue({ names: [name] })));
      const trust = (yield* Layer.build(Trust.layerInsecure)) as Context.Context<never>;
      const a = having(yield* ends(tickets, [credentialFor("a.example")]), "client", trust);
      const b = yield* showing(a, "server", [credentialFor("b.example")]);
      assert.equal(yield* how(a, nameless), "full: nobody, CN=a.example");
      assert.equal(yield* how(a, nameless), "resumed: nobody, CN=a.example");
      assert.equal(yield* how(b, nameless), "full: nobody, CN=b.example");
    }),
  );

  // ---- trust ----

  live(
    `${by}: trust settings whose names differ in any character are apart, however long they are`,
    Effect.gen(function* () {
      const built = yield* ends(tickets);
      const trusting = (side: Side, partition: string, all: boolean) => {
        const detail = "nobody is trusted";
        const no = new CertificateError({ reason: "refused", index: 0, subject: "", detail, rfc: "-" });
        const verify = () => all ? Effect.void : Effect.fail(no);
        const service = Context.make(CertificateVerifier, { partition, verify }) as Context.Context<never>;
        return having(built, side, service);
      };
      const long = "x".repeat(70_000);
      for (
        const [one, other] of [
          ["tenant-Ā", "tenant-Ȁ"],
          ["丁", "倁"],
          ["\ud800", "\ud801"],
          [
            "\ud800",
            "\\ud800",
          ],
          ["", "\0"],
          [long, `${long}x`],
        ] as const
      ) {
        assert.match(yield* how(trusting("client", one, true)), /^full/);
        assert.match(yield* how(trusting("client", one, true)), /^resumed/);
        assert.equal(yield* how(trusting("client", other, false)), "client CertificateError");
        const asks: Setup = { server: { clientAuth: "require" } };
        const asAlice = (it: Built) => Effect.flatMap(showing(it, "client", [alice]), (of) => how(of, asks));
        assert.match(yield* asAlice(trusting("server", one, true)), /^full/);
        assert.match(yield* asAlice(trusting("server", one, true)), /^resumed/);
        assert.match(yield* asAlice(trusting("server", other, false)), /CertificateError|PeerAlert/);
      }
    }),
  );
}

sync(
  "two verifiers have a name together that tells where the one's ends and the other's begins",
  Effect.gen(function* () {
    const named = (name: string) => Trust.make(name, () => Effect.void);
    const partition = (one: string, other: string) =>
      Effect.map(
        Layer.build(Trust.both(named(one), named(other))),
        (of) => Context.get(of, CertificateVerifier).partition,
      );
    assert.notEqual(yield* partition("a\nb", "c"), yield* partition("a", "b\nc"));
    assert.notEqual(yield* partition("Ā", ""), yield* partition("Ȁ", ""));
    assert.equal(yield* partition("a", "b"), yield* partition("a", "b"));
  }),
);

sync(
  "credentials are named by what they show, in which order, and how they sign; none have no name",
  Effect.gen(function* () {
    const partition = (...own: ReadonlyArray<Credential>) =>
      Effect.map(Layer.build(Own.layer(own)), (of) => Context.get(of, Credentials).partition);
    const names = [
      yield* partition(alice),
      yield* partition(bob),
      yield* partition(alice, bob),
      yield* partition(bob, alice),
      yield* partition({ ...alice, schemes: [] }),
      yield* partition({ ...alice, chain: alice.chain.slice(0, 1).concat(bob.chain) }),
      yield* partition(),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.at(-1), "");
    assert.equal(yield* partition(alice), names[0]);
  }),
);

// ---- two services behind one name ----

/** Connections to services in turn, with no word on where their sessions are kept. */
const inTurn = (options: ReadonlyArray<Partial<Client.OverOptions>>, turns: string) =>
  Effect.gen(function* () {
    const { client, server } = yield* ends(false);
    const services = new Map<string, typeof server>();
    const told: Array<string> = [];
    for (const turn of turns) {
      const its = services.get(turn) ?? Context.merge(server, yield* Layer.build(layerMemory()));
      services.set(turn, its);
      const [a, b] = makePairOf();
      const alpn = turn.charCodeAt(0) % options.length;
      const [one] = yield* Effect.scoped(
        Effect.all([
          Effect.provide(
            Effect.flatMap(
              Client.over(a, { policy: modern12, serverName: "localhost", ...options[alpn] }),
              (c) => c.negotiated,
            ),
            client,
          ),
          Effect.provide(Server.over(b, { policy: modern12, alpn: ["a", "b"] }), its),
        ], { concurrency: 2 }),
      );
      told.push(one.resumed ? turn.toUpperCase() : turn);
    }
    return told.join("");
  });
const makePairOf = () => Effect.runSync(makePair());

live(
  "two services of one host that are met in turn are each resumed, though the client can't tell one from the other",
  Effect.gen(function* () {
    assert.equal(yield* inTurn([{}], "ababababab"), "abABABABAB");
    assert.equal(yield* inTurn([{}], "aaa"), "aAA");
    assert.equal(yield* inTurn([{}], "abbbb"), "abbBB");
  }),
);

live(
  "two services that differ in what is offered by ALPN, or for which there are keys, are told apart in any order",
  Effect.gen(function* () {
    assert.equal(yield* inTurn([{ alpn: ["a"] }, { alpn: ["b"] }], "aabbbaab"), "aAbBBAAB");
    assert.equal(yield* inTurn([{ sessionKey: "a" }, { sessionKey: "b" }], "aabbbaab"), "aAbBBAAB");
    // One key is for one service, of which the last session counts.
    assert.equal(yield* inTurn([{ sessionKey: "one" }], "abab"), "abab");
  }),
);

// ---- within a connection ----

live(
  "a session of another certificate of the server's, resumed in a renegotiation, is the server's changing it",
  Effect.gen(function* () {
    const policy = { ...modern12, renegotiation: "allow" } as const;
    const setup: Setup = { client: { policy }, server: { policy } };
    const [one, other] = [serverOf("localhost"), serverOf("localhost")];
    const built = yield* ends(false, [one, other]);
    const second = yield* showing(built, "server", [other, one]);
    assert.match(yield* how(second, setup), /^full/);
    const store = Context.get(built.client, SessionStore);
    const made = Option.getOrThrow(yield* store.get("localhost"));
    yield* store.remove("localhost");
    const { client, server } = yield* bothHandshake(built, setup);
    const [c, s] = [yield* client, yield* server];
    yield* store.put("localhost", made);
    const listening = yield* Effect.fork(Effect.either(s.read));
    const asked = yield* Effect.either(c.renegotiateWith({ resume: true }));
    assert.equal(
      Either.isLeft(asked) && asked.left._tag === "Refused" && asked.left.reason,
      "server_certificate_changed",
    );
    assert.equal(Either.isLeft(yield* Fiber.join(listening)), true);
  }),
);
