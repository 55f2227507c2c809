/** What a verifier found of the peer: on the connection, and in the session, which ends when that no longer holds. @module */
import { assert, Effect, Layer, TestClock } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { credentialFromPem, layer as credentials } from "../../src/layers/credentials/credentials.ts";
import { layerNative } from "../../src/layers/crypto/native/layer.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { layer as layerOfVerifier, layerBoth, layerPinned } from "../../src/layers/trust/layers.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import { ProtocolVersion, versionText } from "../../src/names/protocol.ts";
import type { CertificateVerifier, Verdict } from "../../src/ports/trust.ts";
import * as Server from "../../src/server.ts";
import { compatible } from "../../src/tables/policy.ts";
import { toHex } from "../../src/wire/bytes.ts";
import { makeCa } from "../support/ca.ts";
import { effect } from "../support/effect.ts";
import { readText } from "../support/handshake.ts";
import { makeStaple, tlsFeature } from "../support/ocsp.ts";
import { bytesOf } from "../support/text.ts";
import { sha256 } from "../../src/layers/crypto/noble/deps.ts";

const START = Date.UTC(2030, 0) / 1000;
const HOUR = 3600;
const DAY = 24 * HOUR;
const setTime = (seconds: number) => TestClock.setTime(seconds * 1000);

const ca = makeCa({ notAfter: START + 300 * DAY });
const middle = ca.intermediate({ notAfter: START + 100 * DAY });
const server = middle.issue({ notAfter: START + 200 * DAY });
const client = middle.issue({ notAfter: START + 50 * DAY, subject: "client" });

const credentialOf = ({ chainPem, privateKeyPem }: typeof server) =>
  credentialFromPem({ certificate: chainPem, privateKey: privateKeyPem });

/** Ends that keep their stores from one meeting to the next, and trust by `trust`. */
const ends = (trust: Layer.Layer<CertificateVerifier, unknown> = layerRoots(ca.certificatePem)) =>
  Effect.gen(function* () {
    const common = Layer.mergeAll(layerNative, Layer.orDie(trust));
    const of = (own: typeof server, staple?: Uint8Array) =>
      Effect.flatMap(credentialOf(own), (credential) =>
        Layer.build(Layer.mergeAll(
          common,
          layerMemory(),
          credentials([staple ? { ...credential, ocspResponse: staple } : credential]),
        )));
    return { of, client: yield* of(client), server: yield* of(server) };
  });

type Ends = Effect.Effect.Success<ReturnType<typeof ends>>;

const meet = (built: Pick<Ends, "client" | "server">, version: ProtocolVersion) =>
  Effect.scoped(Effect.gen(function* () {
    const policy = {
      ...compatible,
      versions: [version],
      limits: { ...compatible.limits, sessionLifetime: 1000 * DAY },
    };
    const [a, b] = yield* makePair();
    const [c, s] = yield* Effect.all([
      Effect.provide(
        Client.over(a, { serverName: "localhost", sessionKey: "localhost", policy, alpn: ["h2"] }),
        built.client,
      ),
      Effect.provide(Server.over(b, { policy, clientAuth: "require" }), built.server),
    ], { concurrency: 2 });
    // The tickets of TLS 1.3 come before data.
    yield* s.write(bytesOf("x"));
    assert.equal(yield* readText(c, 1), "x");
    return {
      resumed: (yield* c.negotiated).resumed,
      ofServer: yield* c.peerVerdict,
      ofClient: yield* s.peerVerdict,
    };
  }));

for (const version of [ProtocolVersion.TLS_1_2, ProtocolVersion.TLS_1_3]) {
  const name = versionText(version);

  effect(
    `${name}: both ends are told of the path, its policies, its revocation, and until when it is trusted`,
    Effect.gen(function* () {
      yield* setTime(START);
      const { ofServer, ofClient } = yield* meet(yield* ends(), version);
      const unchecked = { status: "unchecked", source: undefined } as const;
      assert.deepEqual(ofServer, {
        path: [server.der, middle.der, ca.der],
        policies: [],
        revocation: [unchecked, unchecked],
        timestamps: [],
        until: START + 100 * DAY,
      });
      assert.deepEqual(ofClient?.path, [client.der, middle.der, ca.der]);
      assert.equal(ofClient?.until, START + 50 * DAY);
    }),
  );

  effect(
    `${name}: a stapled response is in the verdict, and its end is that of the verdict`,
    Effect.gen(function* () {
      yield* setTime(START);
      const built = yield* ends();
      const times = { thisUpdate: START, nextUpdate: START + HOUR, producedAt: START };
      const stapling = { ...built, server: yield* built.of(server, makeStaple(middle, server, times)) };
      const { ofServer } = yield* meet(stapling, version);
      assert.deepEqual(ofServer?.revocation[0], { status: "good", source: "ocsp" });
      assert.equal(ofServer?.until, START + HOUR + 300);
      yield* setTime(START + HOUR);
      assert.deepEqual(yield* meet(stapling, version), {
        resumed: true,
        ofServer: undefined,
        ofClient: undefined,
      });
      yield* setTime(START + HOUR + 301);
      const stale = yield* Effect.flip(meet(stapling, version));
      assert.match(stale.message, /OCSP response was good until/);
    }),
  );

  effect(
    `${name}: a session is resumed no more once a certificate of the path has expired, though the leaf has not`,
    Effect.gen(function* () {
      yield* setTime(START + 100 * DAY - HOUR);
      const built = yield* ends(layerRoots(ca.certificatePem));
      // The client's certificate is the server's to judge; this one lasts.
      const lasting = ca.issue({ subject: "lasting", notAfter: START + 200 * DAY });
      const both = { ...built, client: yield* built.of(lasting) };
      assert.equal((yield* meet(both, version)).resumed, false);
      assert.equal((yield* meet(both, version)).resumed, true);
      yield* setTime(START + 100 * DAY + 1);
      const expired = yield* Effect.flip(meet(both, version));
      assert.match(expired.message, /certificate 1 .* expired/);
    }),
  );

  effect(
    `${name}: a verifier of one's own may tell nothing, its own verdict, or nonsense, and hurts nobody`,
    Effect.gen(function* () {
      yield* setTime(START);
      const verdict: Verdict = {
        path: [server.der],
        policies: ["1.2.3"],
        revocation: [],
        timestamps: [],
        until: START + 5,
      };
      for (
        const [given, told] of [
          [undefined, undefined],
          [verdict, verdict],
          [null, undefined],
          ["yes", undefined],
          [{ until: NaN }, undefined],
          [{ ...verdict, until: "soon" }, undefined],
          [{ ...verdict, until: Infinity }, { ...verdict, until: Infinity }],
          [Object.defineProperty({}, "until", { get: () => assert.fail("nobody may look") }), undefined],
          [{ ...verdict, path: [1] }, undefined],
        ]
      ) {
        const own = layerOfVerifier("own", () => Effect.succeed(given as Verdict));
        assert.deepEqual((yield* meet(yield* ends(own), version)).ofServer, told);
      }
    }),
  );
}

for (
  const [version, feature, trusted] of [
    // extended_master_secret, which both ends have; encrypt_then_mac, which an AEAD suite leaves unanswered.
    [ProtocolVersion.TLS_1_2, 23, true],
    [ProtocolVersion.TLS_1_2, 22, false],
    [ProtocolVersion.TLS_1_3, 23, true],
    [ProtocolVersion.TLS_1_3, 16, false],
    [ProtocolVersion.TLS_1_3, 99, true],
  ] as const
) {
  effect(
    `${versionText(version)}: a certificate that demands the TLS feature ${feature} is ${
      trusted ? "trusted" : "refused, as its server did not answer that extension"
    }`,
    Effect.gen(function* () {
      yield* setTime(START);
      const built = yield* ends();
      const demanding = middle.issue({ extensions: [tlsFeature([feature], true)] });
      const meeting = meet({ ...built, server: yield* built.of(demanding) }, version);
      if (trusted) return void (yield* meeting);
      assert.match(
        (yield* Effect.flip(meeting)).message,
        /it requires the TLS feature \w+, which its server/,
      );
    }),
  );
}

effect(
  "a session ends with the earlier of two verdicts, and at once if one has ended already or says nonsense",
  Effect.gen(function* () {
    const told = (until: number) =>
      layerOfVerifier(
        "own",
        ({ chain }) => Effect.succeed({ path: chain, policies: [], revocation: [], timestamps: [], until }),
      );
    for (
      const [one, other, resumed] of [
        [START + 50, START + 99, true],
        [START + 50, NaN, true],
        [START + 9, START + 99, false],
        [START + 99, 0, false],
        [-Infinity, START + 99, false],
        [NaN, START + 9, false],
      ] as const
    ) {
      yield* setTime(START);
      const built = yield* ends(layerBoth(told(one), told(other)));
      yield* meet(built, ProtocolVersion.TLS_1_3);
      yield* setTime(START + 20);
      assert.equal((yield* meet(built, ProtocolVersion.TLS_1_3)).resumed, resumed, `${one} and ${other}`);
    }
  }),
);

effect(
  "where two layers must trust, the verdict is the first that tells something",
  Effect.gen(function* () {
    yield* setTime(START);
    const pins = [server, client].map(({ key }) => toHex(sha256(key.spki)));
    const both = layerBoth(layerPinned(pins), layerRoots(ca.certificatePem));
    const { ofServer } = yield* meet(yield* ends(both), ProtocolVersion.TLS_1_3);
    assert.equal(ofServer?.path.length, 3);
  }),
);
