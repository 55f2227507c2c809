/** How much work a chain may cost: no chain, forged or certified, takes longer than it should. @module */
import { assert, Clock, Effect, Either } from "../deps.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { makeNoble, platformRandom } from "../../src/layers/crypto/noble/provider.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import type { Verification } from "../../src/ports/trust.ts";
import { ascii, type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { judgeStatus } from "../../src/x509/ocsp/validate.ts";
import { violation } from "../../src/x509/path/name_constraints.ts";
import { bySubject, findPath } from "../../src/x509/path/path.ts";
import { LIMIT, prices, signaturePrice, Work } from "../../src/x509/path/work.ts";
import { type Issued, type KeyPair, makeCa, makeKey } from "../support/ca.ts";
import { makeStaple, responderOf, singleResponse, tlsFeature } from "../support/ocsp.ts";
import { NOW } from "./chains/base.ts";

const read = (der: Bytes) => Either.getOrThrow(parseCertificate(der));
const many = <A>(count: number, make: (i: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => make(i));

/** What comes of a chain, and how often a signature was verified. */
const judge = async (root: Issued, chain: ReadonlyArray<Bytes>, more: Partial<Verification> = {}) => {
  const noble = makeNoble(platformRandom);
  let verified = 0;
  const result = await Effect.runPromise(
    makeRoots([root.der]).verify({ chain, name: "localhost", purpose: "serverAuth", ...more }).pipe(
      Effect.withClock(Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(NOW * 1000) })),
      Effect.either,
      Effect.provideService(Crypto, {
        ...noble,
        verify: (...given) => {
          verified++;
          return noble.verify(...given);
        },
      }),
    ),
  );
  return { result, verified };
};

/** What is left of the work after a path was looked for. */
const search = async (root: Issued, chain: ReadonlyArray<Bytes>, work = new Work()) => {
  // What was read once, and constraints that were made ready, are kept as long as the bytes are the same object.
  const [leaf, ...rest] = chain.map((der) => read(der.slice()));
  const criteria = { time: NOW, name: "localhost", purpose: "serverAuth" } as const;
  const result = await Effect.runPromise(
    findPath(leaf!, bySubject(rest), bySubject([read(root.der.slice())]), criteria, work).pipe(
      Effect.either,
      Effect.provideService(Crypto, makeNoble(platformRandom)),
    ),
  );
  return { result, left: work.left };
};

const refusal = (result: Either.Either<unknown, CertificateError>): CertificateError =>
  Either.match(result, { onLeft: (e) => e, onRight: () => assert.fail("it was trusted") });
const assertSpent = (result: Either.Either<unknown, CertificateError>) => {
  const { reason, detail } = refusal(result);
  assert.equal(reason, "invalid", detail);
  assert.match(detail, /^its chain is too costly to verify/);
};
const assertTrusted = (result: Either.Either<unknown, CertificateError>) =>
  assert.ok(Either.isRight(result), Either.isLeft(result) ? result.left.message : "");

const bases = (count: number): Bytes => {
  const v6 = (i: number) =>
    Der.context(7, Uint8Array.from([0x20, i >> 8, i, ...new Array(13).fill(0), ...MASK]));
  const subtrees = Der.context(0x20, concat(...many(count, (i) => Der.sequence(v6(i)))));
  return Build.extension(oids.nameConstraints, Der.sequence(subtrees), true);
};
const MASK: ReadonlyArray<number> = [...new Array(3).fill(255), ...new Array(13).fill(0)];
const addresses = (count: number): ReadonlyArray<string> =>
  many(count, (i) => `2000::${(i + 1).toString(16)}`);

/** A root that is trusted, and one of the same name that is a stranger's. */
const roots = (key: "p256" | "p521" = "p256") => [makeCa({ key }), makeCa({ key })] as const;

// -- what a stranger can make up --

Deno.test("of a path that no root vouches for nothing is looked at that a stranger could make costly", async () => {
  const [root, stranger] = roots();
  const middle = stranger.intermediate({ extensions: [bases(1000)] });
  const leaf = middle.issue({ names: ["localhost", ...addresses(1000)] });
  const { result, left } = await search(root, leaf.chain);
  assert.equal(refusal(result).reason, "unknown_ca");
  const once = signaturePrice(read(root.der).publicKey as never, middle.der.length);
  // One signature, which did not hold, and a few steps: neither names nor constraints.
  assert.ok(LIMIT - left < (1 + prices.failure) * once + 50, `${LIMIT - left}`);
});

for (const key of ["p256", "p521"] as const) {
  Deno.test(`of a hundred forged authorities below a root of ${key} few signatures are verified`, async () => {
    const [root, stranger] = roots(key);
    const theirs = makeKey("p256");
    const forged = many(100, () => stranger.intermediate({ key: theirs }));
    const { result, verified } = await judge(root, [forged[0]!.issue().der, ...forged.map(({ der }) => der)]);
    assertSpent(result);
    assert.match(refusal(result).detail, /has another key/);
    assert.ok(verified <= (key === "p256" ? 15 : 4), `${verified}`);
  });
}

Deno.test("of authorities that really were certified, with a forged leaf below, no more are tried than the work allows", async () => {
  const root = makeCa();
  const certified = many(150, () => root.intermediate({ key: theirKey }).der);
  const { result, verified } = await judge(root, [makeCa().intermediate().issue().der, ...certified]);
  assertSpent(result);
  assert.ok(verified <= 30, `${verified}`);
});
const theirKey: KeyPair = makeKey("p256");

Deno.test("a maze of authorities that leads nowhere is left before it is searched", async () => {
  const keys = many(8, () => makeKey("p256"));
  const authorities = keys.map((key, i) => makeCa({ subject: `${i}`, key }));
  // Everybody certifies everybody: 8! paths, none to a root.
  const maze = authorities.flatMap((by, i) =>
    keys.flatMap((key, j) => i === j ? [] : [by.intermediate({ subject: `${j}`, key }).der])
  );
  const { result, verified } = await judge(makeCa(), [authorities[0]!.issue().der, ...maze]);
  assertSpent(result);
  assert.equal(verified, 0);
});

Deno.test("a signature that does not hold is verified once, however many paths it is on", async () => {
  const [root, stranger] = roots();
  const [a, b] = [makeKey("p256"), makeKey("p256")];
  const top = stranger.intermediate({ subject: "Top" });
  const middle = [a, b].map((key) => top.intermediate({ key }));
  const leaf = middle[0]!.issue();
  const { result, verified } = await judge(root, [leaf.der, ...middle.map(({ der }) => der), top.der]);
  assert.equal(refusal(result).reason, "unknown_ca");
  assert.equal(verified, 1);
});

Deno.test("timers fire while a chain is judged that takes long", async () => {
  const [root, stranger] = roots("p521");
  const forged = many(100, () => stranger.intermediate({ key: theirKey }));
  let fired = 0;
  const timer = setInterval(() => fired++, 0);
  await judge(root, [forged[0]!.issue().der, ...forged.map(({ der }) => der)]);
  clearInterval(timer);
  assert.ok(fired >= 2, `${fired}`);
});

// -- what an authority below a trusted root can make up --

Deno.test("names and constraints that really were signed are compared no longer than the work allows", async () => {
  const root = makeCa();
  const chain = (names: number, constraints: number) =>
    root.intermediate({ extensions: [bases(constraints)] }).issue({ names: addresses(names) }).chain;
  const lasting = { name: "2000::1" };
  assertSpent((await judge(root, chain(1000, 1000), lasting)).result);
  assertTrusted((await judge(root, chain(200, 200), lasting)).result);
});

Deno.test("comparing names with constraints stops where the work is spent", () => {
  const root = makeCa({ extensions: [bases(100)] });
  const leaf = read(root.issue({ names: addresses(100) }).der);
  const { nameConstraints } = read(root.der);
  const work = new Work(500);
  assert.equal(violation(leaf, nameConstraints!, work), undefined);
  assert.ok(work.spent);
  const enough = new Work();
  assert.equal(violation(leaf, nameConstraints!, enough), undefined);
  assert.ok(!enough.spent);
});

Deno.test("a base that is malformed breaks names of its form alone, however often they are asked about", () => {
  const wrong = Der.context(7, Uint8Array.of(10, 0, 0, 0, 255, 0, 255, 0));
  const subtrees = Der.context(0x20, Der.sequence(wrong));
  const root = makeCa({ extensions: [Build.extension(oids.nameConstraints, Der.sequence(subtrees), true)] });
  const { nameConstraints } = read(root.der);
  for (let i = 0; i < 2; i++) {
    assert.equal(violation(read(root.issue().der), nameConstraints!, new Work())?.reason, "invalid");
    const hostOnly = read(root.issue({ names: ["localhost"] }).der);
    assert.equal(violation(hostOnly, nameConstraints!, new Work()), undefined);
  }
});

Deno.test("thousands of TLS features that an authority demands are found in its leaf at once", async () => {
  const root = makeCa();
  const features = tlsFeature(many(5_000, (i) => i + 100));
  const chain = root.intermediate({ extensions: [features] }).issue({ extensions: [features] }).chain;
  const work = new Work();
  assertTrusted((await search(root, chain, work)).result);
  assert.ok(LIMIT - work.left < 3_000, `${LIMIT - work.left}`);
});

// -- what is read --

Deno.test("a certificate of more values than any has is no certificate", () => {
  const names = (count: number) =>
    Build.extension(oids.subjectAltName, Der.sequence(concat(...many(count, () => name))));
  const name = Der.context(2, ascii("a"));
  const of = (count: number) => makeCa({ extensions: [names(count)] }).der;
  assert.equal(read(of(16_000)).subjectAltName?.length, 16_000);
  const tooMany = parseCertificate(of(16_400));
  assert.match(Either.isLeft(tooMany) ? tooMany.left.reason : "", /^more than 16384 values$/);
});

Deno.test("a chain that is long in bytes is given up before all of it is read", async () => {
  const root = makeCa();
  const padding = Build.extension("1.2.3.4", new Uint8Array(60_000));
  const chain = many(4, () => root.intermediate({ key: theirKey, extensions: [padding] }).der);
  assertSpent((await judge(root, [root.issue().der, ...chain])).result);
  assertTrusted((await judge(root, [root.issue().der, ...chain.slice(0, 1)])).result);
});

// -- what is honest --

Deno.test("the longest path there may be, of P-521 alone, and a responder's word on its leaf are judged", async () => {
  const key = "p521";
  const root = makeCa({ key });
  let last = root;
  for (let i = 0; i < 10; i++) last = last.intermediate({ subject: `${i}`, key });
  const leaf = last.issue({ key });
  const by = responderOf(last, { key });
  const times = { thisUpdate: NOW - 3600, nextUpdate: NOW + 3600, producedAt: NOW - 3600 };
  const ocspResponse = makeStaple(last, leaf, { by, ...times });
  const { result, verified } = await judge(root, leaf.chain, { ocspResponse });
  assertTrusted(result);
  assert.equal(verified, 13);
});

Deno.test("cross-signed authorities, several roots of one name and a leaf of a thousand names are judged", async () => {
  const old = makeCa({ key: "rsa" });
  const [known, ...others] = many(3, () => makeCa({ key: "p384", subject: "New Root" }));
  const middle = known!.intermediate({ subject: "M" });
  const crossed = [old, ...others].map((by) => by.intermediate({ subject: "M", key: middle.key }).der);
  const leaf = middle.issue({ names: ["localhost", ...many(1000, (i) => `host-${i}.example.com`)] });
  assertTrusted((await judge(known!, [leaf.der, ...crossed, middle.der])).result);
});

Deno.test("a response about hundreds draws for each, and one about more than the work allows is refused", async () => {
  const root = makeCa();
  const leaf = root.issue();
  const others = singleResponse(root, root.issue(), { thisUpdate: NOW - 60, nextUpdate: NOW + 60 });
  const staple = (count: number) =>
    makeStaple(root, leaf, {
      before: many(count, () => others),
      thisUpdate: NOW - 60,
      nextUpdate: NOW + 60,
      producedAt: NOW - 60,
    });
  assertTrusted((await judge(root, leaf.chain, { ocspResponse: staple(500) })).result);
  assertSpent(
    (await judge(root, leaf.chain, { ocspResponse: concat(staple(500), new Uint8Array(300_000)) })).result,
  );
});

Deno.test("a leaf is not trusted where the work is spent anywhere in judging its path", async () => {
  const root = makeCa({ extensions: [bases(20)] });
  const { chain } = root.intermediate().issue({ names: ["localhost", ...addresses(20)] });
  const { result, left } = await search(root, chain);
  assertTrusted(result);
  const used = LIMIT - left;
  // Counted, because sums of hundredths may come to a hair less than all, which is enough.
  for (let i = 0; i < 100; i++) {
    assertSpent((await search(root, chain, new Work(used * i / 100))).result);
  }
  assertSpent((await search(root, chain, new Work(used - 0.1))).result);
});

Deno.test("a leaf is not trusted where the work is spent anywhere in judging its staple", async () => {
  const root = makeCa();
  const leaf = root.issue();
  const staple = makeStaple(root, leaf, { by: responderOf(root) });
  const criteria = { time: Math.floor(Date.now() / 1000), name: undefined, purpose: "serverAuth" } as const;
  const ask = (limit: number) => {
    const work = new Work(limit);
    return Effect.runPromise(
      judgeStatus([read(leaf.der), read(root.der)], staple, criteria, work).pipe(
        Effect.either,
        Effect.provideService(Crypto, makeNoble(platformRandom)),
        Effect.map((result) => ({ result, used: limit - work.left })),
      ),
    );
  };
  const { result, used } = await ask(LIMIT);
  assertTrusted(result);
  for (let i = 0; i < 100; i++) assertSpent((await ask(used * i / 100)).result);
  assertSpent((await ask(used - 0.1)).result);
});

Deno.test("a signature costs by its key: more for more bits, for a longer exponent and for more that is signed", () => {
  const rsa = (bits: number, ...exponent: ReadonlyArray<number>) =>
    signaturePrice({
      _tag: "rsa",
      modulus: new Uint8Array(bits / 8).fill(255),
      publicExponent: Uint8Array.from(exponent),
    }, 0);
  assert.ok(rsa(2048, 1, 0, 1) < rsa(4096, 1, 0, 1) && rsa(4096, 1, 0, 1) < rsa(8192, 1, 0, 1));
  assert.ok(2 * rsa(4096, 1, 0, 1) < rsa(4096, 255, 255, 255, 255));
  const of = (key: "p256" | "p384" | "p521" | "ed25519" | "ed448", bytes = 0) =>
    signaturePrice(read(makeCa({ key }).der).publicKey as never, bytes);
  assert.ok(of("ed25519") < of("p256") && of("p256") < of("p384") && of("p384") < of("p521"));
  assert.ok(of("ed25519") < of("ed448") && of("ed448") < of("p521"));
  assert.ok(of("p256") < of("p256", 1000));
});
