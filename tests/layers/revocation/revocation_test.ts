/** Sources of CRLs: from files that are loaded again, and from functions that hang, throw or lie. @module */
import {
  assert,
  Deferred,
  Effect,
  Either,
  Fiber,
  Layer,
  Logger,
  Queue,
  Stream,
  TestClock,
} from "../../deps.ts";
import type { CertificateError } from "../../../src/faults/errors/trust.ts";
import { layerNoble } from "../../../src/layers/crypto/noble/layer.ts";
import { makeNoble, platformRandom } from "../../../src/layers/crypto/noble/provider.ts";
import { Crypto } from "../../../src/ports/crypto.ts";
import type { RevocationRequest, RevocationSourceService } from "../../../src/ports/revocation.ts";
import { CertificateVerifier, type TrustOptions, type Verification } from "../../../src/ports/trust.ts";
import * as Verifiers from "../../../src/public/certificate_verifier.ts";
import * as Sources from "../../../src/public/revocation_source.ts";
import type { Bytes } from "../../../src/wire/bytes.ts";
import { parseCertificate } from "../../../src/x509/certificate/certificate.ts";
import { makeCa, pem } from "../../support/ca.ts";
import { distributionPoints, makeCrl } from "../../support/crl.ts";
import { effect, live, temporary, untilWaiting } from "../../support/effect.ts";
import { makeStaple } from "../../support/ocsp.ts";

const NOW = Date.UTC(2030, 0) / 1000;
const root = makeCa();
const leaf = root.issue({
  extensions: [distributionPoints(
    { names: ["http://one.example/", root.subject] },
    { names: ["ldap://two.example/"], issuer: root.subject },
  )],
});
const other = root.issue();
const good = makeCrl(root, { now: NOW, revoked: [{ certificate: other }] });
const bad = makeCrl(root, { now: NOW, number: 2, thisUpdate: NOW - 60, revoked: [{ certificate: leaf }] });

const judging = (rest: Partial<Verification> = {}) =>
  Effect.flatMap(
    CertificateVerifier,
    ({ verify }) => verify({ chain: leaf.chain, name: "localhost", purpose: "serverAuth", ...rest }),
  );
const outcome = (rest: Partial<Verification> = {}) =>
  Effect.map(
    Effect.either(judging(rest)),
    Either.match({ onLeft: ({ reason }: CertificateError) => reason, onRight: () => "trusted" as const }),
  );

/** Trust in the root by a source. */
const trusting = <E, R>(source: Layer.Layer<Sources.RevocationSource, E, R>, options?: TrustOptions) =>
  Layer.merge(Layer.provide(Verifiers.layerRoots(root.certificatePem, options), source), layerNoble);

const given = (crls: RevocationSourceService["crls"], options?: TrustOptions) =>
  trusting(Sources.layer(crls), options);
const setTime = TestClock.setTime(NOW * 1000);

effect(
  "a source is asked for the CRLs of a certificate by its issuer's name, its serial number and its distribution points",
  Effect.gen(function* () {
    yield* setTime;
    const asked: Array<RevocationRequest> = [];
    const source = given((about) => {
      asked.push(about);
      return Effect.succeed([good]);
    });
    assert.equal(yield* Effect.provide(outcome(), source), "trusted");
    const { issuer, serialNumber } = Either.getOrThrow(parseCertificate(leaf.der));
    assert.deepEqual(asked, [{
      issuer: issuer.raw,
      serialNumber,
      distributionPoints: ["http://one.example/", "ldap://two.example/"],
    }]);
  }),
);

effect(
  "a source's CRLs are believed as given ones are, and it is asked only for what these do not say",
  Effect.gen(function* () {
    yield* setTime;
    assert.equal(yield* Effect.provide(outcome(), given(() => Effect.succeed([bad]))), "revoked");
    const forged = makeCrl(root, { now: NOW, signature: "forged" });
    assert.equal(
      yield* Effect.provide(outcome(), given(() => Effect.succeed([forged]))),
      "revocation_unknown",
    );
    const unasked = () => Effect.dieMessage("it was asked");
    assert.equal(yield* Effect.provide(outcome(), given(unasked, { crls: good })), "trusted");
    const ocspResponse = makeStaple(root, leaf, {
      thisUpdate: NOW - 60,
      nextUpdate: NOW + 60,
      producedAt: NOW - 60,
    });
    assert.equal(yield* Effect.provide(outcome({ ocspResponse }), given(unasked)), "trusted");
  }),
);

effect(
  "a source may give the certificate of who signed its CRL",
  Effect.gen(function* () {
    yield* setTime;
    const signer = root.issue({ subjectDer: root.subject, names: [], keyUsage: ["cRLSign"] });
    const crl = makeCrl(root, { now: NOW, by: signer });
    assert.equal(yield* Effect.provide(outcome(), given(() => Effect.succeed([crl]))), "revocation_unknown");
    assert.equal(yield* Effect.provide(outcome(), given(() => Effect.succeed([crl, signer.der]))), "trusted");
  }),
);

const lies: Readonly<Record<string, readonly [RevocationSourceService["crls"], RegExp]>> = {
  "fails": [() => Effect.fail(new Error("no network")), /it failed: no network/],
  "fails with something else": [() => Effect.fail({ toString: () => "odd" }), /it failed: odd/],
  "dies": [() => Effect.dieMessage("a bug"), /it failed: a bug/],
  "throws": [() => {
    throw new Error("thrown");
  }, /it failed: thrown/],
  "gives no list": [() => Effect.succeed("x" as never), /no list/],
  "gives undefined": [() => Effect.succeed(undefined as never), /no list/],
  "gives texts": [() => Effect.succeed(["x"] as never), /no bytes/],
  "gives other bytes": [() => Effect.succeed([good, new Uint8Array(9)]), /no CRL: CertificateList, byte 0/],
  "gives too many": [() => Effect.succeed(Array<Bytes>(65).fill(good)), /more than 64 CRLs/],
  "gives one that is too long": [
    () => Effect.succeed([new Uint8Array(2 ** 24 + 1)]),
    /more than 16777216 bytes/,
  ],
  "gives a list that throws": [
    () => Effect.succeed(new Proxy([good], { get: () => assert.fail("a trap") })),
    /it failed: a trap/,
  ],
  "gives nothing": [() => Effect.succeed([]), /there is no CRL of its issuer/],
};

for (const [what, [crls, why]] of Object.entries(lies)) {
  effect(
    `a source that ${what} makes the certificate's revocation unknown, and the refusal says why`,
    Effect.gen(function* () {
      yield* setTime;
      const error = yield* Effect.flip(Effect.provide(judging(), given(crls)));
      assert.equal((error as CertificateError).reason, "revocation_unknown");
      assert.match(error.message, why);
    }),
  );
}

effect(
  "a source that hangs is given up after five seconds, and interrupted; others are judged meanwhile",
  Effect.gen(function* () {
    yield* setTime;
    const interrupted = yield* Deferred.make<void>();
    const { serialNumber } = Either.getOrThrow(parseCertificate(leaf.der));
    const source: RevocationSourceService["crls"] = (about) =>
      about.serialNumber.every((byte, i) => byte === serialNumber[i])
        ? Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))
        : Effect.succeed([makeCrl(root, { now: NOW })]);
    const layer = given(source);
    yield* Effect.gen(function* () {
      const hanging = yield* Effect.fork(Effect.flip(judging()));
      yield* untilWaiting(hanging);
      assert.equal(yield* outcome({ chain: other.chain }), "trusted");
      yield* TestClock.adjust("4999 millis");
      assert.equal(yield* Fiber.poll(hanging).pipe(Effect.map(({ _tag }) => _tag)), "None");
      yield* TestClock.adjust("1 millis");
      const error = yield* Fiber.join(hanging);
      assert.match(error.message, /no answer within 5000 ms/);
      yield* Deferred.await(interrupted);
    }).pipe(Effect.provide(layer));
  }),
);

effect(
  "a source that cannot be interrupted is given up as well",
  Effect.gen(function* () {
    yield* setTime;
    const answer = yield* Deferred.make<ReadonlyArray<Uint8Array>>();
    const fiber = yield* Effect.fork(
      Effect.provide(outcome(), given(() => Effect.uninterruptible(Deferred.await(answer)))),
    );
    yield* untilWaiting(fiber);
    yield* TestClock.adjust("5 seconds");
    assert.equal(yield* Fiber.join(fiber), "revocation_unknown");
    yield* Deferred.succeed(answer, []);
  }),
);

/** Counts the signatures that are verified. */
const counting = () => {
  const noble = makeNoble(platformRandom);
  const count = { signatures: 0 };
  const crypto = {
    ...noble,
    verify: (...given: Parameters<typeof noble.verify>) => {
      count.signatures++;
      return noble.verify(...given);
    },
  };
  return { count, crypto };
};

effect(
  "a verdict is remembered as long as the source's revision is the same, and not at all without one",
  Effect.gen(function* () {
    yield* setTime;
    const { count, crypto } = counting();
    let [crls, revision]: [ReadonlyArray<Bytes>, string] = [[good.slice()], "1"];
    const timesTold = Effect.gen(function* () {
      const before = count.signatures;
      const told = yield* Effect.provideService(outcome(), Crypto, crypto);
      return [told, count.signatures - before] as const;
    });
    yield* Effect.gen(function* () {
      assert.deepEqual(yield* timesTold, ["trusted", 2]);
      assert.deepEqual(yield* timesTold, ["trusted", 0]);
      crls = [bad];
      assert.deepEqual(yield* timesTold, ["trusted", 0]);
      revision = "2";
      assert.equal((yield* timesTold)[0], "revoked");
    }).pipe(Effect.provide(trusting(Sources.layer(() => Effect.succeed(crls), () => revision))));
    crls = [good];
    yield* Effect.gen(function* () {
      assert.equal((yield* timesTold)[0], "trusted");
      crls = [bad];
      assert.equal((yield* timesTold)[0], "revoked");
    }).pipe(Effect.provide(given(() => Effect.succeed(crls))));
  }),
);

effect(
  "no verdict outlives the CRLs that it goes by",
  Effect.gen(function* () {
    yield* setTime;
    const layer = Layer.merge(Verifiers.layerRoots(root.certificatePem, { crls: good }), layerNoble);
    yield* Effect.gen(function* () {
      assert.equal(yield* outcome(), "trusted");
      yield* TestClock.setTime((NOW + 86400 + 300) * 1000);
      assert.equal(yield* outcome(), "trusted");
      yield* TestClock.setTime((NOW + 86400 + 301) * 1000);
      assert.equal(yield* outcome(), "revocation_unknown");
    }).pipe(Effect.provide(layer));
  }),
);

effect(
  "sessions made before a revision are not resumed after it, nor those made without the CRLs",
  Effect.gen(function* () {
    yield* setTime;
    const partition = Effect.map(CertificateVerifier, (verifier) => verifier.partition);
    let revision = "1";
    const changing = trusting(Sources.layer(() => Effect.succeed([good]), () => revision));
    yield* Effect.gen(function* () {
      const first = yield* partition;
      assert.equal(yield* partition, first);
      revision = "2";
      assert.notEqual(yield* partition, first);
    }).pipe(Effect.provide(changing));
    yield* Effect.gen(function* () {
      const first = yield* partition;
      revision = "3";
      assert.notEqual(yield* partition, first);
    }).pipe(Effect.provide(Verifiers.layerBoth(changing, Verifiers.layerInsecure)));
    const of = (options?: TrustOptions) =>
      Effect.provide(partition, Verifiers.layerRoots(root.certificatePem, options));
    const all = yield* Effect.all([
      of(),
      of({ crls: good }),
      of({ crls: bad }),
      of({ crls: good, crlCheck: "leaf" }),
    ]);
    assert.equal(new Set(all).size, 4);
    assert.equal(yield* of({ crls: pem("X509 CRL", good) }), all[1]);
  }),
);

effect(
  "a revision that throws is none",
  Effect.gen(function* () {
    yield* setTime;
    const source = Sources.layer(() => Effect.succeed([good]), () => assert.fail("a bug"));
    assert.equal(yield* Effect.provide(outcome(), trusting(source)), "trusted");
  }),
);

/** Runs with what is logged kept. */
const logging = <A, E, R>(test: (lines: ReadonlyArray<string>) => Effect.Effect<A, E, R>) => {
  const lines: Array<string> = [];
  const logger = Logger.make(({ message }) => void lines.push(String(message)));
  return Effect.provide(test(lines), Logger.replace(Logger.defaultLogger, logger));
};

effect(
  "CRLs that are loaded again count from then on; if that fails the old ones stay, and it is told",
  logging((lines) =>
    Effect.gen(function* () {
      yield* setTime;
      const signals = yield* Queue.unbounded<string>();
      let next: Effect.Effect<Bytes | string, Error> = Effect.succeed(good);
      const source = Sources.layerReloading(Effect.suspend(() => next), Stream.fromQueue(signals));
      const again = Effect.zipRight(Queue.offer(signals, "again"), Effect.yieldNow({ priority: 1 })).pipe(
        Effect.repeatN(9),
      );
      yield* Effect.gen(function* () {
        assert.equal(yield* outcome(), "trusted");
        next = Effect.fail(new Error("no disk"));
        yield* again;
        assert.equal(yield* outcome(), "trusted");
        next = Effect.succeed("no PEM");
        yield* again;
        assert.equal(yield* outcome(), "trusted");
        next = Effect.succeed(bad);
        yield* again;
        assert.equal(yield* outcome(), "revoked");
      }).pipe(Effect.provide(trusting(source)));
      assert.deepEqual([...new Set(lines)], [
        "CRLs: no disk; the old ones stay",
        "CRLs: there is no X509 CRL; the old ones stay",
      ]);
    })
  ),
);

live(
  "CRLs of files, PEM or DER, are replaced while in use: half a file changes nothing and is told once",
  logging((lines) =>
    Effect.gen(function* () {
      const now = Math.floor(Date.now() / 1000);
      const folder = yield* temporary;
      const [one, two] = [`${folder}/one.pem`, `${folder}/two.crl`];
      const at = makeCrl(root, { now });
      Deno.writeTextFileSync(one, pem("X509 CRL", at));
      Deno.writeFileSync(two, makeCrl(makeCa(), { now }));
      const until = (wanted: string) =>
        Effect.repeat(Effect.delay(outcome(), "2 millis"), { until: (told) => told === wanted }).pipe(
          Effect.timeout("5 seconds"),
        );
      yield* Effect.gen(function* () {
        yield* until("trusted");
        Deno.writeTextFileSync(one, pem("X509 CRL", at).slice(0, 100));
        yield* Effect.repeat(Effect.delay(Effect.sync(() => lines.length), "2 millis"), {
          until: (n) => n > 0,
        });
        yield* until("trusted");
        Deno.writeFileSync(one, makeCrl(root, { now, number: 2, revoked: [{ certificate: leaf }] }));
        yield* until("revoked");
      }).pipe(Effect.provide(trusting(Sources.layerFiles([one, two], { every: "5 millis" }))));
      assert.deepEqual(lines, [`CRLs: ${one}: PEM, line 1: X509 CRL has no end; the old ones stay`]);
    })
  ),
);

live(
  "files of CRLs must be there at first, and be CRLs; their options are checked",
  Effect.gen(function* () {
    const folder = yield* temporary;
    const build = (...given: Parameters<typeof Sources.layerFiles>) =>
      Effect.flip(Effect.scoped(Layer.build(Sources.layerFiles(...given))));
    const missing = yield* build(`${folder}/none`);
    assert.equal(missing._tag, "CrlFileError");
    assert.match(missing.message, /none: /);
    Deno.writeTextFileSync(`${folder}/other`, root.certificatePem);
    assert.match((yield* build([`${folder}/other`])).message, /other: there is no X509 CRL/);
    assert.equal((yield* build([], { every: -1 }))._tag, "InvalidOption");
    assert.equal((yield* build([], { reload: "x" as never }))._tag, "InvalidOption");
  }),
);

effect(
  "the system's roots use a source as well",
  Effect.gen(function* () {
    const partition = Effect.map(CertificateVerifier, (verifier) => verifier.partition);
    const source = Sources.layer(() => Effect.succeed([]));
    const { layerBundled } = Verifiers;
    assert.notEqual(
      yield* Effect.provide(partition, Layer.provide(layerBundled, source)),
      yield* Effect.provide(partition, layerBundled),
    );
  }),
);
