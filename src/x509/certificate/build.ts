/** Builds certificates (RFC 5280 §4.1). Signing them is left to the caller. @module */
import { ascii, type Bytes } from "../../wire/bytes.ts";
import { oids } from "../der/oids.ts";
import * as Der from "../der/writer.ts";
import { parseIp } from "../names/ip_address.ts";
import { bitsOf, type KeyUsage } from "./key_usage.ts";

/** The parts of a certificate. Each byte string is DER already. */
export interface ToBeSigned {
  readonly serialNumber: Bytes;
  /** The AlgorithmIdentifier of the signature. */
  readonly signature: Bytes;
  readonly issuer: Bytes;
  /** The start of the validity, in seconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: Bytes;
  readonly subjectPublicKeyInfo: Bytes;
  /** The extensions. Without any, the certificate has version 1. */
  readonly extensions: ReadonlyArray<Bytes>;
}

/** `TBSCertificate` (RFC 5280 §4.1.2). */
export const tbsCertificate = (parts: ToBeSigned): Bytes => {
  const { extensions } = parts;
  return Der.sequence(
    ...(extensions.length ? [Der.explicit(0, Der.integer(2))] : []),
    Der.integer(parts.serialNumber),
    parts.signature,
    parts.issuer,
    Der.sequence(Der.time(parts.notBefore), Der.time(parts.notAfter)),
    parts.subject,
    parts.subjectPublicKeyInfo,
    ...(extensions.length ? [Der.explicit(3, Der.sequence(...extensions))] : []),
  );
};

/** `Certificate` (RFC 5280 §4.1.1). */
export const certificate = (tbs: Bytes, signatureAlgorithm: Bytes, signature: Bytes): Bytes =>
  Der.sequence(tbs, signatureAlgorithm, Der.bitString(signature));

/** `Name` (RFC 5280 §4.1.2.4): attributes in the given order, each in an RDN of its own. */
export const distinguishedName = (attributes: Partial<Record<keyof typeof oids, string>>): Bytes =>
  Der.sequence(
    ...Object.entries(attributes).map(([type, value]) =>
      Der.set(Der.sequence(
        Der.objectIdentifier(oids[type as keyof typeof oids]),
        (stringTypes[type] ?? Der.utf8String)(value),
      ))
    ),
  );

/** The attributes that are no DirectoryString (RFC 5280 §A.1). */
const stringTypes: Readonly<Record<string, (text: string) => Bytes>> = {
  countryName: Der.printableString,
  emailAddress: Der.ia5String,
  domainComponent: Der.ia5String,
};

/** `Extension` (RFC 5280 §4.1). `value` is the content of its OCTET STRING. */
export const extension = (oid: string, value: Bytes, critical = false): Bytes =>
  Der.sequence(
    Der.objectIdentifier(oid),
    ...(critical ? [Der.boolean(true)] : []),
    Der.octetString(value),
  );

/** `BasicConstraints` (RFC 5280 §4.2.1.9), critical. */
export const basicConstraints = (ca: boolean, pathLength?: number): Bytes =>
  extension(
    oids.basicConstraints,
    Der.sequence(
      ...(ca ? [Der.boolean(true)] : []),
      ...(pathLength === undefined ? [] : [Der.integer(pathLength)]),
    ),
    true,
  );

/** `KeyUsage` (RFC 5280 §4.2.1.3), critical. */
export const keyUsage = (usages: Iterable<KeyUsage>): Bytes => {
  const { bytes, unused } = bitsOf(usages);
  return extension(oids.keyUsage, Der.bitString(bytes, unused), true);
};

/** `ExtKeyUsageSyntax` (RFC 5280 §4.2.1.12). */
export const extendedKeyUsage = (purposes: ReadonlyArray<string>, critical = false): Bytes =>
  extension(oids.extendedKeyUsage, Der.sequence(...purposes.map(Der.objectIdentifier)), critical);

/** `SubjectAltName` (RFC 5280 §4.2.1.6): an iPAddress for each IP address, a dNSName for anything else. */
export const subjectAltName = (names: ReadonlyArray<string>, critical = false): Bytes =>
  extension(oids.subjectAltName, Der.sequence(...names.map(generalName)), critical);

/** `SubjectKeyIdentifier` (RFC 5280 §4.2.1.2). */
export const subjectKeyIdentifier = (id: Bytes): Bytes =>
  extension(oids.subjectKeyIdentifier, Der.octetString(id));

/** `AuthorityKeyIdentifier` (RFC 5280 §4.2.1.1). */
export const authorityKeyIdentifier = (id: Bytes): Bytes =>
  extension(oids.authorityKeyIdentifier, Der.sequence(Der.context(0, id)));

const generalName = (name: string): Bytes => {
  const address = parseIp(name);
  return address ? Der.context(7, address) : Der.context(2, ascii(name));
};
