/** CRLs: how they are read, what a verdict says of them, and whose word counts more (RFC 5280 §5, §6.3; RFC 6960 §4.2.2.2). @module */
import { assert, Effect, Either } from "../deps.ts";
import { InvalidOption } from "../../src/faults/errors/connection.ts";
import { PemError } from "../../src/faults/errors/pem.ts";
import type { CertificateError } from "../../src/faults/errors/trust.ts";
import { explain } from "../../src/faults/explain.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeNoble, platformRandom } from "../../src/layers/crypto/noble/provider.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import { Crypto, type CryptoService } from "../../src/ports/crypto.ts";
import type { TrustOptions, Verdict } from "../../src/ports/trust.ts";
import type { Bytes } from "../../src/wire/bytes.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { type CertificateList, parseCrl } from "../../src/x509/crl/crl.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { poolOf } from "../../src/x509/crl/pool.ts";
import { judged } from "../../src/x509/judge.ts";
import { bySubject } from "../../src/x509/path/path.ts";
import { LIMIT, Work } from "../../src/x509/path/work.ts";
import { type Issued, makeCa, pem } from "../support/ca.ts";
import { distributionPoints, makeCrl } from "../support/crl.ts";
import { stride } from "../support/exhaustive.ts";
import { makeStaple, responderOf } from "../support/ocsp.ts";
import { bytesOf } from "../support/text.ts";
import { crlKinds } from "./chains/crl_kinds.ts";

const now = Math.floor(Date.now() / 1000);
const root = makeCa();
const middle = root.intermediate();
const leaf = middle.issue();
const read = (der: Bytes): CertificateList => Either.getOrThrow(parseCrl(der));

const judge = (
  strength: TrustOptions,
  rest: { readonly leaf?: Issued; readonly ocspResponse?: Bytes; readonly crypto?: CryptoService } = {},
): Promise<Either.Either<Verdict | void, CertificateError>> =>
  makeRoots([root.der], strength).verify({
    chain: (rest.leaf ?? leaf).chain,
    name: undefined,
    purpose: "serverAuth",
    ocspResponse: rest.ocspResponse,
  }).pipe(
    Effect.either,
    rest.crypto ? Effect.provideService(Crypto, rest.crypto) : Effect.provide(layerNoble),
    Effect.runPromise,
  );

const refusedBy = async (...given: Parameters<typeof judge>): Promise<CertificateError> =>
  Either.getOrThrow(Either.flip(await judge(...given)));
const trustedBy = async (...given: Parameters<typeof judge>): Promise<Verdict> =>
  Either.getOrThrow(await judge(...given))!;

// -- reading --

Deno.test("a CRL of a hundred thousand entries is read at once, and each entry is found in it, and nobody else", () => {
  const serials = Array.from(
    { length: 100_000 },
    (_, i) => Uint8Array.of(1, i >> 16, i >> 8 & 255, i & 255, 7),
  );
  const revoked = serials.map((serialNumber, i) => ({ serialNumber, ...(i % 2 ? { reason: i % 6 } : {}) }));
  const crl = read(makeCrl(root, { revoked }));
  assert.equal(crl.entries.size, serials.length);
  for (let i = 0; i < serials.length; i += 997) {
    const [entry, ...more] = crl.entries.find(serials[i]!);
    assert.equal(more.length, 0);
    assert.equal(entry?.reason === undefined, i % 2 === 0);
    assert.ok(entry?.date);
  }
  for (
    const serial of [Uint8Array.of(1), Uint8Array.of(1, 0, 0, 0, 8), new Uint8Array(0), Uint8Array.of(255)]
  ) {
    assert.deepEqual(crl.entries.find(serial), []);
  }
});

Deno.test("serial numbers are compared as they are encoded: a negative one is not the positive one", () => {
  const crl = read(makeCrl(root, { revoked: [{ serialNumber: Uint8Array.of(0, 0x80) }] }));
  assert.equal(crl.entries.find(Uint8Array.of(0, 0x80)).length, 1);
  assert.equal(crl.entries.find(Uint8Array.of(0x80)).length, 0);
});

Deno.test("a CRL is parsed once for one object of bytes", () => {
  const der = makeCrl(root);
  assert.equal(read(der), read(der));
  assert.equal(read(read(der).raw), read(der));
});

const entry = (...parts: ReadonlyArray<Bytes>) => Der.sequence(...parts);
const serial = Der.integer(5);
const date = Der.utcTime(now);
const withEntries = (entries: Bytes): Bytes => {
  const algorithm = Der.sequence(Der.objectIdentifier(oids["ecdsa-with-SHA256"]));
  const tbs = Der.sequence(
    Der.integer(1),
    algorithm,
    root.subject,
    date,
    date,
    Der.sequence(entries),
    Der.explicit(0, Der.sequence(Build.extension(oids.cRLNumber, Der.integer(1)))),
  );
  return Der.sequence(tbs, algorithm, Der.bitString(new Uint8Array(8)));
};

const malformed: Readonly<Record<string, Bytes>> = {
  "no serial number": entry(date),
  "an empty serial number": entry(Der.element(2), date),
  "a serial number that is not minimal": entry(Der.element(2, Uint8Array.of(0, 1)), date),
  "no date": entry(serial),
  "a date of another length": entry(serial, Der.element(0x17, Uint8Array.of(1))),
  "a fourth part": entry(serial, date, Der.sequence(Build.extension("1.2.3", Der.nullValue)), Der.nullValue),
  "an extension without a value": entry(
    serial,
    date,
    Der.sequence(Der.sequence(Der.objectIdentifier("1.2.3"))),
  ),
  "an extension with one value too many": entry(
    serial,
    date,
    Der.sequence(Der.sequence(Der.objectIdentifier("1.2.3"), Der.octetString(serial), serial)),
  ),
  "a certificateIssuer that is no name": entry(
    serial,
    date,
    Der.sequence(Build.extension(oids.certificateIssuer, Der.sequence(Der.nullValue), true)),
  ),
  "an indefinite length": Uint8Array.of(0x30, 0x80, 0, 0),
  "a length of four bytes": Uint8Array.of(0x30, 0x84, 0, 0, 0, 0),
  "a length that is not minimal": Uint8Array.of(0x30, 0x81, 2, 5, 0),
  "half a length": Uint8Array.of(0x30, 0x82, 1),
  "a length beyond the list": Uint8Array.of(0x30, 5, 2),
  "a tag alone": Uint8Array.of(0x30),
  "another tag": Der.nullValue,
};

for (const [what, entries] of Object.entries(malformed)) {
  Deno.test(`a CRL with an entry that has ${what} is refused as a DerError, which says where`, () => {
    const error = Either.getOrThrow(Either.flip(parseCrl(withEntries(entries))));
    assert.equal(error._tag, "DerError");
    assert.match(error.path, /^CertificateList.tbsCertList.revokedCertificates/);
  });
}

Deno.test("a CRL with the same entries well-formed is read, and one with an empty list, which should have none", () => {
  assert.equal(read(withEntries(new Uint8Array(0))).entries.size, 0);
  assert.equal(read(withEntries(entry(serial, date))).entries.find(Uint8Array.of(5)).length, 1);
});

const STEP = stride("bytes of a CRL", 3);

Deno.test("a CRL with a byte changed anywhere, or cut short, is another CRL or a DerError, and its entries can be asked for", () => {
  for (const der of crlKinds(root, leaf)) {
    for (let at = 0; at < der.length; at += STEP) {
      const changed = der.slice();
      changed[at]! ^= 1 << at % 8;
      for (const bytes of [changed, der.subarray(0, at)]) {
        const result = parseCrl(bytes);
        if (Either.isLeft(result)) assert.equal(result.left._tag, "DerError");
        else {for (const serial of [Uint8Array.of(5), Uint8Array.of(1, 2, 3)]) {
            result.right.entries.find(serial);
          }}
      }
    }
  }
});

// -- options --

Deno.test("CRLs are given as PEM text, as DER, as the bytes of a PEM file, or as a list of these", async () => {
  const [one, other] = [makeCrl(middle), makeCrl(root)];
  const text = pem("X509 CRL", one) + pem("CERTIFICATE", root.der) + pem("X509 CRL", other);
  for (const crls of [text, bytesOf(text), [one, other], [pem("X509 CRL", one), other]]) {
    const { revocation } = await trustedBy({ crls });
    assert.deepEqual(revocation, [{ status: "good", source: "crl" }, { status: "good", source: "crl" }]);
  }
});

Deno.test("what is given as CRLs and is none is refused when trust is set up", () => {
  const make = (crls: unknown) => () => makeRoots([root.der], { crls } as TrustOptions);
  assert.throws(make(pem("CERTIFICATE", root.der)), PemError);
  assert.throws(make(pem("X509 CRL", root.der)), PemError);
  assert.throws(make("x"), PemError);
  assert.throws(make([root.der]), (e) => e instanceof InvalidOption && e.option === "allowances.crls.0");
  assert.throws(make(7), InvalidOption);
  assert.throws(() => makeRoots([root.der], { crlCheck: "all" } as never), InvalidOption);
});

Deno.test("a certificate that stands beside the CRLs may have signed one, though no peer sends it", async () => {
  const signer = root.intermediate({ subjectDer: middle.subject, keyUsage: ["cRLSign"], ca: false });
  const crls = [pem("X509 CRL", makeCrl(middle, { by: signer })), makeCrl(root)];
  assert.equal((await refusedBy({ crls })).reason, "revocation_unknown");
  await trustedBy({ crls: [...crls, pem("CERTIFICATE", signer.der) + pem("X509 CRL", makeCrl(root))] });
});

Deno.test("a CRL signed with a key that its root revoked does not count", async () => {
  const signer = root.intermediate({ subjectDer: middle.subject, keyUsage: ["cRLSign"], ca: false });
  const list = pem("CERTIFICATE", signer.der) + pem("X509 CRL", makeCrl(middle, { by: signer }));
  await trustedBy({ crls: [list, makeCrl(root)] });
  const error = await refusedBy({ crls: [list, makeCrl(root, { revoked: [{ certificate: signer }] })] });
  assert.equal(error.reason, "revocation_unknown");
  assert.match(error.message, /the certificate with which .* signed its CRL: it was revoked/);
});

// -- verdicts --

Deno.test("a verdict holds until the first of the CRLs is no longer in force", async () => {
  const crls = [makeCrl(middle, { nextUpdate: now + 5000 }), makeCrl(root, { nextUpdate: now + 3000 })];
  assert.equal((await trustedBy({ crls })).until, now + 3000 + 300);
  const verdict = await trustedBy({ crls, crlCheck: "leaf" });
  assert.equal(verdict.until, now + 5000 + 300);
  assert.deepEqual(verdict.revocation, [{ status: "good", source: "crl" }, {
    status: "unchecked",
    source: undefined,
  }]);
});

Deno.test("a refusal says when a certificate was revoked and why, and has the alert certificate_revoked", async () => {
  const date = Date.UTC(2024, 1, 3) / 1000;
  const error = await refusedBy({
    crls: makeCrl(middle, { revoked: [{ certificate: leaf, reason: 1, date }] }),
  });
  assert.deepEqual([error.reason, error.index], ["revoked", 0]);
  assert.match(error.message, /it was revoked at 2024-02-03T00:00:00Z \(keyCompromise\)/);
  assert.equal(alertOf(error), "certificate_revoked");
});

Deno.test("a refusal for want of a CRL says of which issuer, and what to do", async () => {
  const error = await refusedBy({ crls: makeCrl(middle) });
  assert.deepEqual([error.reason, error.index], ["revocation_unknown", 1]);
  assert.match(error.message, /there is no CRL of its issuer, CN=Test Root, O=Test/);
  assert.match(explain(error).hint ?? "", /--crl FILE.*crlCheck: "leaf"/);
  await trustedBy({ crls: makeCrl(middle), crlCheck: "leaf" });
});

Deno.test("a refusal for a CRL's SHA-1 signature names the option that would let it count, and with it the chain passes", async () => {
  const strength = { crls: makeCrl(middle, { signature: "ecdsa_sha1" }), crlCheck: "leaf" } as const;
  assert.deepEqual((await refusedBy(strength)).liftedBy, { sha1: true });
  await trustedBy({ ...strength, sha1: true });
});

Deno.test("crlCheck without a CRL trusts nobody, and no CRLs without crlCheck ask for none", async () => {
  assert.equal((await refusedBy({ crlCheck: "leaf" })).reason, "revocation_unknown");
  assert.equal((await refusedBy({ crls: [] })).reason, "revocation_unknown");
  await trustedBy({});
});

// -- OCSP beside CRLs --

Deno.test("a good stapled response counts for a leaf of which no CRL says anything, and for no authority", async () => {
  const ocspResponse = makeStaple(middle, leaf);
  const { revocation } = await trustedBy({ crls: makeCrl(root) }, { ocspResponse });
  assert.deepEqual(revocation.map(({ source }) => source), ["ocsp", "crl"]);
  const error = await refusedBy({ crls: makeCrl(middle) }, { ocspResponse });
  assert.deepEqual([error.reason, error.index], ["revocation_unknown", 1]);
});

Deno.test("a CRL that revokes the leaf counts more than a good stapled response", async () => {
  const crls = [makeCrl(root), makeCrl(middle, { revoked: [{ certificate: leaf }] })];
  assert.equal((await refusedBy({ crls }, { ocspResponse: makeStaple(middle, leaf) })).reason, "revoked");
});

Deno.test("a response of a responder whose certificate was revoked is refused, unless nobody is to ask (RFC 6960 §4.2.2.2.1)", async () => {
  const responder = responderOf(middle);
  const silent = responderOf(middle, {
    extensions: [Build.extension(oids["id-pkix-ocsp-nocheck"], Der.nullValue)],
  });
  const crls = [
    makeCrl(root),
    makeCrl(middle, { revoked: [{ certificate: responder, reason: 1 }, { certificate: silent }] }),
  ];
  const error = await refusedBy({ crls }, { ocspResponse: makeStaple(middle, leaf, { by: responder }) });
  assert.equal(error.reason, "status_invalid");
  assert.match(
    error.message,
    /its OCSP responder CN=Responder, O=Test: it was revoked at .* \(keyCompromise\)/,
  );
  await trustedBy({ crls }, { ocspResponse: makeStaple(middle, leaf, { by: silent }) });
  await trustedBy({ crls: [makeCrl(root), makeCrl(middle)] }, {
    ocspResponse: makeStaple(middle, leaf, { by: responder }),
  });
});

// -- work --

Deno.test("a CRL's signature is verified once, whoever is judged by it", async () => {
  const noble = makeNoble(platformRandom);
  let signatures = 0;
  const crypto: CryptoService = {
    ...noble,
    verify: (...given) => {
      signatures++;
      return noble.verify(...given);
    },
  };
  const crls = [makeCrl(middle), makeCrl(root)];
  await trustedBy({ crls }, { crypto });
  assert.equal(signatures, 4);
  await trustedBy({ crls }, { crypto, leaf: middle.issue() });
  assert.equal(signatures, 6);
});

Deno.test("the work of a peer's chain does not grow with the CRLs' size: one of a megabyte is no obstacle", async () => {
  const revoked = Array.from({ length: 40_000 }, (_, i) => ({
    serialNumber: Uint8Array.of(1, i >> 8, i & 255),
    reason: 1,
  }));
  const big = makeCrl(middle, { revoked });
  assert.ok(big.length * 0.15 > LIMIT);
  await trustedBy({ crls: [big, makeCrl(root)] });
});

Deno.test("a certificate's distribution points are read, and one without a name or an issuer makes it unreadable", () => {
  const points = distributionPoints({ names: ["http://crl.example/"], reasons: [1, 8] }, {
    issuer: root.subject,
  });
  const made = Either.getOrThrow(parseCertificate(middle.issue({ extensions: [points] }).der));
  assert.deepEqual(
    made.cRLDistributionPoints?.map((
      { name, reasons, crlIssuer },
    ) => [name?._tag, reasons, crlIssuer?.length]),
    [
      ["full", 0b1_0000_0010, undefined],
      [undefined, undefined, 1],
    ],
  );
  const empty = parseCertificate(middle.issue({ extensions: [distributionPoints({})] }).der);
  assert.match(Either.getOrThrow(Either.flip(empty)).message, /cRLDistributionPoints/);
});

Deno.test("a leaf is not trusted where the work is spent anywhere in judging its CRLs", async () => {
  const signer = root.intermediate({ subjectDer: middle.subject, keyUsage: ["cRLSign"], ca: false });
  const lists = [
    makeCrl(middle, { by: signer, number: 1 }),
    makeCrl(middle, { by: signer, number: 2, deltaTo: 1 }),
  ];
  const anchors = bySubject([Either.getOrThrow(parseCertificate(root.der))]);
  const ask = (limit: number) => {
    const work = new Work(limit);
    // Fresh bytes, because it is remembered who signed them.
    const given = { crls: [...lists, makeCrl(root)].map((der) => read(der.slice())), issuers: [] };
    const revocation = { given, pool: poolOf(given.crls), check: "chain", ask: undefined } as const;
    const what = { chain: [...leaf.chain, signer.der], name: undefined, purpose: "serverAuth" } as const;
    return judged(what, { anchors, logs: new Map(), revocation }, { time: now }, work).pipe(
      Effect.either,
      Effect.provide(layerNoble),
      Effect.map((result) => ({ result, used: limit - work.left })),
      Effect.runPromise,
    );
  };
  const { result, used } = await ask(LIMIT);
  assert.ok(Either.isRight(result));
  assert.ok(used > 6 * 1000, "two signatures of certificates, one of the signer's, three of CRLs");
  for (let i = 0; i < 50; i++) {
    const { result } = await ask(used * i / 50);
    assert.match(Either.isLeft(result) ? result.left.message : "trusted", /too costly to verify/);
  }
});

Deno.test("a thousand distribution points that are each added to a long name are not read, because they cost too much", async () => {
  const rdn = (i: number) =>
    Der.set(Der.sequence(Der.objectIdentifier(oids.commonName), Der.utf8String(`${i}`.repeat(50))));
  const long = makeCa({ subjectDer: Der.sequence(...Array.from({ length: 100 }, (_, i) => rdn(i))) });
  const points = Array.from({ length: 1000 }, (_, i) => ({ relative: `${i}` }));
  const { chain } = long.issue({ extensions: [distributionPoints(...points)] });
  const result = await Effect.runPromise(
    makeRoots([long.der], { crls: makeCrl(long) }).verify({ chain, name: undefined, purpose: "serverAuth" })
      .pipe(
        Effect.either,
        Effect.provide(layerNoble),
      ),
  );
  assert.match(Either.isLeft(result) ? result.left.message : "trusted", /too costly to verify/);
});
