/**
 * NIST's Public Key Interoperability Test Suite: chains and CRLs, each called by what must come of it (RFC 5280 §6).
 *
 * The data is that of `pkits` in the folder of data, or of Debian's package python3-cryptography-vectors.
 *
 * @module
 */
import { assert, Clock, Effect, Either } from "../deps.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import type { TrustOptions } from "../../src/ports/trust.ts";
import { type Certificate, parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { parseCrl } from "../../src/x509/crl/crl.ts";
import { pem } from "../support/ca.ts";
import { dataFolder, findFolder } from "../support/data.ts";

const DEBIAN = new URL("file:///usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data/");
const isThere = (folder: URL): boolean => {
  try {
    return Deno.statSync(folder).isDirectory;
  } catch {
    return false;
  }
};
const folder = findFolder("pkits") ?? (isThere(DEBIAN) ? DEBIAN : dataFolder("pkits"));

/** DSA is not supported, and such a certificate is refused for that. */
const unsupported = ["ValidDSASignaturesTest4EE", "ValidDSAParameterInheritanceTest5EE"];

/** What is asked: nothing, any policy there is, one of these; or these, and none may be mapped. */
type Asked = "nothing" | "any" | ReadonlyArray<number> | { readonly unmapped: ReadonlyArray<number> };

const optionsOf = (asked: Asked): TrustOptions => {
  if (asked === "nothing") return {};
  const numbers = asked === "any" ? undefined : "unmapped" in asked ? asked.unmapped : asked;
  return {
    requireExplicitPolicy: true,
    initialPolicies: numbers?.map((n) => `2.16.840.1.101.3.2.1.48.${n}`),
    inhibitPolicyMapping: typeof asked === "object" && "unmapped" in asked,
  };
};

/** What must come of a leaf, by the policies that are asked for (sections 4.8 and 4.10 of the suite). */
const policies: Readonly<Record<string, ReadonlyArray<readonly [Asked, boolean]>>> = {
  ValidCertificatePathTest1: [["any", true], [[1], true], [[2], false], [[1, 2], true]],
  AllCertificatesNoPoliciesTest2: [["nothing", true], ["any", false]],
  DifferentPoliciesTest3: [["nothing", true], ["any", false], [[1, 2], false]],
  DifferentPoliciesTest4: [["nothing", false]],
  DifferentPoliciesTest5: [["nothing", false]],
  OverlappingPoliciesTest6: [["any", true], [[1], true], [[2], false]],
  DifferentPoliciesTest7: [["nothing", false]],
  DifferentPoliciesTest8: [["nothing", false]],
  DifferentPoliciesTest9: [["nothing", false]],
  AllCertificatesSamePoliciesTest10: [["nothing", true], [[1], true], [[2], true]],
  AllCertificatesanyPolicyTest11: [["nothing", true], [[1], true]],
  DifferentPoliciesTest12: [["nothing", false]],
  AllCertificatesSamePoliciesTest13: [[[1], true], [[2], true], [[3], true]],
  AnyPolicyTest14: [[[1], true], [[2], false]],
  UserNoticeQualifierTest15: [["nothing", true]],
  UserNoticeQualifierTest16: [["nothing", true]],
  UserNoticeQualifierTest17: [["nothing", true]],
  UserNoticeQualifierTest18: [[[1], true], [[2], true]],
  UserNoticeQualifierTest19: [["nothing", true]],
  CPSPointerQualifierTest20: [["any", true]],
  ValidPolicyMappingTest1: [[[1], true], [[2], false], [{ unmapped: [1] }, false]],
  ValidPolicyMappingTest3: [[[1], false], [[2], true]],
  ValidPolicyMappingTest5: [[[1], true], [[6], false]],
  ValidPolicyMappingTest6: [[[1], true], [[6], false]],
  ValidPolicyMappingTest12: [[[1], true], [[2], true]],
};

/** What is not even DER: signatures of DSA and others that were broken in their number of unused bits. */
const unreadable = ["InvalidDSASignatureTest6EE", "BadSignedCACert", "BadCRLSignatureCACRL"];

const filesIn = (at: URL, ending: string): ReadonlyArray<readonly [name: string, der: Uint8Array]> =>
  [...Deno.readDirSync(at)].map((
    { name },
  ) => [name.replace(ending, ""), Deno.readFileSync(new URL(name, at))]);

if (folder) {
  const broken: Array<string> = [];
  const read = <A>(
    [name, der]: readonly [string, Uint8Array],
    parse: (der: Uint8Array) => Either.Either<A, unknown>,
  ) =>
    Either.match(parse(der), {
      onLeft: () => {
        broken.push(name);
        return [];
      },
      onRight: (value) => [[name, value] as const],
    });
  const certificates = new Map<string, Certificate>(
    filesIn(new URL("certs/", folder), ".crt").flatMap((file) => read(file, parseCertificate)),
  );
  const crls = filesIn(new URL("crls/", folder), ".crl").flatMap((file) => read(file, parseCrl));
  const root = certificates.get("TrustAnchorRootCertificate")!;
  const authorities = [...certificates].filter(([name]) => !name.endsWith("EE")).map(([, one]) => one)
    .filter((one) => one !== root);
  const bySubject = Map.groupBy(authorities, ({ subject }) => subject.key);
  // Issuers of CRLs stand beside these, as no chain leads to them.
  const beside = authorities.map(({ raw }) => pem("CERTIFICATE", raw)).join("");
  const given = {
    crls: crls.map(([, { raw }], i) => i === 0 ? beside + pem("X509 CRL", raw) : raw),
    caAsLeaf: true,
  };
  const in2020 = Effect.withClock(
    Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(Date.UTC(2020, 0)) }),
  );

  /** The authorities of a certificate's issuer's name, of theirs, and so on. */
  const above = (one: Certificate, found: ReadonlySet<Certificate> = new Set()): ReadonlySet<Certificate> =>
    (bySubject.get(one.issuer.key) ?? []).reduce(
      (all, issuer) => all.has(issuer) ? all : above(issuer, new Set([...all, issuer])),
      found,
    );

  /** What comes of a leaf, and why. */
  const judge = async (leaf: Certificate, options: TrustOptions = {}) => {
    const chain = [leaf, ...above(leaf)].map(({ raw }) => raw);
    const result = await makeRoots([root.raw], { ...given, ...options })
      .verify({ chain, name: undefined, purpose: "clientAuth" }).pipe(
        in2020,
        Effect.either,
        Effect.provide(layerNoble),
        Effect.runPromise,
      );
    return Either.match(result, {
      onLeft: ({ message, reason }) => ({ outcome: reason as string, message }),
      onRight: () => ({ outcome: "trusted", message: "" }),
    });
  };

  for (const [name, leaf] of [...certificates].toSorted(([a], [b]) => a < b ? -1 : 1)) {
    const [, wanted] = /^(Valid|Invalid).*EE$/.exec(name) ?? [];
    if (wanted === undefined) continue;
    Deno.test(`PKITS: ${name}`, async () => {
      const { outcome, message } = await judge(leaf);
      if (unsupported.includes(name)) assert.equal(outcome, "unsupported", message);
      else assert.equal(outcome === "trusted", wanted === "Valid", message);
    });
  }

  for (const [name, rows] of Object.entries(policies)) {
    Deno.test(`PKITS, by the policies that are asked for: ${name}`, async () => {
      for (const [asked, trusted] of rows) {
        const { outcome, message } = await judge(certificates.get(`${name}EE`)!, optionsOf(asked));
        assert.equal(outcome, trusted ? "trusted" : "no_valid_policy", `${asked}: ${message}`);
      }
    });
  }

  Deno.test("PKITS: all certificates and CRLs are read, but for those whose signatures are no bytes", () => {
    assert.deepEqual(broken.toSorted(), unreadable.toSorted());
    assert.ok(certificates.size > 400 && crls.length > 170);
  });
}
