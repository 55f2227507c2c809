/** Leaves as real devices have them that are not strict DER, or break RFC 5280 in another way. @module */
import { ascii, type Bytes, concat } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { type KeyPair, signatures } from "../support/ca.ts";

/** The parts of a certificate, each as its bytes; `undefined` for one that is left out. */
interface Parts {
  readonly version: Bytes | undefined;
  readonly serialNumber: Bytes;
  readonly signature: Bytes;
  readonly validity: Bytes;
  readonly subject: Bytes;
  readonly spki: Bytes;
  readonly extensions: Bytes | undefined;
  readonly outer: Bytes;
}

const names = Build.subjectAltName(["localhost"]);
const listed = (...extensions: ReadonlyArray<Bytes>) => Der.explicit(3, Der.sequence(...extensions));
const times = (from: Bytes, to: Bytes) => Der.sequence(from, to);
const utc = (text: string) => Der.element(0x17, ascii(text));
const from = Der.time(Date.UTC(2020, 0) / 1000);
const to = Der.time(Date.UTC(2040, 0) / 1000);

/** A value whose length takes four bytes more than it must. */
const longForm = (tag: number, content: Bytes): Bytes =>
  concat(Uint8Array.of(tag, 0x84, 0, 0, content.length >> 8, content.length), content);

/** The key with the zero left out that makes its modulus positive. */
const negativeModulus = (spki: Bytes): Bytes => {
  const at = spki.findIndex((byte, i) => byte === 0x02 && spki[i + 1] === 0x82 && spki[i + 4] === 0);
  const numbers = concat(Uint8Array.of(0x02, 0x82, 1, 0), spki.subarray(at + 5));
  return Der.sequence(
    Der.sequence(Der.objectIdentifier(oids.rsaEncryption), Der.nullValue),
    Der.bitString(Der.sequence(numbers)),
  );
};

/** What is odd about each, as a change to a good one. */
const changes: Readonly<Record<string, (good: Parts) => Partial<Parts>>> = {
  "a modulus that is negative": ({ spki }) => ({ spki: negativeModulus(spki) }),
  "a version of 12": () => ({ version: Der.explicit(0, Der.integer(12)) }),
  "version 1 with extensions": () => ({ version: undefined }),
  "no extension in the list": () => ({ extensions: listed() }),
  "a time without seconds": () => ({ validity: times(utc("2001010000Z"), to) }),
  "a time with an offset": () => ({ validity: times(utc("200101000000+0100"), to) }),
  "two signature algorithms": () => ({ outer: signatures.rsa_sha384.algorithm }),
  "a boolean of 1": () => ({
    extensions: listed(
      Build.extension(oids.basicConstraints, Der.sequence(Der.element(0x01, Uint8Array.of(1)))),
      names,
    ),
  }),
  "an extension twice": () => ({ extensions: listed(names, names) }),
  "lengths that are too long": ({ subject }) => ({ subject: longForm(0x30, subject.subarray(2)) }),
  "a key in lengths that are too long": ({ spki }) => ({ spki: longForm(0x30, spki.subarray(4)) }),
  "a DNS name that is not ASCII": () => ({
    extensions: listed(
      Build.extension(
        oids.subjectAltName,
        Der.sequence(Der.context(2, Uint8Array.of(0xe4, 0x2e, 0x64, 0x65))),
      ),
    ),
  }),
  "an empty subjectAltName": () => ({
    extensions: listed(Build.extension(oids.subjectAltName, Der.sequence())),
  }),
  "a time that never was": () => ({ validity: times(utc("200230000000Z"), to) }),
  "a serial number with a zero too many": () => ({
    serialNumber: Der.element(0x02, Uint8Array.of(0, 0, 1)),
  }),
  "policies that come twice": () => ({
    extensions: listed(
      names,
      Build.extension(
        oids.certificatePolicies,
        Der.sequence(...[1, 2].map(() => Der.sequence(Der.objectIdentifier("1.2.3")))),
      ),
    ),
  }),
};

/** The odd certificates of an RSA key, by what is odd about them. Each is signed by its own key. */
export const oddCertificates = (key: KeyPair): ReadonlyArray<readonly [name: string, der: Bytes]> =>
  Object.entries(changes).map(([name, change]) => [name, signed(key, change)]);

const signed = (key: KeyPair, change: (good: Parts) => Partial<Parts>): Bytes => {
  const { algorithm, sign } = signatures.rsa_sha256;
  const good: Parts = {
    version: Der.explicit(0, Der.integer(2)),
    serialNumber: Der.integer(1),
    signature: algorithm,
    validity: times(from, to),
    subject: Build.distinguishedName({ commonName: "localhost" }),
    spki: key.spki,
    extensions: listed(names),
    outer: algorithm,
  };
  const { version, serialNumber, signature, validity, subject, spki, extensions, outer } = {
    ...good,
    ...change(good),
  };
  const tbs = Der.sequence(
    ...(version ? [version] : []),
    serialNumber,
    signature,
    good.subject,
    validity,
    subject,
    spki,
    ...(extensions ? [extensions] : []),
  );
  return Build.certificate(tbs, outer, sign(tbs, key.privateKey));
};
