/** Certificates, chains, names and keys: read or refused, and judged in bounded time. @module */
import { assert, Clock, Effect, Either } from "../deps.ts";
import { openedPkcs12 } from "../../src/layers/credentials/pkcs12.ts";
import { makeRoots } from "../../src/layers/trust/roots.ts";
import { Crypto } from "../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { parseCrl } from "../../src/x509/crl/crl.ts";
import { decodeDer } from "../../src/x509/der/der.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { certificatesOfPkcs7 } from "../../src/x509/files/pkcs7.ts";
import { bagsOf, parsePkcs12, safesOf } from "../../src/x509/files/pkcs12.ts";
import { parseEncryptedKey, workOf } from "../../src/x509/keys/encrypted_key.ts";
import { parsePrivateKey, privateKeyLabels } from "../../src/x509/keys/private_key.ts";
import { isBelow, name, sameName } from "../../src/x509/names/distinguished_name.ts";
import { printName } from "../../src/x509/names/general_name.ts";
import { ipText, parseIp } from "../../src/x509/names/ip_address.ts";
import { ocspResponse } from "../../src/x509/ocsp/ocsp.ts";
import { asciiName, isDnsName, matchesName } from "../../src/x509/path/host_name.ts";
import { certificatesFromPem, parsePem, privateKeyFromPem, rootsIn, toPem } from "../../src/x509/pem.ts";
import * as Golden from "../golden/certificates.ts";
import { type IssueOptions, makeCa, readKey } from "../support/ca.ts";
import { makeCrl, scope } from "../support/crl.ts";
import { makeStaple, refusedStaple, responderOf, singleResponse, tlsFeature } from "../support/ocsp.ts";
import { makeToy } from "../support/toy_crypto.ts";
import { bytesOf, textOf } from "../support/text.ts";
import { files as stored } from "../x509/files.ts";
import { crlKinds } from "../x509/chains/crl_kinds.ts";
import { isrgRootX1, isrgRootX2 } from "../x509/real.ts";
import { mutatedDer } from "./der.ts";
import { mutated, UNKNOWN } from "./mutate.ts";
import type { Random } from "./random.ts";
import type { Target } from "./target.ts";

const derOf = (pem: string): ReadonlyArray<Bytes> =>
  Either.getOrThrow(parsePem(pem)).map(({ bytes }) => bytes);

const golden = Golden.kinds.map(Golden.server);
const spki = Either.getOrThrow(parseCertificate(derOf(golden[2]!.certificate)[0]!)).spki;
const ecdsa = Der.sequence(Der.objectIdentifier("1.2.840.10045.4.3.2"));

/** A certificate with all that one can have, whose signature is none. */
const made = (issuer: string, subject: string, ca: boolean, more: ReadonlyArray<Bytes>): Bytes =>
  Build.certificate(
    Build.tbsCertificate({
      serialNumber: Uint8Array.of(1),
      signature: ecdsa,
      issuer: Build.distinguishedName({ countryName: "AQ", organizationName: "Ice", commonName: issuer }),
      notBefore: 1_600_000_000,
      notAfter: 2_000_000_000,
      subject: Build.distinguishedName({ countryName: "AQ", organizationName: "Ice", commonName: subject }),
      subjectPublicKeyInfo: spki,
      extensions: [
        ...(ca ? [Build.basicConstraints(true, 3), Build.keyUsage(["keyCertSign", "cRLSign"])] : []),
        Build.subjectKeyIdentifier(ascii(subject)),
        Build.authorityKeyIdentifier(ascii(issuer)),
        ...more,
      ],
    }),
    ecdsa,
    new Uint8Array(70),
  );
const subtree = (n: number, ...names: ReadonlyArray<Bytes>) =>
  Der.explicit(n, ...names.map((one) => Der.sequence(one)));
const nameConstraints = Build.extension(
  oids.nameConstraints,
  Der.sequence(
    subtree(0, Der.context(2, ascii("localhost")), Der.context(7, Uint8Array.of(127, 0, 0, 0, 255, 0, 0, 0))),
    subtree(
      1,
      Der.context(1, ascii(".example.org")),
      Der.explicit(4, Build.distinguishedName({ countryName: "US" })),
    ),
  ),
  true,
);
/** Leaf, intermediate, root. */
const chain: ReadonlyArray<Bytes> = [
  made("middle", "leaf", false, [
    Build.subjectAltName(["localhost", "*.example.org", "127.0.0.1", "::1"]),
    Build.extendedKeyUsage([oids.serverAuth, oids.clientAuth]),
    Build.keyUsage(["digitalSignature"]),
  ]),
  made("root", "middle", true, [nameConstraints]),
  made("root", "root", true, []),
];

const certificates: ReadonlyArray<Bytes> = [
  ...chain,
  ...[Golden.root, ...golden.map((one) => one.certificate), isrgRootX1, isrgRootX2].flatMap(derOf),
];
const someCertificate = (random: Random): Bytes => random.pick(certificates);

const NAMES = [
  "localhost",
  "a.example.org",
  "127.0.0.1",
  "::1",
  "",
  ".",
  "xn--",
  "bücher.example",
  "[::1]",
  "a".repeat(300),
];

const refusedDer = (
  end: Either.Either<unknown, { readonly _tag: string; readonly offset: number }>,
  bytes: Bytes,
): boolean => {
  if (Either.isRight(end)) return false;
  assert.equal(end.left._tag, "DerError");
  assert.ok(end.left.offset >= 0 && end.left.offset <= bytes.length);
  return true;
};

const certificate: Target = {
  name: "x509/certificate",
  weight: 100,
  draw: (random) => [mutatedDer(someCertificate(random), random, () => someCertificate(random))],
  run: ([bytes]) => {
    const read = parseCertificate(bytes!);
    if (refusedDer(read, bytes!)) return "refused";
    const { raw, subject, issuer, subjectAltName = [] } = Either.getOrThrow(read);
    assert.equal(raw.length, bytes!.length);
    for (const one of NAMES) matchesName(Either.getOrThrow(read), one);
    for (const one of subjectAltName) assert.equal(typeof printName(one), "string");
    assert.equal(sameName(subject, issuer), subject.key === issuer.key);
    assert.ok(isBelow(subject, subject));
    return "accepted";
  },
};

/** Says the same time always, and lets nobody wait: a verification pauses where it has much to do. */
const atOnce = Effect.withClock(
  Object.assign<object, Partial<Clock.Clock>>(Object.create(Clock.make()), {
    currentTimeMillis: Effect.succeed(1_700_000_000_000),
    sleep: () => Effect.void,
  }) as Clock.Clock,
);

/** Every signature holds, so that the rules are reached. */
const trusting = { ...makeToy("fuzz"), verify: () => Effect.succeed(true) };
const roots = [
  makeRoots([chain[2]!]),
  makeRoots(derOf(Golden.root)),
  makeRoots([chain[2]!, ...derOf(Golden.root)], { minimumRsaBits: 0, sha1: true }),
];

const path: Target = {
  name: "x509/path",
  weight: 40,
  draw: (random) => {
    const own = random.once(4) ? derOf(random.pick(golden).certificate) : chain;
    const one = (der: Bytes) =>
      random.below(5) > 0 ? der : mutatedDer(der, random, () => someCertificate(random));
    const leaf = one(own[0]!);
    const rest = [
      ...own.slice(1),
      ...Array.from({ length: random.once(10) ? 40 : random.below(3) }, () => someCertificate(random)),
    ];
    const more = rest.map(one);
    return [
      Uint8Array.of(random.below(roots.length), random.below(NAMES.length), random.below(2)),
      leaf,
      ...more,
    ];
  },
  run: ([head, ...given]) => {
    const { verify } = roots[head![0]!]!;
    const judged = Effect.runSync(atOnce(Effect.provideService(
      Effect.either(
        verify({ chain: given, name: NAMES[head![1]!]!, purpose: head![2] ? "serverAuth" : "clientAuth" }),
      ),
      Crypto,
      trusting,
    )));
    if (Either.isRight(judged)) return "accepted";
    assert.equal(judged.left._tag, "CertificateError");
    assert.ok(judged.left.message.length < 100_000 && judged.left.index < given.length);
    return "refused";
  },
};

const subjects = certificates.map((der) => Either.getOrThrow(parseCertificate(der)).subject.raw);
const distinguishedName: Target = {
  name: "x509/name",
  weight: 100,
  draw: (random) => [mutatedDer(random.pick(subjects), random, () => random.pick(subjects))],
  run: ([bytes]) => {
    const read = decodeDer("Name", name, bytes!);
    if (refusedDer(read, bytes!)) return "refused";
    assert.equal(typeof Either.getOrThrow(read).text, "string");
    return "accepted";
  },
};

const keys = golden.map(({ privateKey }) => derOf(privateKey)[0]!);
const privateKey: Target = {
  name: "x509/private-key",
  weight: 100,
  draw: (random) => [
    Uint8Array.of(random.once(3) ? random.below(3) : 0),
    mutatedDer(random.pick(keys), random, () => random.pick(keys)),
  ],
  run: ([label, bytes]) =>
    refusedDer(parsePrivateKey(privateKeyLabels[label![0]!]!, bytes!), bytes!) ? "refused" : "accepted",
};

/** As OpenSSL writes them: by scrypt, by PBKDF2 with SHA-1 and 3DES, with SHA-512 and AES. */
const encrypted = [
  "MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAix8GKjEP5U4wICQAACAQgCAQEwHQYJYIZIAWUDBAEqBBC21pQFli2EqZWoUT55IzQ3BEAzqfG7QLY1EdRNtwZxRJm/tT/M24/JKZ+JT88GIEQhoE48Z3jYvSBPHIZeiUzpJ0DTJCP5pMJAHEnTO/pBnAl9",
  "MHwwQAYJKoZIhvcNAQUNMDMwGwYJKoZIhvcNAQUMMA4ECMkPnEbt7mhsAgIIADAUBggqhkiG9w0DBwQIhtE5UT1rF9wEOFGdaZudFF96ACj1B9D8QSNOEtFtO5CDfpSsRiU1lkywS+V92WaY9xfgEiiY0kPg7C5AbvkjQghg",
  "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjbRjyV0Xx3+wICCAAwDAYIKoZIhvcNAgsFADAdBglghkgBZQMEAQIEEDwHBUJ99dJZmtBiCCcmr3QEQHKFeq2mz4mN5kdnXwq0ZE4sm4xSFx/sBVodaCOCrK/AZoE8Kc7STPv91MXNLvZ0y/zevPph4oxXd5/VUiqr6VE=",
].map((base64) => Uint8Array.fromBase64(base64));
const encryptedKey: Target = {
  name: "x509/encrypted-key",
  weight: 50,
  draw: (random) => [mutatedDer(random.pick(encrypted), random, () => random.pick(encrypted))],
  run: ([bytes]) => {
    const read = parseEncryptedKey(bytes!);
    if (refusedDer(read, bytes!)) return "refused";
    const key = Either.getOrThrow(read);
    if (key._tag === "unsupported") return "accepted";
    const { derivation: how } = key;
    // What it costs to try a passphrase is known before.
    if (how._tag === "scrypt") assert.ok(how.cost * how.blockSize * 128 <= 2 ** 28);
    else assert.ok(how.iterations > 0 && how.iterations <= 10_000_000);
    assert.equal(key.ciphertext.length % key.blockLength, 0);
    return "accepted";
  },
};

const stores = [stored.pbes2, stored.tripleDes, stored.twoKeyDes, stored.rc2, stored.plain, stored.emptyPass];
/** Whether nothing but a PemError came of it, or of opening what costs nothing to open. */
const pkcs12: Target = {
  name: "x509/pkcs12",
  weight: 50,
  draw: (random) => [mutatedDer(random.pick(stores), random, () => random.pick(stores))],
  run: async ([bytes]) => {
    const file = Either.getOrUndefined(parsePkcs12(bytes!));
    if (file?._tag !== "pkcs12") return "refused";
    // What it costs to try a passphrase is known before.
    if (file.mac) assert.ok(workOf(file.mac.derivation) <= 2 ** 24 && file.mac.keyLength <= 1024);
    const safes = Either.getOrElse(safesOf(file.safes), () => []);
    for (const safe of safes) {
      if (safe._tag === "plain") refusedDer(bagsOf(safe.content), safe.content);
      else if (safe._tag === "encrypted") assert.ok(workOf(safe.derivation) <= 2 ** 24);
    }
    const work = safes.map((safe) => safe._tag === "encrypted" ? workOf(safe.derivation) : 0);
    if ([file.mac ? workOf(file.mac.derivation) : 0, ...work].some((one) => one > 5000)) return "accepted";
    const block = { label: "PKCS12", bytes: bytes!, line: 0, encrypted: false };
    const opened = await Effect.runPromise(Effect.either(openedPkcs12(block, "geheim", true)));
    if (Either.isLeft(opened)) assert.equal(opened.left._tag, "PemError");
    return "accepted";
  },
};

const pkcs7: Target = {
  name: "x509/pkcs7",
  weight: 100,
  draw: (random) => [mutatedDer(stored.pkcs7, random, () => random.pick([stored.pkcs7, stored.leaf]))],
  run: ([bytes]) => {
    const read = certificatesOfPkcs7(bytes!);
    if (refusedDer(read, bytes!)) return "refused";
    for (const one of Either.getOrThrow(read)) refusedDer(parseCertificate(one), one);
    return "accepted";
  },
};

/** Any file at all: PEM, DER, and what is called otherwise than it is. */
const file: Target = {
  name: "x509/file",
  weight: 50,
  draw: (random) => {
    const specimen = () => random.pick(Object.values(stored));
    const bytes = mutatedDer(specimen(), random, specimen);
    const label = random.pick(["CERTIFICATE", "TRUSTED CERTIFICATE", "PRIVATE KEY", "PKCS7", "PKCS12"]);
    return [random.once(2) ? bytes : ascii(toPem(label, bytes))];
  },
  run: ([bytes]) => {
    const ends: ReadonlyArray<Either.Either<unknown, { readonly _tag: string }>> = [
      rootsIn(bytes!),
      privateKeyFromPem(bytes!),
    ];
    for (const end of ends) if (Either.isLeft(end)) assert.equal(end.left._tag, "PemError");
    return ends.every(Either.isLeft) ? "refused" : "accepted";
  },
};

const files = [...golden.flatMap((one) => [one.certificate, one.privateKey]), isrgRootX1].map(ascii);
const pem: Target = {
  name: "x509/pem",
  weight: 20,
  draw: (random) => {
    const specimen = () => ({ bytes: random.pick(files), anatomy: UNKNOWN });
    if (random.once(2)) return [mutated(specimen(), random, specimen)];
    const der = mutatedDer(someCertificate(random), random, () => someCertificate(random));
    const label = random.pick([
      "CERTIFICATE",
      "X509 CERTIFICATE",
      ...privateKeyLabels,
      "ENCRYPTED PRIVATE KEY",
      "NOISE",
    ]);
    return [concat(ascii(toPem(label, der)), random.pick(files))];
  },
  run: ([bytes]) => {
    const text = new TextDecoder("latin1").decode(bytes);
    const refused = (end: Either.Either<unknown, { readonly _tag: string }>): boolean => {
      if (Either.isLeft(end)) assert.equal(end.left._tag, "PemError");
      return Either.isLeft(end);
    };
    const [chain, key] = [certificatesFromPem(text), privateKeyFromPem(text)];
    return [refused(chain), refused(key)].every((it) => it) ? "refused" : "accepted";
  },
};

const texts = [...NAMES, "*.example.org", "1.2.3.4", "fe80::1%1", "::ffff:1.2.3.4", "例え.jp", "a_b.c"].map((
  text,
) => bytesOf(text));
const hostName: Target = {
  name: "x509/host-name",
  weight: 200,
  draw: (random) => {
    const specimen = () => ({ bytes: random.pick(texts), anatomy: UNKNOWN });
    return [mutated(specimen(), random, specimen)];
  },
  run: ([bytes]) => {
    const text = textOf(bytes!);
    const address = parseIp(text);
    if (address) assert.deepEqual(parseIp(ipText(address)), address);
    const host = asciiName(text);
    if (host !== undefined) assert.equal(asciiName(host), host.replace(/\.$/, ""), "it is as it is sent");
    return address || host !== undefined && isDnsName(host) ? "accepted" : "refused";
  },
};

/** A root, a leaf that demands a staple, and what is stapled to it by the root and by whom it named. */
const serialNumber = Uint8Array.of(1);
// Ed25519 signs the same way each time, so that the inputs follow from the seed alone.
const key = readKey("ed25519", Golden.server("ed25519").privateKey);
const ca = makeCa({ subject: "Fuzz", key, serialNumber });
const below = (options: IssueOptions) => ca.issue({ key, serialNumber, ...options });
const demanding = below({ extensions: [tlsFeature()] });
const fuzzRoots = makeRoots([ca.der]);
const fresh = { thisUpdate: 1_699_990_000, nextUpdate: 1_700_010_000 };
const staples: ReadonlyArray<Bytes> = [
  makeStaple(ca, demanding, fresh),
  makeStaple(ca, demanding, {
    ...fresh,
    by: responderOf(ca, { key, serialNumber }),
    byName: true,
    hash: "sha256",
  }),
  makeStaple(ca, demanding, { ...fresh, status: "revoked", reason: 1 }),
  makeStaple(ca, demanding, { ...fresh, status: "unknown", nextUpdate: null }),
  makeStaple(ca, demanding, {
    ...fresh,
    before: [
      singleResponse(ca, below({ serialNumber: Uint8Array.of(2) }), fresh),
      singleResponse(ca, demanding, fresh),
    ],
    extensions: [tlsFeature()],
    singleExtensions: [tlsFeature()],
    certs: certificates,
  }),
  refusedStaple(3),
];

const ocsp: Target = {
  name: "x509/ocsp",
  weight: 100,
  draw: (random) => [
    random.once(4) ? mutatedDer(demanding.der, random, () => someCertificate(random)) : demanding.der,
    mutatedDer(random.pick(staples), random, () => random.pick(random.once(3) ? certificates : staples)),
  ],
  run: ([leaf, staple]) => {
    refusedDer(decodeDer("OCSPResponse", ocspResponse, staple!), staple!);
    const what = { chain: [leaf!], name: "localhost", purpose: "serverAuth", ocspResponse: staple } as const;
    const judged = Effect.runSync(atOnce(Effect.provideService(
      Effect.either(fuzzRoots.verify(what)),
      Crypto,
      trusting,
    )));
    if (Either.isRight(judged)) return "accepted";
    assert.equal(judged.left._tag, "CertificateError");
    assert.ok(judged.left.message.length < 100_000 && judged.left.index === 0);
    return "refused";
  },
};

/** The leaf's number, and what CRLs say of it. */
const listed = below({});
const usualCrl = { now: 1_700_000_000, by: ca };
const crls: ReadonlyArray<Bytes> = [
  ...crlKinds(ca, listed).slice(2),
  makeCrl(ca, usualCrl),
  makeCrl(ca, { ...usualCrl, version1: true, revoked: [{ certificate: listed }] }),
  makeCrl(ca, {
    ...usualCrl,
    revoked: [{ certificate: listed, reason: 6 }, { serialNumber: Uint8Array.of(7) }],
  }),
  makeCrl(ca, {
    ...usualCrl,
    scope: scope({ names: ["http://crl.example/"], only: "user", reasons: [1, 2, 8], indirect: true }),
    revoked: [{ certificate: listed, issuer: ca.subject }],
  }),
  makeCrl(ca, { ...usualCrl, number: 9, deltaTo: 1, revoked: [{ certificate: listed, reason: 8 }] }),
];

const crl: Target = {
  name: "x509/crl",
  weight: 100,
  draw: (random) => [
    random.once(4) ? mutatedDer(listed.der, random, () => someCertificate(random)) : listed.der,
    mutatedDer(random.pick(crls), random, () => random.pick(random.once(3) ? certificates : crls)),
    random.pick(crls),
  ],
  run: ([leaf, changed, whole]) => {
    const read = parseCrl(changed!);
    if (refusedDer(read, changed!)) return "refused";
    const list = Either.getOrThrow(read);
    assert.ok(list.entries.size * 5 <= changed!.length);
    for (const serial of [serialNumber, EMPTY, changed!.subarray(0, 9)]) {
      for (const { reason } of list.entries.find(serial)) {
        assert.ok(reason === undefined || reason.length > 0);
      }
    }
    const judged = Effect.runSync(atOnce(Effect.provideService(
      Effect.either(
        makeRoots([ca.der], { crls: [changed!, whole!] })
          .verify({ chain: [leaf!], name: "localhost", purpose: "serverAuth" }),
      ),
      Crypto,
      trusting,
    )));
    if (Either.isRight(judged)) return "accepted";
    assert.equal(judged.left._tag, "CertificateError");
    assert.ok(judged.left.message.length < 100_000 && judged.left.index === 0);
    return "refused";
  },
};

/** All of them. */
export const x509: ReadonlyArray<Target> = [
  certificate,
  path,
  ocsp,
  crl,
  distinguishedName,
  privateKey,
  encryptedKey,
  pkcs12,
  pkcs7,
  file,
  pem,
  hostName,
];
