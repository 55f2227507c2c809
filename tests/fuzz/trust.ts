/** What a path may say beside names and signatures: policies, constraints of every form, timestamps; and odd leaves. @module */
import { assert, Clock, Effect, Either } from "../deps.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import type { TrustOptions } from "../../src/ports/trust.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { readLeaf } from "../../src/x509/certificate/leaf.ts";
import { embedded, precertificate, readTimestamp } from "../../src/x509/ct/sct.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import * as Golden from "../golden/certificates.ts";
import { type IssueOptions, makeCa, readKey } from "../support/ca.ts";
import { listOf, makeLog } from "../support/ct.ts";
import { makeToy } from "../support/toy_crypto.ts";
import { oddCertificates } from "../x509/odd_certificates.ts";
import { mutatedDer } from "./der.ts";
import { mutated, UNKNOWN } from "./mutate.ts";
import type { Target } from "./target.ts";

// Ed25519 and RSA sign the same way each time, so that the inputs follow from the seed alone.
const key = readKey("ed25519", Golden.server("ed25519").privateKey);
const rsaKey = readKey("rsa", Golden.server("rsa").privateKey);
const serialNumber = Uint8Array.of(1);

const oid = Der.objectIdentifier;
const [A, B] = ["1.2.3", "1.2.4"] as const;
const stating = (...policies: ReadonlyArray<string>) =>
  Build.extension(
    oids.certificatePolicies,
    Der.sequence(...policies.map((one) => Der.sequence(oid(one)))),
    true,
  );
const mapping = Build.extension(
  oids.policyMappings,
  Der.sequence(Der.sequence(oid(A), oid(B)), Der.sequence(oid(B), oid(A))),
);
const limits = [
  Build.extension(
    oids.policyConstraints,
    Der.sequence(Der.context(0, Uint8Array.of(0)), Der.context(1, Uint8Array.of(1))),
  ),
  Build.extension(oids.inhibitAnyPolicy, Der.integer(1)),
];
const subtree = (n: number, ...names: ReadonlyArray<Bytes>) =>
  Der.explicit(n, ...names.map((one) => Der.sequence(one)));
const constrained = Build.extension(
  oids.nameConstraints,
  Der.sequence(
    subtree(0, Der.context(1, ascii("b.example")), Der.context(6, ascii(".example"))),
    subtree(
      1,
      Der.context(1, ascii("x@b.example")),
      Der.explicit(4, Build.distinguishedName({ commonName: "Evil" })),
    ),
  ),
  true,
);
const names = Build.extension(
  oids.subjectAltName,
  Der.sequence(
    Der.context(2, ascii("localhost")),
    Der.context(1, ascii("a@b.example")),
    Der.context(6, ascii("https://a.example/")),
    Der.explicit(0, oid(oids["id-on-SmtpUTF8Mailbox"]), Der.explicit(0, Der.utf8String("ä@b.example"))),
  ),
);

const log = makeLog("rsa");
const scts = [log.ofCertificate(ascii("a")), log.ofCertificate(ascii("b"), { extensions: ascii("e") })];
const ca = makeCa({ key, serialNumber });
const of = (options: IssueOptions): IssueOptions => ({ key, serialNumber, names: [], ...options });
const middle = ca.intermediate(
  of({ extensions: [stating(A, B, oids.anyPolicy), mapping, constrained, ...limits] }),
);
const leaf = middle.issue(of({
  subject: "localhost",
  extensions: [stating(A, B), names, listOf(oids.signedCertificateTimestamps, scts)],
}));
const chain = [leaf.der, middle.der];

const options: ReadonlyArray<TrustOptions> = [
  { profile: "webpki", isPublicSuffix: (domain) => domain === "example" },
  { requireExplicitPolicy: true, inhibitAnyPolicy: true },
  { initialPolicies: [A], inhibitPolicyMapping: true },
  { ctLogs: [log.log], minimumTimestamps: 1 },
];
const roots = options.map((one) => makeRoots([ca.der], { rememberedVerdicts: 4, ...one }));
const trusting = { ...makeToy("fuzz"), verify: () => Effect.succeed(true) };

/** Says the same time always, and lets nobody wait: a verification pauses where it has much to do. */
const atOnce = Effect.withClock(
  Object.assign<object, Partial<Clock.Clock>>(Object.create(Clock.make()), {
    currentTimeMillis: Effect.succeed(Date.UTC(2030, 0)),
    sleep: () => Effect.void,
  }) as Clock.Clock,
);

const rules: Target = {
  name: "x509/rules",
  weight: 60,
  draw: (random) => [
    Uint8Array.of(random.below(roots.length)),
    ...chain.map((der) => random.below(3) > 0 ? der : mutatedDer(der, random, () => random.pick(chain))),
    mutated(
      { bytes: random.pick(scts), anatomy: UNKNOWN },
      random,
      () => ({ bytes: random.pick(scts), anatomy: UNKNOWN }),
    ),
  ],
  run: ([which, ...given]) => {
    const judged = Effect.runSync(atOnce(
      roots[which![0]!]!.verify({
        chain: given.slice(0, -1),
        name: "localhost",
        purpose: "serverAuth",
        signedCertificateTimestamps: given.slice(-1),
      }).pipe(Effect.either, Effect.provideService(Crypto, trusting)),
    ));
    if (Either.isRight(judged)) return "accepted";
    assert.equal(judged.left._tag, "CertificateError");
    assert.ok(judged.left.message.length < 100_000);
    return "refused";
  },
};

const odd = oddCertificates(rsaKey).map(([, der]) => der);
const oddLeaf: Target = {
  name: "x509/leaf",
  weight: 100,
  draw: (random) => [mutatedDer(random.pick(odd), random, () => random.pick([...odd, ...chain]))],
  run: ([bytes]) => {
    const read = readLeaf(bytes!);
    if (Either.isLeft(read)) {
      assert.equal(read.left._tag, "DerError");
      return "refused";
    }
    const { publicKey, spkis: [spki] } = read.right;
    assert.ok(spki.length > 0 && typeof publicKey._tag === "string");
    return "accepted";
  },
};

const timestamp: Target = {
  name: "x509/timestamp",
  weight: 100,
  draw: (random) => [
    mutated(
      { bytes: random.pick(scts), anatomy: UNKNOWN },
      random,
      () => ({ bytes: random.pick(scts), anatomy: UNKNOWN }),
    ),
    mutatedDer(leaf.der, random, () => random.pick(chain)),
  ],
  run: ([bytes, der]) => {
    const certificate = Either.getOrUndefined(parseCertificate(der!));
    if (certificate) {
      embedded(certificate);
      assert.ok(precertificate(certificate).length <= certificate.tbs.length);
    }
    const read = readTimestamp(bytes!);
    if (!read) return "refused";
    assert.equal(read.logId.length, 32);
    return "accepted";
  },
};

/** All of them. */
export const trust: ReadonlyArray<Target> = [rules, oddLeaf, timestamp];
