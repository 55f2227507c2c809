/**
 * What a session is held against before it is resumed: its age, its certificates' time, and the policy of now.
 *
 * @module
 */
import { assert, Context, Effect, Either, Option, TestClock } from "../deps.ts";
import { encodeMessage } from "../../src/grammar/message_kind.ts";
import { makeRotating } from "../../src/layers/tickets/rotating.ts";
import { layerInsecure } from "../../src/layers/trust/layers.ts";
import { ClientHello } from "../../src/messages/mod.ts";
import { CipherSuite } from "../../src/names/cipher_suite.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../../src/names/protocol.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import { type Credential, Credentials } from "../../src/ports/credentials.ts";
import { Session, SessionStore, type SessionStoreService } from "../../src/ports/sessions.ts";
import { CertificateVerifier } from "../../src/ports/trust.ts";
import type { Limits } from "../../src/tables/limits.ts";
import { modern, type Policy } from "../../src/tables/policy.ts";
import { bothUnder, compatible12, legacy12, modern12, policyFor } from "../support/policies.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { make } from "../../src/wire/codec.ts";
import { makeCa } from "../support/ca.ts";
import { effect, sync } from "../support/effect.ts";
import {
  bothHandshake,
  build,
  type Built,
  credentialOf,
  pingPong,
  renegotiated,
  type Setup,
} from "../support/handshake.ts";
import {
  type Change,
  changedHandshake,
  changingHello,
  withoutExtendedMasterSecret as meetWithoutEms,
} from "../support/other_ends.ts";
import {
  editStoredSession,
  firstHandshake,
  handshakeStory,
  storedSession,
  withServerTickets,
} from "../support/tickets.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** When the tests begin, in seconds since the epoch. */
const START = Date.UTC(2030, 0) / 1000;
const setTime = (seconds: number) => TestClock.setTime(seconds * 1000);

/** A store of somebody's own, that forgets nothing. */
const keeping = (): SessionStoreService => {
  const kept = new Map<string, Session>();
  return {
    enabled: true,
    get: (key) => Effect.sync(() => Option.fromNullable(kept.get(key))),
    put: (key, session) => Effect.sync(() => void kept.set(key, session)),
    remove: (key) => Effect.sync(() => void kept.delete(key)),
  };
};
const forgettingNothing = (built: Built): Built => ({
  client: Context.add(built.client, SessionStore, keeping()) as Built["client"],
  server: Context.add(built.server, SessionStore, keeping()) as Built["server"],
});

const resumes = (built: Built, setup: Setup = {}) =>
  Effect.map(handshakeStory(built, setup), ({ resumed }) => resumed);
const lasting = (limits: Partial<Limits>) => ({
  policy: { ...modern12, limits: { ...modern12.limits, ...limits } },
});

// ---- age ----

for (const tickets of [false, true]) {
  const by = tickets ? "by ticket" : "by ID";
  const ends = Effect.gen(function* () {
    yield* setTime(START);
    const built = forgettingNothing(yield* build({ toy: true }));
    return withServerTickets(
      built,
      tickets ? makeRotating({ lifetime: "7 days", rotateEvery: "365 days" }) : undefined,
    );
  });

  effect(
    `${by}: a session is not resumed a day after its full handshake, whatever store it is in`,
    Effect.gen(function* () {
      const built = yield* ends;
      assert.equal(yield* resumes(built), false);
      yield* setTime(START + DAY - 1);
      assert.equal(yield* resumes(built), true);
      yield* setTime(START + DAY);
      assert.equal(yield* resumes(built), false);
    }),
  );

  for (const side of ["client", "server"] as const) {
    effect(
      `${by}: a ${side}'s limits.sessionLifetime alone says for how long, and 0 that nothing is resumed`,
      Effect.gen(function* () {
        const other = side === "client" ? "server" : "client";
        const long = lasting({ sessionLifetime: 7 * DAY * 1000 });
        const setup = (sessionLifetime: number): Setup => ({
          [side]: lasting({ sessionLifetime }),
          [other]: long,
        });
        const built = yield* ends;
        assert.equal(yield* resumes(built, setup(HOUR * 1000)), false);
        yield* setTime(START + HOUR - 1);
        assert.equal(yield* resumes(built, setup(HOUR * 1000)), true);
        yield* setTime(START + HOUR);
        assert.equal(yield* resumes(built, setup(HOUR * 1000)), false);
        assert.equal(yield* resumes(built, { client: long, server: long }), true);
        for (const none of [0]) {
          const story = yield* handshakeStory(built, setup(none));
          assert.deepEqual([story.resumed, story.sessionTicket, story.answer.sessionId.length > 0], [
            false,
            false,
            side === "client",
          ]);
        }
      }),
    );
  }

  effect(
    `${by}: a session of a time that is yet to come is not resumed, unless clocks may differ so much`,
    Effect.gen(function* () {
      const built = yield* ends;
      yield* handshakeStory(built);
      const known = yield* storedSession(built);
      const offered = (createdAt: number) =>
        Effect.gen(function* () {
          yield* editStoredSession(built, () => ({ ...known, createdAt }));
          const { hello } = yield* handshakeStory(built);
          const shown = hello.extensions?.find((e) => e._tag === "session_ticket");
          return hello.sessionId.length > 0 || (shown?.ticket.length ?? 0) > 0;
        });
      assert.equal(yield* offered(START + 300), true);
      assert.equal(yield* offered(START + 301), false);
    }),
  );
}

effect(
  "a server does not resume a session of a time that is yet to come",
  Effect.gen(function* () {
    yield* setTime(START);
    const built = yield* build({ toy: true });
    const { ours } = yield* handshakeStory(built);
    const store = Context.get(built.server, SessionStore);
    const key = toHex(ours.sessionId);
    const known = Option.getOrThrow(yield* store.get(key));
    yield* store.put(key, make(Session, { ...known, createdAt: START + 300 }));
    assert.equal(yield* resumes(built), true);
    yield* store.put(key, make(Session, { ...known, createdAt: START + 301 }));
    assert.equal(yield* resumes(built), false);
  }),
);

effect(
  "a ticket's lifetime hint is no longer than the server would resume",
  Effect.gen(function* () {
    yield* setTime(START);
    const built = withServerTickets(yield* build({ toy: true }), makeRotating({ lifetime: "7 days" }));
    assert.equal((yield* handshakeStory(built)).given?.ticketLifetimeHint, DAY);
    const short = withServerTickets(yield* build({ toy: true }), makeRotating({ lifetime: "1 hour" }));
    assert.equal((yield* handshakeStory(short)).given?.ticketLifetimeHint, HOUR);
  }),
);

// ---- the certificates' time ----

const ca = makeCa();
const lastingUntil = (notAfter: number, purpose: "serverAuth" | "clientAuth"): Credential => {
  const { chainPem, privateKeyPem } = ca.issue({
    names: ["localhost"],
    extendedKeyUsage: [`1.3.6.1.5.5.7.3.${purpose === "serverAuth" ? 1 : 2}`],
    notAfter,
  });
  return credentialOf({ certificate: chainPem, privateKey: privateKeyPem });
};
const showing = (own: Credential) => ({
  partition: toHex(own.chain[0]!.subarray(0, 40)),
  candidates: () => Effect.succeed([own]),
});

/** Ends that trust everybody and judge no time, so that the session alone can. */
const certified = (serverUntil: number, clientUntil: number) =>
  Effect.gen(function* () {
    const built = forgettingNothing(yield* build());
    const trust = yield* Effect.provide(CertificateVerifier, layerInsecure);
    const context = <A>(of: Context.Context<A>, own: Credential) =>
      Context.add(Context.add(of, CertificateVerifier, trust), Credentials, showing(own)) as Context.Context<
        A
      >;
    return {
      client: context(built.client, lastingUntil(clientUntil, "clientAuth")),
      server: context(built.server, lastingUntil(serverUntil, "serverAuth")),
    };
  });

const asks: Setup = { server: { clientAuth: "require" } };

for (const tickets of [false, true]) {
  const by = tickets ? "by ticket" : "by ID";
  for (const [who, serverUntil, clientUntil] of [["server", HOUR, DAY], ["client", DAY, HOUR]] as const) {
    effect(
      `${by}: a session ends with the ${who}'s certificate`,
      Effect.gen(function* () {
        yield* setTime(START);
        const built = withServerTickets(
          yield* certified(START + serverUntil, START + clientUntil),
          tickets ? makeRotating() : undefined,
        );
        assert.equal(yield* resumes(built, asks), false);
        yield* setTime(START + HOUR);
        assert.equal(yield* resumes(built, asks), true);
        yield* setTime(START + HOUR + 1);
        assert.equal(yield* resumes(built, asks), false);
        // Who trusts a certificate whose time is over goes by something else than its time.
        assert.equal(yield* resumes(built, asks), true);
      }),
    );
  }
}

// ---- the policy of now ----

const S = SignatureScheme;
const G = NamedGroup;
const { TLS_1_1 } = ProtocolVersion;
const C = CipherSuite;

const signing = (...signatureSchemes: ReadonlyArray<SignatureScheme>): Policy => ({
  ...modern12,
  signatureSchemes,
});
const all = signing(S.rsa_pkcs1_sha256, S.rsa_pss_rsae_sha256, S.ecdsa_secp256r1_sha256);
const without = (scheme: SignatureScheme) => signing(...all.signatureSchemes.filter((s) => s !== scheme));
const grouped = (...groups: ReadonlyArray<NamedGroup>): Policy => ({ ...modern12, groups });
const dhe: Policy = { ...modern12, cipherSuites: [C.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256] };
const transport: Policy = { ...compatible12, cipherSuites: [C.TLS_RSA_WITH_AES_128_GCM_SHA256] };
const old: Policy = { ...compatible12, versions: [TLS_1_1] };
const each = (client: Policy, server: Policy, more: Setup = {}): Setup => ({
  kind: "rsa",
  ...more,
  client: { policy: client },
  server: { policy: server, ...more.server },
});
const mutual: Setup = { kind: "p256", clientKind: "rsa", server: { clientAuth: "require" } };

/** What a session was made with; who has dropped it since. */
const policies: ReadonlyArray<readonly [string, Setup, Setup, "full" | "resumed"]> = [
  [
    "a scheme of the server's signature that the client has dropped",
    each(all, signing(S.rsa_pkcs1_sha256)),
    each(without(S.rsa_pkcs1_sha256), all),
    "full",
  ],
  [
    "a scheme of the server's signature that the server has dropped",
    each(signing(S.rsa_pkcs1_sha256), all),
    each(all, without(S.rsa_pkcs1_sha256)),
    "full",
  ],
  [
    "a scheme of the client's signature that the client has dropped",
    each(all, without(S.rsa_pss_rsae_sha256), mutual),
    each(without(S.rsa_pkcs1_sha256), all, mutual),
    "full",
  ],
  [
    "a scheme of the client's signature that the server has dropped",
    each(without(S.rsa_pss_rsae_sha256), all, mutual),
    each(all, without(S.rsa_pkcs1_sha256), mutual),
    "full",
  ],
  ["schemes that both still have", each(all, all, mutual), each(all, all, mutual), "resumed"],
  [
    "a signature of before TLS 1.2, on which no policy has a say",
    each(old, old, mutual),
    each({ ...old, signatureSchemes: [] }, { ...old, signatureSchemes: [] }, mutual),
    "resumed",
  ],
  [
    "no group and no signature, by RSA key transport",
    each(transport, transport),
    each(transport, transport),
    "resumed",
  ],
  [
    "a group that the client has dropped",
    each(modern12, grouped(G.x25519)),
    each(grouped(G.secp256r1), modern12),
    "full",
  ],
  [
    "a group that the server has dropped",
    each(grouped(G.x25519), modern12),
    each(modern12, grouped(G.secp256r1)),
    "full",
  ],
  [
    "a group that is no longer the first",
    each(modern12, grouped(G.secp256r1)),
    each(modern12, modern12),
    "resumed",
  ],
  [
    "a prime that is too short for the client now",
    each(dhe, { ...dhe, groups: [G.ffdhe2048] }),
    each({ ...dhe, minimumDhPrimeBits: 3072 }, { ...dhe, groups: [G.ffdhe3072, G.ffdhe2048] }),
    "full",
  ],
  [
    "a prime that is long enough, though the client would not name it",
    each(dhe, { ...dhe, groups: [G.ffdhe2048] }),
    each({ ...dhe, groups: [G.x25519] }, { ...dhe, groups: [G.ffdhe2048] }),
    "resumed",
  ],
  [
    "a finite field that the server has dropped",
    each(dhe, { ...dhe, groups: [G.ffdhe2048] }),
    each(dhe, { ...dhe, groups: [G.ffdhe3072] }),
    "full",
  ],
];
const { TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 } = CipherSuite;
const suited = (...cipherSuites: ReadonlyArray<CipherSuite>): Policy => ({ ...modern12, cipherSuites });

for (
  const [what, change, now] of [
    ["whose suite the client has dropped", () => ({}), suited(TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)],
    [
      "whose master secret is none",
      ({ masterSecret }) => ({ masterSecret: masterSecret.slice(1) }),
      modern12,
    ],
  ] as ReadonlyArray<readonly [string, (session: Session) => Partial<Session>, Policy]>
) {
  sync(
    `a session ${what} is not offered`,
    Effect.gen(function* () {
      const built = yield* build({ toy: true });
      const first = suited(TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
      const made = yield* handshakeStory(built, { client: { policy: first } });
      yield* editStoredSession(built, change);
      const { hello, resumed } = yield* handshakeStory(built, { client: { policy: now } });
      assert.ok(made.answer.sessionId.length > 0, "there was one");
      assert.deepEqual([hello.sessionId.length, resumed], [0, false]);
    }),
  );
}

for (const tickets of [false, true]) {
  for (const [what, before, now, expected] of policies) {
    sync(
      `a session ${tickets ? "by ticket" : "by ID"} under ${what}: ${expected}`,
      Effect.gen(function* () {
        const built = yield* build({ ...before, tickets });
        assert.equal(yield* resumes(built, before), false);
        assert.equal(yield* resumes(built, now), expected === "resumed");
      }),
    );
  }
}

sync(
  "a session with a curve in its certificate that policy has dropped is offered by no client and taken by no server",
  Effect.gen(function* () {
    const fewer = grouped(G.x25519, G.secp256r1);
    for (const side of ["client", "server"] as const) {
      const built = yield* build({ kind: "p384" });
      yield* handshakeStory(built);
      const { client, server } = yield* bothHandshake(built, { [side]: { policy: fewer } });
      assert.deepEqual([Either.isLeft(client), Either.isLeft(server)], [true, true]);
      assert.equal(Either.isLeft(server) && server.left._tag, "Refused");
    }
  }),
);

// ---- extended_master_secret ----

const plain: Policy = { ...legacy12, compressionMethods: [CompressionMethod.null], renegotiation: "allow" };

sync(
  "a client that requires extended_master_secret does not offer a session without it, though it might resume one",
  Effect.gen(function* () {
    const built = yield* build({ toy: true });
    const setup: Setup = { client: { policy: plain }, server: { policy: plain } };
    const { client } = yield* meetWithoutEms(built, setup);
    assert.equal((yield* (yield* client).negotiated).extendedMasterSecret, false);
    assert.equal((yield* storedSession(built)).extendedMasterSecret, 0);
    const strict = { ...plain, requireExtendedMasterSecret: true };
    const { hello } = yield* handshakeStory(built, { ...setup, client: { policy: strict } });
    assert.equal(hello.sessionId.length, 0);
  }),
);

/** Says extended_master_secret in those of its hellos alone. */
const boundIn = (...those: ReadonlyArray<number>): Change =>
  changingHello((hello, count) =>
    encodeMessage(
      those.includes(count) ? hello : make(ClientHello, {
        ...hello,
        extensions: hello.extensions?.filter(({ _tag }) => _tag !== "extended_master_secret"),
      }),
    )
  );

/** A connection, then a renegotiation for each hello that is left; what each handshake was. */
const handshakes = (policy: Policy, bound: ReadonlyArray<number>, count: number, resume: boolean) =>
  Effect.gen(function* () {
    const built = yield* build({ toy: true, kind: "rsa" });
    const setup: Setup = { client: { policy }, server: { policy } };
    const ends = yield* changedHandshake(built, setup, { client: boundIn(...bound) });
    const [client, server] = [yield* ends.client, yield* ends.server];
    const how = Effect.map(
      client.negotiated,
      (n) => `${n.resumed ? "resumed" : "full"}${n.extendedMasterSecret ? ", bound" : ""}`,
    );
    const all = [yield* how];
    for (let n = 1; n < count; n++) {
      yield* renegotiated(client, server, { resume });
      all.push(yield* how);
    }
    return all;
  });

sync(
  "extended_master_secret may be won in a renegotiation, and is not lost again",
  Effect.gen(function* () {
    assert.deepEqual(yield* handshakes(plain, [1, 2], 3, false), ["full", "full, bound", "full, bound"]);
    assert.equal(
      (yield* Effect.flip(handshakes(plain, [1], 3, false))).message,
      "the peer sent the fatal alert handshake_failure",
    );
  }),
);

sync(
  "without extended_master_secret a renegotiation resumes where policy resumes without it at all, again and again",
  Effect.gen(function* () {
    assert.deepEqual(yield* handshakes(plain, [], 3, true), ["full", "resumed", "resumed"]);
    const strict = { ...plain, resumeWithoutExtendedMasterSecret: false };
    assert.deepEqual(yield* handshakes(strict, [], 3, true), ["full", "full", "full"]);
    assert.deepEqual(yield* handshakes(strict, [0, 1, 2], 3, true), [
      "full, bound",
      "resumed, bound",
      "resumed, bound",
    ]);
  }),
);

sync(
  "a renegotiation that wins extended_master_secret does not resume a session without it",
  Effect.gen(function* () {
    assert.deepEqual(yield* handshakes(plain, [1, 2], 3, true), ["full", "full, bound", "resumed, bound"]);
  }),
);

sync(
  "a full handshake leaves in the session what it was made with",
  Effect.gen(function* () {
    const built = yield* build({ ...mutual, tickets: true });
    yield* firstHandshake(built, mutual);
    const { group, ownScheme, peerScheme, primeBits, ownCertificate } = yield* storedSession(built);
    assert.deepEqual([group, primeBits], [G.x25519, 0]);
    assert.deepEqual([ownScheme, peerScheme], [S.rsa_pss_rsae_sha256, S.ecdsa_secp256r1_sha256]);
    assert.equal(ownCertificate.length, 32);
  }),
);

effect(
  "a session of TLS 1.3 is resumed whatever the curve of its certificate, because groups are of the exchange alone (RFC 8446 §4.2.7)",
  Effect.gen(function* () {
    yield* setTime(START);
    const policy = policyFor(ProtocolVersion.TLS_1_3, { groups: [NamedGroup.x25519] }, modern);
    const setup = bothUnder(policy, { kind: "p256" });
    const built = yield* build(setup);
    const meet = Effect.gen(function* () {
      const { client, server } = yield* bothHandshake(built, setup);
      // Tickets come to who reads.
      yield* pingPong(yield* client, yield* server);
      return (yield* (yield* client).negotiated).resumed;
    });
    assert.deepEqual([yield* meet, yield* meet], [false, true]);
  }),
);
