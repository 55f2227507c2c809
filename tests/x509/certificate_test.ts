/** Reading certificates: their members, keys and names, and what is refused (RFC 5280 §4). @module */
import { assert, Effect, Either } from "../deps.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { SignatureScheme } from "../../src/names/signature_scheme.ts";
import { Crypto, type PublicKey } from "../../src/ports/crypto.ts";
import { ascii, type Bytes, toHex } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { DerError } from "../../src/x509/der/der.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { subjectPublicKeyInfo } from "../../src/x509/keys/build_key.ts";
import { certificatesFromPem } from "../../src/x509/pem.ts";
import { type IssueOptions, type KeyKind, makeCa } from "../support/ca.ts";
import { isrgRootX1, isrgRootX2 } from "./real.ts";

const parse = (der: Bytes) => Either.getOrThrowWith(parseCertificate(der), (e) => e);
const refusal = (der: Bytes) =>
  Either.match(parseCertificate(der), { onLeft: (e) => e, onRight: () => assert.fail("it was taken") });

Deno.test("a certificate's members are what was put in", () => {
  const ca = makeCa({ subject: "Root" });
  const leaf = ca.issue({
    names: ["a.example", "10.0.0.1"],
    notBefore: 1_600_000_000,
    notAfter: 2_600_000_000,
    extensions: [Build.extension("1.2.3", Der.nullValue, true)],
  });
  const c = parse(leaf.der);
  assert.equal(c.version, 3);
  assert.equal(c.serialNumber.length, 16);
  assert.equal(c.issuer.text, "CN=Root, O=Test");
  assert.equal(c.subject.text, "CN=a.example, O=Test");
  assert.deepEqual([c.notBefore, c.notAfter], [1_600_000_000, 2_600_000_000]);
  assert.equal(c.signatureAlgorithm.scheme, SignatureScheme.ecdsa_secp256r1_sha256);
  assert.equal(toHex(c.spki), toHex(leaf.key.spki));
  assert.deepEqual([...c.keyUsage!], ["digitalSignature"]);
  assert.deepEqual(c.extendedKeyUsage, [oids.serverAuth, oids.clientAuth]);
  assert.equal(c.basicConstraints, undefined);
  assert.deepEqual(c.subjectAltName, [
    { _tag: "dNSName", value: "a.example" },
    { _tag: "iPAddress", value: Uint8Array.of(10, 0, 0, 1) },
  ]);
  assert.equal(toHex(c.subjectKeyIdentifier!), toHex(leaf.keyId));
  assert.equal(toHex(c.authorityKeyIdentifier!.keyIdentifier!), toHex(ca.keyId));
  assert.deepEqual(c.extensions.find(({ oid }) => oid === "1.2.3"), {
    oid: "1.2.3",
    critical: true,
    value: Der.nullValue,
  });
  assert.deepEqual(parse(makeCa({ pathLength: 3 }).der).basicConstraints, { ca: true, pathLength: 3 });
  assert.equal(parse(makeCa({ version1: true }).der).version, 1);
});

const keys: Readonly<Record<KeyKind, (key: PublicKey) => unknown>> = {
  rsa: (key) => key._tag === "rsa" && key.modulus.length === 256 && toHex(key.publicExponent) === "010001",
  rsa1024: (key) => key._tag === "rsa" && key.modulus.length === 128,
  rsa_pss: (key) => key._tag === "rsa_pss" && key.hash === undefined,
  p256: (key) => key._tag === "ecdsa" && key.group === NamedGroup.secp256r1 && key.point.length === 65,
  p384: (key) => key._tag === "ecdsa" && key.group === NamedGroup.secp384r1 && key.point.length === 97,
  p521: (key) => key._tag === "ecdsa" && key.group === NamedGroup.secp521r1 && key.point.length === 133,
  ed25519: (key) => key._tag === "ed25519" && key.key.length === 32,
  ed448: (key) => key._tag === "ed448" && key.key.length === 57,
};

for (const [kind, isRight] of Object.entries(keys)) {
  Deno.test(`a key of ${kind} is read, and written as it was`, () => {
    const { der, key } = makeCa({ key: kind as KeyKind });
    const { publicKey } = parse(der);
    assert.ok(publicKey._tag !== "unsupported" && isRight(publicKey));
    assert.equal(toHex(subjectPublicKeyInfo(publicKey)), toHex(key.spki));
  });
}

Deno.test("a key of an unknown algorithm keeps its object identifier", () => {
  const { key } = makeCa();
  const spki = Der.sequence(Der.sequence(Der.objectIdentifier("1.2.3.4")), Der.bitString(Uint8Array.of(1)));
  const { publicKey } = parse(makeCa({ key: { ...key, spki } }).der);
  assert.deepEqual(publicKey, {
    _tag: "unsupported",
    algorithm: "1.2.3.4",
    detail: "the key algorithm 1.2.3.4 is unknown",
  });
});

for (const [name, pem] of Object.entries({ isrgRootX1, isrgRootX2 })) {
  Deno.test(`${name} is read, and its signature verifies`, () => {
    const [c] = Either.getOrThrow(certificatesFromPem(pem));
    assert.equal(c.subject.text, `CN=ISRG Root ${name.slice(-2)}, O=Internet Security Research Group, C=US`);
    assert.deepEqual(c.basicConstraints, { ca: true, pathLength: undefined });
    assert.deepEqual([...c.keyUsage!], ["keyCertSign", "cRLSign"]);
    const { publicKey, tbs, signature, signatureAlgorithm: { scheme } } = c;
    assert.ok(publicKey._tag !== "unsupported" && scheme !== undefined);
    const verified = Effect.flatMap(Crypto, ({ verify }) => verify(publicKey, scheme, tbs, signature));
    assert.equal(Effect.runSync(Effect.provide(verified, layerNoble)), true);
  });
}

const bundle = "/etc/ssl/certs/ca-certificates.crt";
const hasBundle = await Deno.stat(bundle).then(() => true, () => false);
Deno.test({
  name: "every root of the system is read",
  ignore: !hasBundle,
  fn: async () => {
    const certificates = Either.getOrThrow(certificatesFromPem(await Deno.readTextFile(bundle)));
    for (const { publicKey, subject } of certificates) {
      assert.notEqual(publicKey._tag, "unsupported", subject.text);
    }
  },
});

const contentOf = (tbs: Bytes): Bytes => tbs.subarray(tbs[1]! < 0x80 ? 2 : 2 + (tbs[1]! & 0x7f));

/** A TBSCertificate of version 3 that says another one; version 1 is said by leaving it out. */
const ofVersion = (tbs: Bytes, version: 1 | 2): Bytes => {
  const after = contentOf(tbs).subarray(Der.explicit(0, Der.integer(2)).length);
  return Der.sequence(...version === 1 ? [] : [Der.explicit(0, Der.integer(1))], after);
};

/** What is no certificate, however well it is signed. */
const malformed: Readonly<Record<string, readonly [IssueOptions, RegExp]>> = {
  "two signature algorithms": [{ outerSignature: "ecdsa_sha512" }, /algorithms differ/],
  "an extension that comes twice": [
    { extensions: [Build.subjectKeyIdentifier(Uint8Array.of(1))] },
    /extensions.*comes twice/,
  ],
  "an empty subjectAltName": [
    { extensions: [Build.extension(oids.subjectAltName, Der.sequence())] },
    /subjectAltName.*empty list/,
  ],
  "bytes after an extension's value": [
    {
      extensions: [
        Build.extension(oids.subjectAltName, Uint8Array.of(...Der.sequence(Der.context(2, ascii("a"))), 0)),
      ],
    },
    /subjectAltName.*1 bytes left over/,
  ],
  "name constraints without any": [
    { extensions: [Build.extension(oids.nameConstraints, Der.sequence(), true)] },
    /nameConstraints.*no subtree/,
  ],
  "a dNSName outside ASCII": [
    { extensions: [Build.extension(oids.subjectAltName, Der.sequence(Der.context(2, Uint8Array.of(0xfc))))] },
    /no ASCII/,
  ],
  "a version that is none": [
    {
      alter: (tbs) => {
        const out = tbs.slice();
        out[out.indexOf(0xa0) + 4] = 3;
        return out;
      },
    },
    /version.*no version/,
  ],
  "extensions in version 1": [{ alter: (tbs) => ofVersion(tbs, 1) }, /version 1 has no extensions/],
  "extensions in version 2": [{ alter: (tbs) => ofVersion(tbs, 2) }, /version 2 has no extensions/],
  "unique identifiers in version 1": [
    {
      version1: true,
      alter: (tbs) => Der.sequence(contentOf(tbs), Der.context(1, Uint8Array.of(0, 1))),
    },
    /version 1 has no unique identifiers/,
  ],
  "a subject that is not in its encoding": [
    {
      subjectDer: Der.sequence(
        Der.set(Der.sequence(Der.objectIdentifier(oids.commonName), Der.element(0x0c, Uint8Array.of(0xff)))),
      ),
    },
    /not in its encoding/,
  ],
};

for (const [name, [options, message]] of Object.entries(malformed)) {
  Deno.test(`refused: ${name}`, () => {
    const error = refusal(makeCa(options).der);
    assert.ok(error instanceof DerError);
    assert.match(error.message, message);
    assert.match(error.path, /^Certificate/);
  });
}

Deno.test("names are printed as RFC 4514 says, and compared as RFC 5280 says", () => {
  const text = (commonName: string) => parse(makeCa({ subject: commonName }).der).subject.text;
  assert.equal(text("a,b+c=d"), "CN=a\\,b\\+c=d, O=Test");
  assert.equal(text(" #x "), "CN=\\ #x\\ , O=Test");
  const folded = (der: Bytes) => parse(makeCa({ subjectDer: der }).der).subject.folded;
  const printable = Der.sequence(
    Der.set(Der.sequence(Der.objectIdentifier(oids.commonName), Der.printableString("An  EXAMPLE "))),
  );
  assert.deepEqual(folded(printable), folded(Build.distinguishedName({ commonName: "an example" })));
  assert.notDeepEqual(folded(printable), folded(Build.distinguishedName({ commonName: "anexample" })));
  // One value must not pass for two.
  const two = Build.distinguishedName({ commonName: "a", organizationName: "b" });
  assert.notDeepEqual(folded(Build.distinguishedName({ commonName: "a\n2.5.4.10=b" })), folded(two));
});

Deno.test("the same bytes are read once", () => {
  const { der } = makeCa();
  assert.equal(parseCertificate(der), parseCertificate(der));
  assert.notEqual(parseCertificate(der), parseCertificate(der.slice()));
});

Deno.test("cut short anywhere, or with any byte changed, it is read or refused and never throws", () => {
  let refused = 0;
  for (const der of [makeCa().issue({ key: "p256" }).der, parse(makeCa({ key: "rsa" }).der).raw]) {
    for (let i = 0; i < der.length; i++) {
      assert.ok(Either.isLeft(parseCertificate(der.slice(0, i))), `cut at ${i}`);
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = der.slice();
        changed[i]! ^= flip;
        const result = parseCertificate(changed);
        if (Either.isLeft(result)) {
          assert.ok(result.left.offset >= 0 && result.left.offset <= der.length, result.left.message);
          refused++;
        }
      }
    }
  }
  assert.ok(refused > 1000, `${refused}`);
});
