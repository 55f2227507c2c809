/**
 * Credentials: which keys go with which certificates, which are offered to a peer first, and certificates made here.
 *
 * @module
 */
import { assert, Effect, Either, type Layer, TestClock } from "../../deps.ts";
import { layerDeterministic } from "../../../src/layers/crypto/deterministic.ts";
import { layerNoble } from "../../../src/layers/crypto/noble/layer.ts";
import { layerRoots } from "../../../src/layers/trust/roots.ts";
import { ClientCertificateType } from "../../../src/names/protocol.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { type Credential, type CredentialRequest, Credentials } from "../../../src/ports/credentials.ts";
import { Crypto } from "../../../src/ports/crypto.ts";
import { CertificateVerifier } from "../../../src/ports/trust.ts";
import * as Layers from "../../../src/public/credentials.ts";
import { ascii, type Bytes } from "../../../src/wire/bytes.ts";
import { parseCertificate } from "../../../src/x509/certificate/certificate.ts";
import { bitsOf, type KeyUsage } from "../../../src/x509/certificate/key_usage.ts";
import { oids } from "../../../src/x509/der/oids.ts";
import * as Der from "../../../src/x509/der/writer.ts";
import { parseIp } from "../../../src/x509/names/ip_address.ts";
import { type Issued, type KeyKind, makeCa, makeKey } from "../../support/ca.ts";
import { effect, live } from "../../support/effect.ts";
import crypto from "node:crypto";

const ca = makeCa();
const pemOf = ({ chainPem, privateKeyPem }: Issued) => ({ certificate: chainPem, privateKey: privateKeyPem });
const data = ascii("what is to be signed");

/** A scheme that each kind of key signs with. */
const schemes: Partial<Record<KeyKind, SignatureScheme>> = {
  rsa: SignatureScheme.rsa_pkcs1_sha256,
  rsa_pss: SignatureScheme.rsa_pss_pss_sha256,
  p256: SignatureScheme.ecdsa_secp256r1_sha256,
  p384: SignatureScheme.ecdsa_secp384r1_sha384,
  p521: SignatureScheme.ecdsa_secp521r1_sha512,
  ed25519: SignatureScheme.ed25519,
};

/** Whether the credential's signature is its leaf's. */
const signs = (credential: Credential, scheme: SignatureScheme): Effect.Effect<boolean> =>
  Effect.gen(function* () {
    const crypto = yield* Crypto;
    return yield* crypto.verify(credential.publicKey, scheme, data, yield* credential.sign(scheme, data));
  }).pipe(Effect.orDie, Effect.provide(layerNoble));

for (const [kind, scheme] of Object.entries(schemes)) {
  live(
    `a credential of ${kind} signs as its certificate says`,
    Effect.gen(function* () {
      const issued = ca.intermediate().issue({ key: kind as KeyKind });
      const credential = yield* Layers.credentialFromPem(pemOf(issued));
      assert.deepEqual(credential.chain, issued.chain);
      assert.ok(yield* signs(credential, scheme));
    }),
  );
}

live(
  "an RSA key signs in PSS when its certificate says so, though its file does not",
  Effect.gen(function* () {
    const issued = ca.issue({ key: "rsa_pss" });
    const privateKey = issued.key.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    const credential = yield* Layers.credentialFromPem({ certificate: issued.certificatePem, privateKey });
    assert.ok(yield* signs(credential, SignatureScheme.rsa_pss_pss_sha256));
  }),
);

live(
  "a credential decrypts what was encrypted to its certificate",
  Effect.gen(function* () {
    const { publicKey, decrypt } = yield* Layers.credentialFromPem(pemOf(ca.issue({ key: "rsa" })));
    assert.ok(publicKey._tag === "rsa");
    const { rsaEncrypt } = yield* Crypto;
    const block = yield* decrypt(yield* rsaEncrypt(publicKey, data));
    assert.deepEqual(block.subarray(-data.length), data);
  }).pipe(Effect.provide(layerNoble)),
);

for (
  const [name, keyUsage, usage] of [
    ["both", ["digitalSignature", "keyEncipherment"], { digitalSignature: true, keyEncipherment: true }],
    ["one", ["digitalSignature"], { digitalSignature: true, keyEncipherment: false }],
    ["the other", ["keyEncipherment"], { digitalSignature: false, keyEncipherment: true }],
    ["all, being absent,", null, { digitalSignature: true, keyEncipherment: true }],
  ] as const
) {
  live(
    `a credential may be used as keyUsage says: ${name}`,
    Effect.map(
      Layers.credentialFromPem(pemOf(ca.issue({ keyUsage }))),
      (credential) => assert.deepEqual(credential.usage, usage),
    ),
  );
}

const kinds = Object.keys(schemes) as ReadonlyArray<KeyKind>;
for (const [i, kind] of kinds.entries()) {
  const other = kinds[(i + 1) % kinds.length]!;
  live(
    `a certificate of ${kind} does not go with another key`,
    Effect.gen(function* () {
      const { certificatePem } = ca.issue({ key: kind });
      for (const key of [kind, other]) {
        const { privateKeyPem } = ca.issue({ key });
        const pair = { certificate: certificatePem, privateKey: privateKeyPem };
        const error = yield* Effect.flip(Layers.credentialFromPem(pair));
        assert.ok(error instanceof Layers.CredentialMismatch);
        assert.match(error.message, /^CN=localhost, O=Test: /);
      }
    }),
  );
}

live(
  "the layer fails as its pairs do",
  Effect.gen(function* () {
    const good = pemOf(ca.issue());
    const failed = yield* Effect.flip(
      Effect.provide(Credentials, Layers.fromPem(good, { ...good, privateKey: "" })),
    );
    assert.equal(failed._tag, "PemError");
  }),
);

// -- keys that are elsewhere --

live(
  "a signer signs without its key, and is not asked to decrypt unless it can",
  Effect.gen(function* () {
    const { chainPem, chain, key: { privateKey } } = ca.intermediate().issue({ key: "rsa" });
    const asked: Array<SignatureScheme> = [];
    const signer: Layers.Signer = {
      certificate: chainPem,
      schemes: [SignatureScheme.rsa_pkcs1_sha256],
      sign: (scheme, data) =>
        Effect.sync(() => {
          asked.push(scheme);
          return new Uint8Array(crypto.sign("sha256", data, privateKey));
        }),
    };
    const credential = yield* Layers.credentialFromSigner(signer);
    assert.deepEqual(credential.chain, chain);
    assert.deepEqual(credential.usage, { digitalSignature: true, keyEncipherment: false });
    assert.ok(yield* signs(credential, SignatureScheme.rsa_pkcs1_sha256));
    assert.deepEqual(asked, credential.schemes);
    const error = yield* Effect.provide(Effect.flip(credential.decrypt(data)), layerNoble);
    assert.equal(error.message, "cannot decrypt: the signer only signs");

    const able = yield* Layers.credentialFromSigner({ ...signer, decrypt: Effect.succeed });
    assert.equal(able.usage.keyEncipherment, true);
    assert.equal(yield* Effect.provide(able.decrypt(data), layerNoble), data);
  }),
);

live(
  "a signer without a certificate, or with one for no key of ours, is no credential",
  Effect.gen(function* () {
    const sign = () => Effect.succeed(data);
    const missing = yield* Effect.flip(Layers.credentialFromSigner({ certificate: "", sign }));
    assert.equal(missing._tag, "PemError");
    const spki = new Uint8Array(
      crypto.generateKeyPairSync("x448").publicKey.export({ type: "spki", format: "der" }),
    );
    const { certificatePem } = ca.issue({ key: { ...makeKey("p256"), spki } });
    const unknown = yield* Effect.flip(Layers.credentialFromSigner({ certificate: certificatePem, sign }));
    assert.equal(unknown._tag, "CredentialMismatch");
  }),
);

// -- selection --

const ask = (layer: Layer.Layer<Credentials>, request: CredentialRequest) =>
  Effect.provide(Effect.flatMap(Credentials, ({ candidates }) => candidates(request)), layer);

const subjectsOf = (credentials: ReadonlyArray<Credential>): ReadonlyArray<string> =>
  credentials.map(({ chain }) => {
    const { subject } = Either.getOrThrow(parseCertificate(chain[0]!));
    return subject.rdns.flat().find(({ type }) => type === oids.commonName)?.text ?? "";
  });

const servers = Effect.forEach(
  [["a.example"], ["*.b.example"], ["a.example", "c.example"]],
  (names) => Layers.credentialFromPem(pemOf(ca.issue({ names }))),
);

for (
  const [serverName, expected] of [
    [undefined, ["a.example", "*.b.example", "a.example"]],
    ["a.example", ["a.example", "a.example"]],
    ["x.b.example", ["*.b.example"]],
    ["c.example", ["a.example"]],
    ["nobody.example", ["a.example", "*.b.example", "a.example"]],
  ] as const
) {
  live(
    `a server takes for ${serverName ?? "no name"} the certificates of that name, or any`,
    Effect.gen(function* () {
      const layer = Layers.make(yield* servers);
      const found = subjectsOf(yield* ask(layer, { role: "server", serverName }));
      assert.deepEqual(found.slice(0, expected.length), expected);
    }),
  );
}

const otherCa = makeCa({ subject: "Other Root" });
const open = otherCa.intermediate({ subject: "Sub" });
const clients = Effect.forEach([
  ca.issue({ subject: "rsa", key: "rsa" }),
  ca.issue({ subject: "ecdsa" }),
  ca.issue({ subject: "ed25519", key: "ed25519" }),
  open.issue({ subject: "below an intermediate" }),
  ca.issue({ subject: "cannot sign", keyUsage: ["keyEncipherment"] }),
], (issued) => Layers.credentialFromPem(pemOf(issued)));

const { rsa_sign, ecdsa_sign, dss_sign } = ClientCertificateType;
const S = SignatureScheme;
const any = { types: [rsa_sign, ecdsa_sign], schemes: undefined, authorities: [] };
const all = ["rsa", "ecdsa", "ed25519", "below an intermediate"];
const filter = (oid: string, certificateExtensionValues: Bytes = new Uint8Array()) => ({
  certificateExtensionOid: Der.objectIdentifier(oid),
  certificateExtensionValues,
});
const usages = (...of: ReadonlyArray<KeyUsage>) => {
  const { bytes, unused } = bitsOf(of);
  return filter(oids.keyUsage, Der.bitString(bytes, unused));
};
const purposes = (...of: ReadonlyArray<string>) =>
  filter(oids.extendedKeyUsage, Der.sequence(...of.map(Der.objectIdentifier)));

for (
  const [name, request, expected] of [
    ["everything", any, all],
    ["RSA", { ...any, types: [rsa_sign] }, ["rsa"]],
    ["ECDSA", { ...any, types: [ecdsa_sign] }, ["ecdsa", "ed25519", "below an intermediate"]],
    ["DSA", { ...any, types: [dss_sign] }, []],
    ["Ed25519", { ...any, schemes: [S.ed25519] }, ["ed25519"]],
    ["PSS", { ...any, schemes: [S.rsa_pss_rsae_sha256] }, ["rsa"]],
    ["a PSS key", { ...any, schemes: [S.rsa_pss_pss_sha256] }, []],
    ["no scheme", { ...any, schemes: [] }, []],
    ["an authority", { ...any, authorities: [otherCa.subject] }, [
      "below an intermediate",
      "rsa",
      "ecdsa",
      "ed25519",
    ]],
    ["an authority in between", { ...any, authorities: [open.subject] }, [
      "below an intermediate",
      "rsa",
      "ecdsa",
      "ed25519",
    ]],
    ["what is no name", { ...any, authorities: [Uint8Array.of(1)] }, all],
    ["any keyUsage", { ...any, filters: [filter(oids.keyUsage)] }, all],
    ["digitalSignature", { ...any, filters: [usages("digitalSignature")] }, all],
    ["keyEncipherment as well", { ...any, filters: [usages("digitalSignature", "keyEncipherment")] }, [
      "rsa",
    ]],
    ["clientAuth", { ...any, filters: [purposes(oids.clientAuth)] }, all],
    ["code signing", { ...any, filters: [purposes(oids.clientAuth, "1.3.6.1.5.5.7.3.3")] }, []],
    ["an extension without a rule", { ...any, filters: [filter("1.2.3.4", ascii("x"))] }, all],
    ["a keyUsage that is none", { ...any, filters: [filter(oids.keyUsage, ascii("x"))] }, []],
    [
      "what is no OID",
      { ...any, filters: [{ ...filter("1.2.3"), certificateExtensionOid: ascii("x") }] },
      [],
    ],
  ] as const
) {
  live(
    `a client that is asked for ${name} offers what fits, the surest first`,
    Effect.gen(function* () {
      const layer = Layers.make(yield* clients);
      assert.deepEqual(subjectsOf(yield* ask(layer, { role: "client", ...request })), expected);
    }),
  );
}

for (
  const [what, authorities, expected] of [
    ["none of which it is below", [ca.subject], ["a", "b"]],
    ["one of which only its second is below", [otherCa.subject], ["b", "a"]],
    ["that are no names", [Uint8Array.of(1)], ["a", "b"]],
  ] as const
) {
  live(
    `a server that is named authorities, ${what}, still has all its certificates`,
    Effect.gen(function* () {
      const of = [makeCa({ subject: "Third Root" }).issue({ subject: "a" }), otherCa.issue({ subject: "b" })];
      const layer = Layers.make(
        yield* Effect.forEach(of, (issued) => Layers.credentialFromPem(pemOf(issued))),
      );
      const found = yield* ask(layer, { role: "server", serverName: undefined, authorities });
      assert.deepEqual(subjectsOf(found), expected);
    }),
  );
}

live(
  "a client does not offer a chain that ends in a root which is not asked for",
  Effect.gen(function* () {
    const issued = ca.issue();
    const whole = { ...pemOf(issued), certificate: issued.chainPem + ca.certificatePem };
    const layer = Layers.make([yield* Layers.credentialFromPem(whole)]);
    const request = { role: "client", ...any } as const;
    assert.equal((yield* ask(layer, { ...request, authorities: [ca.subject] })).length, 1);
    assert.equal((yield* ask(layer, { ...request, authorities: [otherCa.subject] })).length, 0);
  }),
);

for (
  const [name, schemes, expected] of [
    ["says nothing of it", undefined, ["by RSA", "by ECDSA"]],
    ["verifies both", [S.ecdsa_secp256r1_sha256, S.rsa_pkcs1_sha256], ["by RSA", "by ECDSA"]],
    ["verifies ECDSA", [S.ecdsa_secp256r1_sha256], ["by ECDSA", "by RSA"]],
  ] as const
) {
  live(
    `certificates come first that are signed as a peer can verify, in both roles, when it ${name}`,
    Effect.gen(function* () {
      const byRsa = makeCa({ key: "rsa" }).issue({ subject: "by RSA" });
      const layer = Layers.make(
        yield* Effect.forEach(
          [byRsa, ca.issue({ subject: "by ECDSA" })],
          (issued) => Layers.credentialFromPem(pemOf(issued)),
        ),
      );
      const server = yield* ask(layer, { role: "server", serverName: undefined, schemes });
      assert.deepEqual(subjectsOf(server), expected);
      const client = yield* ask(layer, { role: "client", ...any, schemes });
      assert.deepEqual(subjectsOf(client), expected);
    }),
  );
}

live(
  "none has nothing to offer",
  Effect.map(
    ask(Layers.none, { role: "server", serverName: undefined }),
    (found) => assert.deepEqual(found, []),
  ),
);

// -- certificates made in memory --

for (const key of ["ecdsa_p256", "ecdsa_p384", "ecdsa_p521", "ed25519", "ed448", "rsa"] as const) {
  live(
    `a self-signed certificate of ${key} is trusted by whoever is given it`,
    Effect.gen(function* () {
      const made = yield* Layers.makeSelfSigned({ key });
      yield* Effect.provide(
        Effect.flatMap(
          CertificateVerifier,
          ({ verify }) =>
            Effect.forEach(
              ["localhost", "127.0.0.1", "::1"],
              (name) => verify({ chain: made.credential.chain, name, purpose: "serverAuth" }),
            ),
        ),
        layerRoots(made.certificatePem),
      );
    }).pipe(Effect.provide(layerNoble)),
  );
}

const madeAt = (time: number, options?: Layers.SelfSignedOptions, seed = 1) =>
  Effect.zipRight(TestClock.setTime(time), Layers.makeSelfSigned(options)).pipe(
    Effect.provide(layerDeterministic(seed)),
  );
const NOW = Date.UTC(2030, 0);

effect(
  "a self-signed certificate says what it was asked to",
  Effect.gen(function* () {
    const names = ["www.example.com.", "*.EXAMPLE.com", "bücher.example", "10.0.0.1", "2001:db8::1"];
    const made = yield* madeAt(NOW, { names, days: 7, purposes: ["clientAuth"], key: "rsa" });
    const parsed = Either.getOrThrow(parseCertificate(made.certificate));
    assert.equal(parsed.version, 3);
    assert.equal(parsed.subject.text, "CN=www.example.com");
    assert.equal(parsed.issuer.text, parsed.subject.text);
    assert.deepEqual(parsed.subjectAltName?.map(({ value }) => value), [
      "www.example.com",
      "*.example.com",
      "xn--bcher-kva.example",
      parseIp("10.0.0.1"),
      parseIp("2001:db8::1"),
    ]);
    assert.ok(parsed.notBefore <= NOW / 1000 && parsed.notBefore >= NOW / 1000 - 86400);
    assert.equal(parsed.notAfter, NOW / 1000 + 7 * 86400);
    assert.deepEqual(parsed.extendedKeyUsage, [oids.clientAuth]);
    assert.deepEqual([...parsed.keyUsage ?? []], ["digitalSignature", "keyEncipherment"]);
    assert.equal(parsed.basicConstraints?.ca ?? false, false);
    assert.ok(parsed.serialNumber[0]! < 0x80 && parsed.serialNumber.length <= 20);
  }),
);

effect(
  "a self-signed certificate is the same bytes from the same seed and time, and other bytes from others",
  Effect.gen(function* () {
    const [first, again, later, other] = [
      yield* madeAt(NOW),
      yield* madeAt(NOW),
      yield* madeAt(NOW + 1000),
      yield* madeAt(NOW, {}, 2),
    ];
    assert.deepEqual(again.certificate, first.certificate);
    assert.notDeepEqual(later.certificate, first.certificate);
    assert.notDeepEqual(other.certificate, first.certificate);
  }),
);

effect(
  "a self-signed certificate can be used again from its PEM",
  Effect.gen(function* () {
    const { certificatePem, privateKeyPem, credential } = yield* madeAt(NOW, { key: "ed25519" });
    const read = yield* Layers.credentialFromPem({ certificate: certificatePem, privateKey: privateKeyPem });
    assert.deepEqual(read.chain, credential.chain);
  }),
);

live(
  "the self-signed layer gives one credential, made when it is built",
  Effect.gen(function* () {
    const { candidates } = yield* Credentials;
    const [one, ...more] = yield* candidates({ role: "server", serverName: "localhost" });
    assert.deepEqual(more, []);
    assert.ok(yield* signs(one!, SignatureScheme.ecdsa_secp256r1_sha256));
    assert.deepEqual(yield* candidates({ role: "server", serverName: undefined }), [one]);
  }).pipe(Effect.provide(Layers.selfSigned()), Effect.provide(layerNoble)),
);

for (const key of ["ecdsa_p256", "ed25519", "ed448", "rsa"] as const) {
  live(
    `an authority of ${key} issues what those trust who trust it, below intermediates as well, and node:crypto agrees`,
    Effect.gen(function* () {
      const root = yield* Layers.makeAuthority({ key, commonName: "Root" });
      const below = yield* (yield* root.intermediate({ key: "ecdsa_p384" })).intermediate();
      const server = yield* below.issue({ names: ["a.example"] });
      const user = yield* root.issue({ names: [], commonName: "a user", purposes: ["clientAuth"], key });
      assert.equal(server.credential.chain.length, 3);
      assert.equal(user.credential.chain.length, 1);
      assert.equal(Either.getOrThrow(parseCertificate(user.certificate)).subject.text, "CN=a user");
      const [leaf, one, two] = [...server.credential.chain, root.certificate].map((der) =>
        new crypto.X509Certificate(der)
      );
      assert.ok(leaf!.checkIssued(one!) && leaf!.verify(one!.publicKey) && one!.ca && !leaf!.ca);
      assert.ok(one!.checkIssued(two!) && one!.verify(two!.publicKey));
      const trusts = (
        chain: ReadonlyArray<Uint8Array>,
        name: string | undefined,
        purpose: "serverAuth" | "clientAuth",
      ) =>
        Effect.provide(
          Effect.flatMap(
            CertificateVerifier,
            ({ verify }) => Effect.either(verify({ chain, name, purpose })),
          ),
          layerRoots(root.certificatePem),
        );
      assert.ok(Either.isRight(yield* trusts(server.credential.chain, "a.example", "serverAuth")));
      assert.ok(Either.isRight(yield* trusts(user.credential.chain, undefined, "clientAuth")));
      assert.ok(Either.isLeft(yield* trusts(user.credential.chain, undefined, "serverAuth")));
      const stranger = yield* Layers.makeAuthority({ key, commonName: "Root" });
      const theirs = yield* stranger.issue({ names: ["a.example"] });
      assert.ok(Either.isLeft(yield* trusts(theirs.credential.chain, "a.example", "serverAuth")));
    }).pipe(Effect.provide(layerNoble)),
  );
}
