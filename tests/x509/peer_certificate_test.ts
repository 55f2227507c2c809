/** What a program is told of a peer's certificate, beside what node:crypto says of it. @module */
import { assert, Context, Effect, Schema } from "../deps.ts";
import { PeerCertificate } from "../../mod.ts";
import { hash } from "../../src/layers/crypto/noble/hash.ts";
import { Credentials } from "../../src/ports/credentials.ts";
import { concat } from "../../src/wire/bytes.ts";
import { peerCertificate } from "../../src/x509/certificate/read_peer_certificate.ts";
import * as Der from "../../src/x509/der/writer.ts";
import * as Golden from "../golden/certificates.ts";
import { type KeyKind, makeCa, makeKey } from "../support/ca.ts";
import { live } from "../support/effect.ts";
import { bothHandshake, build, credentialOf } from "../support/handshake.ts";
import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";

const ca = makeCa({ key: "rsa" });
const readable = (der: Uint8Array) => {
  const read = peerCertificate(der, hash);
  return read._tag === "Certificate" ? read : assert.fail(read.reason);
};

const keys = {
  rsa: { _tag: "rsa", bits: 2048 },
  rsa1024: { _tag: "rsa", bits: 1024 },
  rsa_pss: { _tag: "rsa_pss", bits: 2048 },
  p256: { _tag: "ecdsa", bits: 256, group: 23 },
  p384: { _tag: "ecdsa", bits: 384, group: 24 },
  p521: { _tag: "ecdsa", bits: 521, group: 25 },
  ed25519: { _tag: "ed25519", bits: 256 },
  ed448: { _tag: "ed448", bits: 456 },
} satisfies Record<KeyKind, unknown>;

for (const [kind, publicKey] of Object.entries(keys)) {
  Deno.test(`a peer's certificate of ${kind} says what node:crypto's X509Certificate says of it`, () => {
    const { der } = ca.issue({ key: kind as KeyKind, names: ["a.example", "10.0.0.1", "2001:db8::1"] });
    const ours = readable(der);
    const theirs = new X509Certificate(Buffer.from(der));
    const withColons = (digits: string) => digits.toUpperCase().replace(/..(?=.)/g, "$&:");
    assert.equal(withColons(ours.fingerprints.sha1), theirs.fingerprint);
    assert.equal(withColons(ours.fingerprints.sha256), theirs.fingerprint256);
    // Deno's node:crypto reads no key of RSASSA-PSS.
    if (kind !== "rsa_pss") {
      const key = theirs.publicKey.export({ type: "spki", format: "der" });
      assert.equal(ours.pin, createHash("sha256").update(key).digest("hex"));
    }
    assert.equal(BigInt(`0x${ours.serialNumber}`), BigInt(`0x${theirs.serialNumber}`));
    assert.equal(ours.notBefore.getTime(), Date.parse(theirs.validFrom));
    assert.equal(ours.notAfter.getTime(), Date.parse(theirs.validTo));
    assert.equal(ours.subject.split(", ").reverse().join("\n"), theirs.subject);
    assert.equal(ours.issuer.split(", ").reverse().join("\n"), theirs.issuer);
    assert.deepEqual(ours.subjectAltNames, [
      { type: "dNSName", value: "a.example" },
      { type: "iPAddress", value: "10.0.0.1" },
      { type: "iPAddress", value: "2001:db8::1" },
    ]);
    assert.deepEqual(ours.publicKey, publicKey);
    assert.equal(ours.raw, der);
  });
}

Deno.test("a serial number that begins with a high bit is written without the byte that keeps it positive", () => {
  const { der } = ca.issue({
    alter: (tbs) => {
      const at = Buffer.from(tbs).indexOf(Buffer.from([0x02, 0x10, 0x01]));
      const serial = Der.integer(new Uint8Array(15).fill(0xff));
      return concat(tbs.subarray(0, at), serial, tbs.subarray(at + 18)); // 17 bytes and 18: as long as before
    },
  });
  assert.equal(readable(der).serialNumber, "ff".repeat(15));
});

Deno.test("a certificate with a key of an unknown kind is read all the same", () => {
  const spki = Der.sequence(Der.sequence(Der.objectIdentifier("1.2.3.4")), Der.bitString(Uint8Array.of(1)));
  const { der } = ca.issue({ key: { ...makeKey("p256"), spki } });
  assert.deepEqual(readable(der).publicKey, { _tag: "unsupported", algorithm: "1.2.3.4" });
});

Deno.test("a peer's certificate is read once, and is JSON and back", () => {
  const { der } = ca.issue();
  const read = readable(der);
  assert.equal(readable(der), read);
  const text = JSON.stringify(Schema.encodeSync(PeerCertificate)(read));
  const json = JSON.parse(text);
  assert.equal(json.notAfter, "2040-01-01T00:00:00.000Z");
  assert.equal(json.publicKey.group, "secp256r1");
  assert.equal(json.raw, der.toHex());
  assert.deepEqual(Schema.decodeUnknownSync(PeerCertificate)(json), read);
});

live(
  "a chain above whose leaf is what can't be read is told as far as it can be",
  Effect.gen(function* () {
    const credential = credentialOf(Golden.server("p256"));
    const junk = Uint8Array.of(0x30, 0x01, 0x00);
    const chain = [...credential.chain, junk];
    const shown = Credentials.of({
      partition: "own",
      candidates: () => Effect.succeed([{ ...credential, chain }]),
    });
    const built = yield* build({ toy: true }); // everybody is trusted
    const ends = yield* bothHandshake({
      ...built,
      server: Context.merge(built.server, Context.make(Credentials, shown)) as typeof built.server,
    });
    const [client, server] = [yield* ends.client, yield* ends.server];
    assert.deepEqual(yield* server.peerCertificates, []);
    const [leaf, other, ...more] = yield* client.peerCertificates;
    assert.equal(leaf?._tag, "Certificate");
    assert.deepEqual(leaf?.raw, credential.chain[0]);
    assert.ok(other?._tag === "UnreadableCertificate");
    assert.deepEqual(other.raw, junk);
    assert.match(other.reason, /^Certificate/);
    assert.equal(other.fingerprints.sha1, hash("sha1").digest([junk]).toHex());
    assert.deepEqual(more, []);
    assert.equal(Schema.encodeSync(PeerCertificate)(other).raw, "300100");
  }),
);
