/** Signed certificate timestamps (RFC 6962): which count, and how many there must be. @module */
import { assert, Clock, Effect, Either } from "../deps.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { logsFromJson } from "../../src/layers/trust/ct_logs.ts";
import { layerRoots, makeRoots } from "../../src/layers/trust/roots.ts";
import { Crypto, type HashName } from "../../src/ports/crypto.ts";
import type { TrustOptions, Verdict, Verification } from "../../src/ports/trust.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { oids } from "../../src/x509/der/oids.ts";
import { makeCa } from "../support/ca.ts";
import { issueWith, listOf, type Log, makeLog, type Promised } from "../support/ct.ts";
import { makeStaple } from "../support/ocsp.ts";
import { NOW } from "./chains/base.ts";
import { createHash } from "node:crypto";

const ca = makeCa();
const middle = ca.intermediate();
const [one, two, rsa, unknown] = [makeLog(), makeLog(), makeLog("rsa"), makeLog()];
const ctLogs = [one, two, rsa].map(({ log }, i) => ({ ...log, operator: `operator ${i}` }));

const judge = (
  what: Pick<Verification, "chain"> & Partial<Verification>,
  options: TrustOptions = {},
): Promise<Either.Either<Verdict | void, CertificateError>> =>
  makeRoots([ca.der], { ctLogs, ...options })
    .verify({ name: "localhost", purpose: "serverAuth", ...what }).pipe(
      Effect.withClock(Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(NOW * 1000) })),
      Effect.either,
      Effect.provide(layerNoble),
      Effect.runPromise,
    );

const timestamps = async (...given: Parameters<typeof judge>) =>
  (Either.getOrThrow(await judge(...given)) as Verdict).timestamps;
const refusal = async (...given: Parameters<typeof judge>) => {
  const { reason, detail, rfc } = Either.getOrThrow(Either.flip(await judge(...given)));
  assert.deepEqual([reason, rfc], ["too_few_timestamps", "RFC 6962 §5.2"], detail);
  return detail;
};

/** A leaf that holds promises of these logs. */
const holding = (...logs: ReadonlyArray<readonly [Log, Promised?]>) =>
  issueWith(middle, (tbs) => logs.map(([log, promised]) => log.ofPrecertificate(tbs, middle, promised)));

Deno.test("timestamps in the certificate count, and the verdict names their logs", async () => {
  const found = await timestamps(holding([one], [rsa]));
  assert.deepEqual(
    found.map(({ logId, description, source, timestamp }) => [logId, description, source, timestamp]),
    [one, rsa].map(({ log }) => [
      createHash("sha256").update(log.key).digest("hex"),
      log.description,
      "certificate",
      Date.UTC(2029, 0),
    ]),
  );
});

Deno.test("timestamps in the handshake and in the stapled OCSP response count as well", async () => {
  const leaf = middle.issue();
  const times = { thisUpdate: NOW, nextUpdate: NOW + 3600, producedAt: NOW };
  const singleExtensions = [
    listOf(oids["signedCertificateTimestamps/ocsp"], [two.ofCertificate(leaf.der)]),
  ];
  const found = await timestamps({
    chain: leaf.chain,
    signedCertificateTimestamps: [one.ofCertificate(leaf.der)],
    ocspResponse: makeStaple(middle, leaf, { ...times, singleExtensions }),
  });
  assert.deepEqual(found.map(({ source }) => source), ["ocsp", "tls"]);
});

Deno.test("a leaf without timestamps is refused, unless none are demanded or no logs are known", async () => {
  const leaf = middle.issue();
  assert.equal(await refusal(leaf), "it has 0 of 2 signed certificate timestamps");
  assert.deepEqual(await timestamps(leaf, { minimumTimestamps: 0 }), []);
  assert.deepEqual(await timestamps(leaf, { ctLogs: undefined }), []);
  assert.deepEqual(await timestamps({ chain: leaf.chain, name: undefined, purpose: "clientAuth" }), []);
});

Deno.test("two timestamps of one log, or of one operator, are as good as one", async () => {
  assert.match(await refusal(holding([one], [one, { timestamp: Date.UTC(2028, 0) }])), /^it has 1 of 2 /);
  const same = { ctLogs: [one, two].map(({ log }) => ({ ...log, operator: "same" })) };
  assert.match(await refusal(holding([one], [two]), same), /^it has 2 of 2 .*, of 1 operator$/);
  assert.equal((await timestamps(holding([one]), { minimumTimestamps: 1 })).length, 1);
});

const wrong: Readonly<Record<string, readonly [Promised, RegExp]>> = {
  "from the future": [{ timestamp: (NOW + 600) * 1000 }, /is from the future/],
  "of a version that nobody has": [{ version: 1 }, /is malformed/],
  "over something else": [{ signed: new Uint8Array(9) }, /has a wrong signature/],
  "by a scheme that no log has": [{ algorithm: [8, 4] }, /has a wrong signature/],
};
for (const [name, [promised, why]] of Object.entries(wrong)) {
  Deno.test(`a timestamp ${name} does not count, and the error says so`, async () => {
    assert.match(await refusal(holding([one], [two, promised])), why);
  });
}

Deno.test("a timestamp of an unknown log, of a retired one, or about another certificate does not count", async () => {
  assert.match(await refusal(holding([one], [unknown])), /one in the certificate is of an unknown log/);
  const retired = { ctLogs: [one.log, { ...two.log, until: Date.UTC(2029, 0) }] };
  assert.match(await refusal(holding([one], [two]), retired), /was made after its log was retired/);
  const [leaf, other] = [middle.issue(), middle.issue()];
  const about = { chain: leaf.chain, signedCertificateTimestamps: [one.ofCertificate(other.der)] };
  assert.match(await refusal(about), /one in the handshake has a wrong signature/);
  const elsewhere = issueWith(middle, (tbs) => [one, two].map((log) => log.ofPrecertificate(tbs, ca)));
  assert.match(await refusal(elsewhere), /has a wrong signature/);
});

Deno.test("a list of thousands of timestamps is hashed with its issuer's key once", async () => {
  const leaf = issueWith(middle, () => Array.from({ length: 3000 }, () => Uint8Array.of(1)));
  let hashed = 0;
  const counted = Effect.map(Crypto, (crypto) => ({
    ...crypto,
    hash: (name: HashName) => {
      const hash = crypto.hash(name);
      return { ...hash, digest: (data: ReadonlyArray<Bytes>) => (hashed++, hash.digest(data)) };
    },
  })).pipe(Effect.provide(layerNoble));
  const error = await makeRoots([ca.der], { ctLogs })
    .verify({ chain: leaf.chain, name: "localhost", purpose: "serverAuth" }).pipe(
      Effect.withClock(Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(NOW * 1000) })),
      Effect.flip,
      Effect.provideServiceEffect(Crypto, counted),
      Effect.runPromise,
    );
  assert.equal(error.reason, "too_few_timestamps");
  assert.ok(hashed > 0 && hashed < 20, `${hashed} hashes`);
});

Deno.test("bytes that are no timestamps are as good as none", async () => {
  const leaf = middle.issue();
  for (const bytes of [new Uint8Array(), Uint8Array.of(0), one.ofCertificate(leaf.der).subarray(1)]) {
    const detail = await refusal({ chain: leaf.chain, signedCertificateTimestamps: [bytes] });
    assert.match(detail, /one in the handshake is malformed/);
  }
  const odd = middle.issue({ extensions: [listOf(oids.signedCertificateTimestamps, [])] });
  assert.match(await refusal(odd), /^it has 0 of 2/);
});

Deno.test("a flood of timestamps costs no more than a chain may", async () => {
  const leaf = middle.issue();
  const flood = Array.from(
    { length: 2000 },
    () => one.ofCertificate(leaf.der, { signed: new Uint8Array(1) }),
  );
  const error = Either.getOrThrow(
    Either.flip(await judge({ chain: leaf.chain, signedCertificateTimestamps: flood })),
  );
  assert.match(error.detail, /too costly to verify|it has 0 of 2/);
});

const base64 = (bytes: Bytes) => btoa(String.fromCharCode(...bytes));
const json = (state: object) =>
  JSON.stringify({
    version: "1",
    operators: [{
      name: "One",
      email: [],
      logs: [{ description: "a", log_id: "x", key: base64(one.log.key), url: "u", mmd: 86400, state }],
      tiled_logs: [{ key: base64(two.log.key), state: { usable: { timestamp: "2020-01-01T00:00:00Z" } } }],
    }],
  });

Deno.test("the lists of logs that browsers use are read, each log until it is retired", () => {
  const retired = json({ retired: { timestamp: "2027-01-01T00:00:00Z" } });
  assert.deepEqual(Either.getOrThrow(logsFromJson(retired)), [
    { key: base64(one.log.key), operator: "One", description: "a", until: Date.UTC(2027, 0) },
    { key: base64(two.log.key), operator: "One" },
  ]);
  const rejected = json({ rejected: { timestamp: "2027-01-01T00:00:00Z" } });
  assert.equal(Either.getOrThrow(logsFromJson(rejected)).length, 1);
  for (const text of ["", "[]", '{"operators": [{"name": 1, "logs": []}]}']) {
    const error = Either.getOrThrow(Either.flip(logsFromJson(text)));
    assert.equal(error._tag, "InvalidOption");
  }
});

Deno.test("a key that is none is refused at the door, with its place", async () => {
  const layer = layerRoots(ca.certificatePem, { ctLogs: [one.log, { key: "AAAA" }] });
  const error = await Effect.runPromise(Effect.flip(Effect.scoped(Effect.provide(Effect.void, layer))));
  assert.match(error.message, /allowances.ctLogs.1.key: .*public key of a log/);
});
