/**
 * NIST's Public Key Interoperability Test Suite: chains and CRLs, each called by what must come of it (RFC 5280 §6).
 *
 * The data is that of `pkits` in the folder of data, or of Debian's package python3-cryptography-vectors. The tests of
 * policies whose names say no outcome are left out: what comes of them depends on the policies that one asks for.
 *
 * @module
 */
import { assert, Clock, Effect, Either } from "../deps.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
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
  const { verify } = makeRoots([root.raw], {
    crls: crls.map(([, { raw }], i) => i === 0 ? beside + pem("X509 CRL", raw) : raw),
    caAsLeaf: true,
  });
  const in2020 = Effect.withClock(
    Object.assign(Clock.make(), { currentTimeMillis: Effect.succeed(Date.UTC(2020, 0)) }),
  );

  /** The authorities of a certificate's issuer's name, of theirs, and so on. */
  const above = (one: Certificate, found: ReadonlySet<Certificate> = new Set()): ReadonlySet<Certificate> =>
    (bySubject.get(one.issuer.key) ?? []).reduce(
      (all, issuer) => all.has(issuer) ? all : above(issuer, new Set([...all, issuer])),
      found,
    );

  for (const [name, leaf] of [...certificates].toSorted(([a], [b]) => a < b ? -1 : 1)) {
    const [, wanted] = /^(Valid|Invalid).*EE$/.exec(name) ?? [];
    if (wanted === undefined) continue;
    Deno.test(`PKITS: ${name}`, async () => {
      const chain = [leaf, ...above(leaf)].map(({ raw }) => raw);
      const result = await verify({ chain, name: undefined, purpose: "clientAuth" }).pipe(
        in2020,
        Effect.either,
        Effect.provide(layerNoble),
        Effect.runPromise,
      );
      const outcome = Either.match(result, { onLeft: ({ reason }) => reason, onRight: () => "trusted" });
      const message = Either.isLeft(result) ? result.left.message : "";
      if (unsupported.includes(name)) assert.equal(outcome, "unsupported", message);
      else assert.equal(outcome === "trusted", wanted === "Valid", message);
    });
  }

  Deno.test("PKITS: all certificates and CRLs are read, but for those whose signatures are no bytes", () => {
    assert.deepEqual(broken.toSorted(), unreadable.toSorted());
    assert.ok(certificates.size > 400 && crls.length > 170);
  });
}
