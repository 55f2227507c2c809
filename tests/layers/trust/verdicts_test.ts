/** Verdicts that are remembered: what they save, and when they are not believed. @module */
import { assert, Effect, Either, TestClock } from "../../deps.ts";
import { makeNoble, platformRandom } from "../../../src/layers/crypto/noble/provider.ts";
import { makeRoots } from "../../../src/layers/trust/roots.ts";
import { Crypto } from "../../../src/ports/crypto.ts";
import type { CertificateVerifierService, Verification } from "../../../src/ports/trust.ts";
import { makeCa } from "../../support/ca.ts";
import { effect, live } from "../../support/effect.ts";
import { makeStaple } from "../../support/ocsp.ts";

const START = Date.UTC(2030, 0) / 1000;
const setTime = (seconds: number) => TestClock.setTime(seconds * 1000);

const ca = makeCa();
const middle = ca.intermediate();
const leaf = middle.issue({ notBefore: START - 100, notAfter: START + 100 });
const other = middle.issue();
const what: Verification = { chain: leaf.chain, name: "localhost", purpose: "serverAuth" };
const copied: Verification = { ...what, chain: leaf.chain.map((der) => der.slice()) };

/** Judges, and gives how many signatures were verified for it and what came of it. */
const judge = (service: CertificateVerifierService, asked: Verification) =>
  Effect.gen(function* () {
    const noble = makeNoble(platformRandom);
    let signatures = 0;
    const result = yield* service.verify(asked).pipe(
      Effect.either,
      Effect.provideService(Crypto, {
        ...noble,
        verify: (...given) => {
          signatures++;
          return noble.verify(...given);
        },
      }),
    );
    return { signatures, result };
  });

effect(
  "a chain that was trusted is trusted again without a signature, with the same verdict",
  Effect.gen(function* () {
    yield* setTime(START);
    const service = makeRoots([ca.der]);
    const first = yield* judge(service, what);
    const second = yield* judge(service, copied);
    assert.deepEqual([first.signatures, second.signatures], [2, 0]);
    assert.deepEqual(second.result, first.result);
  }),
);

effect(
  "who changes a verdict that was given changes none that is given later",
  Effect.gen(function* () {
    yield* setTime(START);
    const service = makeRoots([ca.der]);
    const given = Effect.map(judge(service, what), ({ result }) => Either.getOrThrow(result)!);
    const wanted = structuredClone(yield* given);
    for (let round = 0; round < 2; round++) {
      const verdict = yield* given;
      assert.deepEqual(verdict, wanted);
      verdict.path.at(-1)!.fill(0);
      Object.assign(verdict.revocation[0]!, { status: "good" });
    }
  }),
);

effect(
  "a verdict is of that chain, name, purpose and staple alone, and of those roots and options",
  Effect.gen(function* () {
    yield* setTime(START);
    const service = makeRoots([ca.der]);
    yield* judge(service, what);
    const staple = makeStaple(middle, leaf, { thisUpdate: START, nextUpdate: START + 50, producedAt: START });
    const others: ReadonlyArray<Verification> = [
      { ...what, name: "127.0.0.1" },
      { ...what, name: undefined },
      { ...what, purpose: "clientAuth" },
      { ...what, chain: other.chain },
      { ...what, chain: [...leaf.chain, ca.der] },
      { ...what, ocspResponse: staple },
      {
        ...what,
        ocspResponse: makeStaple(middle, leaf, { thisUpdate: START, producedAt: START, status: "revoked" }),
      },
      { ...what, name: "elsewhere.example" },
    ];
    for (const asked of others) assert.ok((yield* judge(service, asked)).signatures >= 2);
    for (
      const service of [makeRoots([ca.der]), makeRoots([makeCa().der]), makeRoots([ca.der], { sha1: true })]
    ) {
      assert.ok((yield* judge(service, what)).signatures >= 1);
    }
  }),
);

effect(
  "no verdict outlives its chain or its staple, and none is believed before it was made",
  Effect.gen(function* () {
    const service = makeRoots([ca.der]);
    yield* setTime(START + 50);
    assert.equal((yield* judge(service, what)).signatures, 2);
    yield* setTime(START + 49);
    assert.equal((yield* judge(service, what)).signatures, 2);
    yield* setTime(START + 100);
    assert.equal((yield* judge(service, what)).signatures, 0);
    yield* setTime(START + 101);
    const expired = yield* judge(service, what);
    assert.equal(Either.isLeft(expired.result) && expired.result.left.reason, "expired");
    const stapled = {
      ...what,
      chain: other.chain,
      ocspResponse: makeStaple(middle, other, {
        thisUpdate: START,
        nextUpdate: START + 10,
        producedAt: START,
      }),
    };
    const stapleEnds = START + 10 + 300;
    yield* setTime(stapleEnds - 1);
    assert.equal((yield* judge(service, stapled)).signatures, 3);
    yield* setTime(stapleEnds);
    assert.equal((yield* judge(service, stapled)).signatures, 0);
    yield* setTime(stapleEnds + 1);
    const stale = yield* judge(service, stapled);
    assert.equal(Either.isLeft(stale.result) && stale.result.left.reason, "status_stale");
  }),
);

effect(
  "a refusal is not remembered",
  Effect.gen(function* () {
    const service = makeRoots([ca.der]);
    yield* setTime(START - 101);
    const early = yield* judge(service, what);
    assert.equal(Either.isLeft(early.result) && early.result.left.reason, "not_yet_valid");
    yield* setTime(START);
    assert.ok(Either.isRight((yield* judge(service, what)).result));
  }),
);

effect(
  "so many are remembered as the options say, those that were used last",
  Effect.gen(function* () {
    yield* setTime(START);
    const [two, none] = [
      makeRoots([ca.der], { rememberedVerdicts: 2 }),
      makeRoots([ca.der], { rememberedVerdicts: 0 }),
    ];
    const [a, b, c] = [what, { ...what, name: "127.0.0.1" }, { ...what, name: "::1" }];
    const signatures = (asked: Verification) => Effect.map(judge(two, asked), (one) => one.signatures);
    assert.deepEqual(yield* Effect.forEach([a, b, a, c, a, b], signatures), [2, 2, 0, 2, 0, 2]);
    yield* judge(none, a);
    assert.equal((yield* judge(none, a)).signatures, 2);
  }),
);

live(
  "verifications at the same time do not meet, though each gives way to the others",
  Effect.gen(function* () {
    const roots = [makeCa({ key: "p521" }), makeCa({ key: "p384" })] as const;
    const [one, two] = roots.map((root) => root.intermediate({ key: "p521" }).issue({ key: "p521" }).chain);
    const both = makeRoots(roots.map(({ der }) => der), { rememberedVerdicts: 1 });
    const only = makeRoots([roots[0].der]);
    const rows = [
      [both, one!, "localhost", true],
      [both, two!, "localhost", true],
      [both, one!, "elsewhere.example", false],
      [only, two!, "localhost", false],
      [only, one!, "localhost", true],
    ] as const;
    const all = Array.from({ length: 40 }, (_, i) => rows[i % rows.length]!);
    const judged = yield* Effect.forEach(
      all,
      ([service, chain, name]) => judge(service, { chain, name, purpose: "serverAuth" }),
      { concurrency: "unbounded" },
    );
    assert.deepEqual(
      judged.map(({ result }) => Either.isRight(result)),
      all.map(([, , , trusted]) => trusted),
    );
  }),
);
