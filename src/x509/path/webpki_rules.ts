/**
 * The rules of browsers beyond RFC 5280: the Baseline Requirements of the CA/Browser Forum for TLS server certificates
 * (BR), as far as a certificate shows whether they are kept.
 *
 * @module
 */
import { NamedGroup } from "../../names/named_group.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Extension } from "../certificate/extensions.ts";
import { oids } from "../der/oids.ts";
import { parseIp } from "../names/ip_address.ts";
import { printName } from "../names/general_name.ts";
import { asciiName } from "./host_name.ts";
import { type At, authority, everywhere, leaf, type Rule, signed } from "./rule.ts";
import { prices } from "./work.ts";

const webpki = ({ criteria: { profile } }: At): boolean => profile === "webpki";
const both = (...where: ReadonlyArray<(at: At) => boolean>) => (at: At): boolean =>
  webpki(at) && where.every((one) => one(at));
const server = ({ criteria: { purpose } }: At): boolean => purpose === "serverAuth";

const listed = ({ certificate: { extensions, subjectAltName } }: At): number =>
  prices.member * (extensions.length + (subjectAltName?.length ?? 0));

const find = (extensions: ReadonlyArray<Extension>, oid: string): Extension | undefined =>
  extensions.find((one) => one.oid === oid);

const rules: ReadonlyArray<Rule> = [
  {
    rfc: "RFC 5280 §4.1.2.1",
    where: both(signed),
    broken: ({ certificate: { version } }) =>
      version < 3 ? ["invalid", `its version is ${version}, not 3`] : undefined,
  },
  {
    rfc: "RFC 5280 §4.1.2.2",
    where: both(everywhere),
    broken: ({ certificate: { serialNumber } }) =>
      serialNumber[0]! >= 0x80 || serialNumber.every((byte) => byte === 0) || serialNumber.length > 20
        ? ["invalid", "its serial number is not positive, or has more than 20 bytes"]
        : undefined,
  },
  {
    // BR §6.1.5: RSA of whole bytes, or the curves of NIST.
    rfc: "RFC 5280 §4.1.2.7",
    where: both(everywhere),
    broken: ({ certificate: { publicKey } }) =>
      publicKey._tag === "unsupported" || isOfBrowsers(publicKey)
        ? undefined
        : ["unsupported", `its key is of a kind that browsers do not take: ${kindOf(publicKey)}`],
  },
  {
    // A root may leave it out, and so may nobody else.
    rfc: "RFC 5280 §4.2.1.1",
    where: both(signed),
    broken: ({ certificate: { authorityKeyIdentifier } }) =>
      authorityKeyIdentifier?.keyIdentifier === undefined
        ? ["invalid", "it has no authorityKeyIdentifier with a key identifier"]
        : authorityKeyIdentifier.authorityCertIssuer ?? authorityKeyIdentifier.authorityCertSerialNumber
        ? ["invalid", "its authorityKeyIdentifier names an issuer or a serial number"]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.2.1.2",
    where: both(authority),
    broken: ({ certificate: { subjectKeyIdentifier } }) =>
      subjectKeyIdentifier ? undefined : ["invalid", "it is a CA without subjectKeyIdentifier"],
  },
  {
    rfc: "RFC 5280 §4.2",
    where: both(everywhere),
    price: listed,
    broken: ({ certificate: { extensions } }) => {
      const wrong = extensions.find(({ oid, critical }) => (criticality.get(oid) ?? critical) !== critical);
      return wrong &&
        ["invalid", `its extension ${wrong.oid} is ${wrong.critical ? "" : "not "}critical`];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.3",
    where: both(authority),
    broken: ({ certificate: { keyUsage } }) =>
      keyUsage ? undefined : ["invalid", "it is a CA without keyUsage"],
  },
  {
    rfc: "RFC 5280 §4.2.1.9",
    where: both(leaf),
    broken: ({ certificate: { basicConstraints } }) =>
      basicConstraints?.pathLength !== undefined && !basicConstraints.ca
        ? ["invalid", "it has a path length and is no CA"]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.2.1.10",
    where: both(leaf, signed),
    broken: ({ certificate: { nameConstraints } }) =>
      nameConstraints ? ["invalid", "it has name constraints and is no CA"] : undefined,
  },
  {
    rfc: "RFC 5280 §4.2.1.6",
    where: both(leaf, signed, server),
    price: listed,
    broken: ({ certificate: { extensions, subject } }) => {
      const names = find(extensions, oids.subjectAltName);
      return !names
        ? ["invalid", "it has no subjectAltName"]
        : names.critical === (subject.rdns.length > 0)
        ? [
          "invalid",
          "its subjectAltName is critical exactly where it has a subject, and must be where it has none",
        ]
        : undefined;
    },
  },
  {
    // BR §7.1.4.3: a common name repeats one of the names.
    rfc: "RFC 9525 §2",
    where: both(leaf, signed, server),
    price: listed,
    broken: ({ certificate: { subject, subjectAltName = [] } }) => {
      const names = new Set(subjectAltName.map((name) => printName(name).toLowerCase()));
      const other = subject.rdns.flat().find(({ type, text }) =>
        type === oids.commonName && !names.has(canonical(text ?? ""))
      );
      return other && ["invalid", "its common name is not among its subjectAltName"];
    },
  },
  {
    // BR §7.1.2.7.10: what a certificate is for is said.
    rfc: "RFC 5280 §4.2.1.12",
    where: both(leaf, signed, server),
    price: ({ certificate: { extendedKeyUsage = [] } }) => prices.member * extendedKeyUsage.length,
    broken: ({ certificate: { extendedKeyUsage } }) =>
      !extendedKeyUsage
        ? ["wrong_usage", "it has no extendedKeyUsage"]
        : extendedKeyUsage.includes(oids.anyExtendedKeyUsage)
        ? ["wrong_usage", "its extendedKeyUsage allows everything"]
        : undefined,
  },
  {
    // BR §7.1.2.1: a root is not restricted by purposes.
    rfc: "RFC 5280 §4.2.1.12",
    where: (at) => webpki(at) && authority(at) && !signed(at),
    broken: ({ certificate: { extendedKeyUsage } }) =>
      extendedKeyUsage ? ["wrong_usage", "it is a root with extendedKeyUsage"] : undefined,
  },
  {
    // BR §3.2.2.6: nobody owns all names below a public suffix.
    rfc: "RFC 9525 §6.3",
    where: both(leaf, server),
    price: listed,
    broken: ({ certificate: { subjectAltName = [] }, criteria: { isPublicSuffix } }) => {
      const wide = subjectAltName.find(({ _tag, value }) =>
        _tag === "dNSName" && value.startsWith("*.") && isPublicSuffix?.(value.slice(2).toLowerCase())
      );
      return wide && ["invalid", `its wildcard ${printName(wide)} stands for everybody's names`];
    },
  },
];

/** Which extensions must be critical, and which may not be. */
const criticality: ReadonlyMap<string, boolean> = new Map([
  [oids.authorityKeyIdentifier, false],
  [oids.subjectKeyIdentifier, false],
  [oids.basicConstraints, true],
  [oids.keyUsage, true],
  [oids.nameConstraints, true],
  [oids.policyConstraints, true],
  [oids.inhibitAnyPolicy, true],
  [oids.extendedKeyUsage, false],
  [oids.certificatePolicies, false],
]);

const nistGroups: ReadonlySet<NamedGroup> = new Set([
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
]);

const isOfBrowsers = (key: PublicKey): boolean =>
  key._tag === "rsa" ? key.modulus[0]! >= 0x80 : key._tag === "ecdsa" && nistGroups.has(key.group);

const kindOf = (key: PublicKey): string =>
  key._tag === "rsa" ? "RSA whose length is no whole number of bytes" : key._tag;

/** A common name as `printName` writes the same name. */
const canonical = (text: string): string => {
  const address = parseIp(text);
  return address ? printName({ _tag: "iPAddress", value: address }) : asciiName(text) ?? text;
};

/** The rules, which are checked when all signatures of the path are valid. Another profile lifts each of them. */
export const webpkiRules: ReadonlyArray<Rule> = rules.map((rule) => ({
  ...rule,
  broken: (at) => {
    const found = rule.broken(at);
    return found && [found[0], found[1], { profile: "rfc5280" }];
  },
}));
