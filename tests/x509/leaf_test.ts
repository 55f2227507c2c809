/** Leaves that are not strict DER: the handshake finds their key, and the verifier judges. @module */
import { assert, Effect, Either, Layer } from "../deps.ts";
import * as Client from "../../src/client.ts";
import { credentialFromPem, layer as credentials } from "../../src/layers/credentials/credentials.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { makePair } from "../../src/layers/transport/byte_stream.ts";
import { layer, layerInsecure, layerPinned } from "../../src/layers/trust/layers.ts";
import { layerRoots } from "../../src/layers/trust/roots.ts";
import type { CertificateVerifier } from "../../src/ports/trust.ts";
import * as Server from "../../src/server.ts";
import * as Policy from "../../src/tables/policy.ts";
import { type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { readLeaf } from "../../src/x509/certificate/leaf.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { issue, makeKey, signatures } from "../support/ca.ts";
import { live } from "../support/effect.ts";
import { oddCertificates } from "./odd_certificates.ts";
import { createHash } from "node:crypto";

const key = makeKey("rsa");
const good = issue(undefined, { subject: "localhost", names: ["localhost"], key });
const odd = oddCertificates(key);

/** A handshake in which both ends show the certificate and trust by `trust`. Fails as the client does. */
const met = (der: Bytes, trust: Layer.Layer<CertificateVerifier, unknown>, policy = Policy.compatible) =>
  Effect.gen(function* () {
    const pair = { certificate: good.certificatePem, privateKey: good.privateKeyPem };
    const own = { ...yield* credentialFromPem(pair), chain: [der] };
    const [a, b] = yield* makePair();
    const both = Layer.mergeAll(layerNoble, layerMemory(), credentials([own]), Layer.orDie(trust));
    const [client, server] = yield* Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost", policy }), both),
      Effect.provide(Server.over(b, { policy, clientAuth: "require" }), both),
    ], { concurrency: 2 });
    return [yield* client.peerCertificates, yield* server.peerCertificates];
  });

/** The pins of a leaf: over its key as it stands there, and as OpenSSL prints it. */
const pinsOf = (der: Bytes): ReadonlyArray<string> =>
  Either.getOrThrow(readLeaf(der)).spkis.map((spki) =>
    toHex(new Uint8Array(createHash("sha256").update(spki).digest()))
  );

for (const [name, der] of odd) {
  live(
    `a leaf with ${name} is met by whoever trusts it, in both roles`,
    Effect.gen(function* () {
      const [ofServer, ofClient] = yield* met(der, layerInsecure);
      assert.equal(ofServer![0]!._tag, "UnreadableCertificate");
      assert.deepEqual(ofClient![0]!.raw, der);
      for (const pin of pinsOf(der)) yield* met(der, layerPinned([pin]));
      assert.ok(pinsOf(der).includes(pinsOf(good.der)[0]!), "OpenSSL prints the same key for all of them");
      yield* met(der, layer("own", ({ chain }) => Effect.sync(() => assert.deepEqual(chain, [der]))));
    }),
  );

  live(
    `a leaf with ${name} is not trusted by roots, not even as one of them, and the reason is said`,
    Effect.gen(function* () {
      const error = yield* Effect.flip(met(der, layerRoots(good.certificatePem)));
      assert.equal(error._tag, "CertificateError");
      assert.match(error.message, /Certificate/);
      const wrong = yield* Effect.flip(met(der, layerPinned(["00".repeat(32)])));
      assert.match(wrong.message, /is not among those pinned/);
    }),
  );
}

Deno.test("the key of each is the one that it is for", () => {
  const wanted = Either.getOrThrow(readLeaf(good.der)).publicKey;
  for (const [name, der] of odd) {
    assert.deepEqual(Either.getOrThrow(readLeaf(der)).publicKey, wanted, name);
  }
});

/** A certificate of version 12, so that it is not strict, with these extensions. */
const withExtensions = (...extensions: ReadonlyArray<Bytes>): Bytes => {
  const name = Build.distinguishedName({ commonName: "localhost" });
  const { algorithm, sign } = signatures.rsa_sha256;
  const tbs = Der.sequence(
    Der.explicit(0, Der.integer(12)),
    Der.integer(1),
    algorithm,
    name,
    Der.sequence(Der.time(0), Der.time(4e9)),
    name,
    key.spki,
    Der.explicit(3, Der.sequence(...extensions)),
  );
  return Build.certificate(tbs, algorithm, sign(tbs, key.privateKey));
};
const usages = (der: Bytes) => [...Either.getOrThrow(readLeaf(der)).keyUsage ?? ["any"]];

Deno.test("keyUsage holds also where the certificate is not strict; the narrowest of several, and none that cannot be read", () => {
  const [sign, encipher] = [Build.keyUsage(["digitalSignature"]), Build.keyUsage(["keyEncipherment"])];
  assert.deepEqual(usages(withExtensions(Build.subjectAltName(["a.example"]))), ["any"]);
  assert.deepEqual(usages(withExtensions(sign)), ["digitalSignature"]);
  assert.deepEqual(usages(withExtensions(sign, encipher)), []);
  assert.deepEqual(usages(withExtensions(Build.extension("2.5.29.15", Uint8Array.of(3)))), []);
});

Deno.test("a keyUsage that is written oddly, or stands beside what cannot be read, does not become one that allows everything", () => {
  const encipher = Build.keyUsage(["keyEncipherment"]);
  const longOid = Uint8Array.of(0x06, 0x81, 0x03, 0x55, 0x1d, 0x0f);
  const value = Der.octetString(Der.bitString(Uint8Array.of(0x20), 5));
  assert.deepEqual(usages(withExtensions(Der.sequence(longOid, value))), ["keyEncipherment"]);
  assert.deepEqual(usages(withExtensions(encipher, Uint8Array.of(0x1f, 0x01, 0x00))), []);
  assert.deepEqual(usages(withExtensions(Der.sequence(Uint8Array.of(0x30, 0x80)))), []);
});

live(
  "a server whose odd leaf may not sign is refused by the handshake",
  Effect.gen(function* () {
    const error = yield* Effect.flip(met(withExtensions(Build.keyUsage(["keyEncipherment"])), layerInsecure));
    assert.match(error.message, /keyUsage does not allow digitalSignature/);
  }),
);

Deno.test("bytes without a key in its place are no leaf, and the error is that of the strict reading", () => {
  const [, der] = odd[0]!;
  const nothing = [
    new Uint8Array(),
    Uint8Array.of(0x30, 0x80),
    der.subarray(0, -1),
    concat(der, Uint8Array.of(0)),
    Der.sequence(Der.sequence(), Der.sequence(), Der.bitString(new Uint8Array(1))),
  ];
  for (const bytes of nothing) {
    const read = readLeaf(bytes);
    assert.ok(Either.isLeft(read));
    assert.equal(read.left._tag, "DerError");
  }
});

Deno.test("no change of a byte makes the reading throw", () => {
  for (const [, der] of odd.slice(0, 3)) {
    for (let at = 0; at < der.length; at += 3) {
      const changed = der.slice();
      changed[at]! ^= 0x81;
      assert.ok(Either.isEither(readLeaf(changed)));
    }
  }
});
