/**
 * What the handshake itself demands of a peer's certificate, whoever trusts it (RFC 5246 §7.4.2, §7.4.6).
 *
 * @module
 */
import { assert, Effect, Either } from "../deps.ts";
import { CertificateError } from "../../src/faults/errors/trust.ts";
import { alertOf } from "../../src/faults/meaning.ts";
import { fitsWish, judged, leafKey } from "../../src/flights/peer.ts";
import { ClientCertificateType } from "../../src/names/protocol.ts";
import { modern12 } from "../support/policies.ts";
import { sameBytes } from "../../src/wire/bytes.ts";
import type { KeyUsage } from "../../src/x509/certificate/key_usage.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import * as Golden from "../golden/certificates.ts";
import { makeCa, makeKey } from "../support/ca.ts";

const rsa = Uint8Array.from(
  atob(Golden.server("rsa").certificate.replace(/-----[^-]+-----|\s/g, "")),
  (c) => c.charCodeAt(0),
);
/** Where the public exponent 65537 stands in the certificate, right behind the modulus. */
const exponent = rsa.findIndex((_, i) => sameBytes(rsa.subarray(i, i + 5), Uint8Array.of(2, 3, 1, 0, 1))) + 2;

const told = (change: (der: Uint8Array) => void): string => {
  const der = rsa.slice();
  change(der);
  return Either.match(leafKey([der], modern12), { onLeft: (e) => e._tag, onRight: ({ key }) => key._tag });
};

Deno.test("a leaf whose RSA key has numbers that cannot be is refused, whoever trusts it", () => {
  assert.equal(told(() => {}), "rsa");
  assert.equal(told((der) => der[exponent - 3]! &= 0xfe), "CertificateError", "an even modulus");
  assert.equal(told((der) => der[exponent + 2] = 0), "CertificateError", "an even exponent");
});

Deno.test("a leaf whose RSA key is shorter or longer than any in use is unsupported: no provider has to judge it", () => {
  const leaf = (bits: number) => {
    const modulus = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
    modulus[0] = 0xff >> (8 * modulus.length - bits);
    const numbers = Der.sequence(Der.integer(modulus), Der.integer(65537));
    const algorithm = Der.sequence(Der.objectIdentifier(oids.rsaEncryption), Der.nullValue);
    const key = makeKey("p256");
    const spki = Der.sequence(algorithm, Der.bitString(numbers));
    const ca = makeCa();
    return Either.match(leafKey([ca.issue({ key: { ...key, kind: "rsa", spki } }).der], modern12), {
      onLeft: (e) => e.message.split(": ").at(-1)!,
      onRight: ({ key }) => key._tag,
    });
  };
  assert.equal(leaf(511), "the RSA key is too short");
  assert.equal(leaf(512), "rsa");
  assert.equal(leaf(8192), "rsa");
  assert.equal(leaf(8200), "the RSA key is too large");
});

Deno.test("no certificate is a decode error, and one that is no DER is corrupt: both say where", () => {
  const reason = (chain: ReadonlyArray<Uint8Array>) =>
    Either.match(leafKey(chain, modern12), {
      onLeft: (e) => e.message,
      onRight: () => "read",
    });
  assert.equal(reason([]), "Certificate.certificateList, byte 0: is empty");
  assert.match(reason([Uint8Array.of(0x30, 0x80)]), /^certificate 0: Certificate.*, byte \d+: /);
});

Deno.test("a verifier's word on a corrupt certificate has the alert of policy, unless it names one itself", () => {
  const told = (reason: "unreadable" | "expired", alert?: "access_denied") => {
    const error = new CertificateError({ reason, index: 1, subject: "", detail: "", rfc: "", alert });
    const verdict = judged(Effect.fail(error), { ...modern12, corruptCertificateAlert: "decode_error" });
    return alertOf(Effect.runSync(Effect.flip(verdict)));
  };
  assert.equal(told("unreadable"), "decode_error");
  assert.equal(told("unreadable", "access_denied"), "access_denied");
  assert.equal(told("expired"), "certificate_expired");
});

Deno.test("a client's leaf whose keyUsage lacks digitalSignature is refused by the handshake, whoever trusts it", () => {
  const fits = (keyUsage: ReadonlyArray<KeyUsage>) => {
    const leaf = Either.getOrThrow(leafKey([makeCa().issue({ keyUsage }).der], modern12));
    const wish = { types: [ClientCertificateType.ecdsa_sign], authorities: [], schemes: undefined };
    return Either.match(fitsWish(leaf, wish, modern12.groups), {
      onLeft: (e) => e.detail,
      onRight: () => "fits",
    });
  };
  assert.equal(fits(["digitalSignature"]), "fits");
  assert.equal(fits(["keyAgreement"]), "its keyUsage does not allow digitalSignature");
});
