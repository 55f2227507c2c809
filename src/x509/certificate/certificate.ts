/** X.509 certificates as plain values (RFC 5280 §4.1). @module */
import type { Either } from "../../deps.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import {
  decodeDer,
  type Der,
  type DerError,
  explicit,
  implicit,
  map,
  optional,
  sequence,
  withDefault,
  withRaw,
} from "../der/der.ts";
import { anyTime, bitString, count, integer } from "../der/types.ts";
import { algorithmIdentifier, type SignatureAlgorithm, signatureAlgorithm } from "../keys/algorithms.ts";
import { subjectPublicKeyInfo, type UnsupportedKey } from "../keys/public_key.ts";
import { type DistinguishedName, name, sameName } from "../names/distinguished_name.ts";
import { type Extension, extensions, type Understood } from "./extensions.ts";

/** An X.509 certificate. Each supported extension is a member. */
export interface Certificate extends Understood {
  readonly raw: Bytes;
  /** The signed bytes: the TBSCertificate as DER. */
  readonly tbs: Bytes;
  readonly version: 1 | 2 | 3;
  /** The serial number as encoded: two's complement. */
  readonly serialNumber: Bytes;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  /** The validity in seconds since the epoch. Both ends belong to it. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly publicKey: PublicKey | UnsupportedKey;
  /** The SubjectPublicKeyInfo as DER, from which pins are computed. */
  readonly spki: Bytes;
  /** Every extension, supported or not. */
  readonly extensions: ReadonlyArray<Extension>;
}

/** Parses a certificate. The result is cached for as long as the bytes object lives. */
export const parseCertificate = (der: Bytes): Either.Either<Certificate, DerError> => {
  const known = parsed.get(der);
  if (known) return known;
  const result = decodeDer("Certificate", certificate, der);
  parsed.set(der, result);
  return result;
};

const parsed = new WeakMap<Bytes, Either.Either<Certificate, DerError>>();

/** Whether issuer and subject are the same name (RFC 5280 §6.1). The result is cached, because names can be long. */
export const isSelfIssued = (certificate: Certificate): boolean => {
  const known = selfIssued.get(certificate);
  if (known !== undefined) return known;
  const same = sameName(certificate.issuer, certificate.subject);
  selfIssued.set(certificate, same);
  return same;
};

const selfIssued = new WeakMap<Certificate, boolean>();

const version: Der<1 | 2 | 3> = map(count, (n, fail) => n === 1 ? 2 : n === 2 ? 3 : fail("no version"));

const tbsCertificate = sequence({
  version: withDefault<1 | 2 | 3>(explicit(0, version), 1),
  serialNumber: integer,
  signature: algorithmIdentifier,
  issuer: name,
  validity: sequence({ notBefore: anyTime, notAfter: anyTime }),
  subject: name,
  subjectPublicKeyInfo: withRaw(subjectPublicKeyInfo),
  issuerUniqueID: optional(implicit(1, bitString)),
  subjectUniqueID: optional(implicit(2, bitString)),
  extensions: optional(explicit(3, extensions)),
});

const certificate: Der<Certificate> = map(
  withRaw(sequence({
    tbsCertificate: withRaw(tbsCertificate),
    signatureAlgorithm: algorithmIdentifier,
    signatureValue: bitString,
  })),
  (
    { raw, value: { tbsCertificate: { raw: tbs, value }, signatureAlgorithm: outer, signatureValue } },
    fail,
  ) => {
    const { version, validity, subjectPublicKeyInfo: key, extensions } = value;
    if (!sameBytes(value.signature.raw, outer.raw)) fail("the two signature algorithms differ");
    if (signatureValue.unused > 0) fail("a signature that is no whole number of bytes");
    if (extensions && version < 3) fail(`version ${version} has no extensions`);
    if ((value.issuerUniqueID ?? value.subjectUniqueID) && version < 2) {
      fail("version 1 has no unique identifiers");
    }
    return {
      ...noExtensions,
      ...extensions?.understood,
      raw,
      tbs,
      version,
      serialNumber: value.serialNumber,
      signatureAlgorithm: signatureAlgorithm(outer),
      signature: signatureValue.bytes,
      issuer: value.issuer,
      subject: value.subject,
      notBefore: validity.notBefore,
      notAfter: validity.notAfter,
      publicKey: key.value,
      spki: key.raw,
      extensions: extensions?.all ?? [],
    };
  },
);

const noExtensions: Understood = {
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAltName: undefined,
  subjectKeyIdentifier: undefined,
  authorityKeyIdentifier: undefined,
  nameConstraints: undefined,
  certificatePolicies: undefined,
  policyMappings: undefined,
  policyConstraints: undefined,
  inhibitAnyPolicy: undefined,
  cRLDistributionPoints: undefined,
  freshestCRL: undefined,
  tlsFeature: undefined,
};
