/** The rules that a certificate can make costly. @module */
import { ExtensionType } from "../../names/extension_type.ts";
import { shortened } from "../../wire/printable.ts";
import { isSelfIssued } from "../certificate/certificate.ts";
import { isUnderstood } from "../certificate/extensions.ts";
import { oids } from "../der/oids.ts";
import { type GeneralName, printName } from "../names/general_name.ts";
import { parseIp } from "../names/ip_address.ts";
import { hostNames, matchesName } from "./host_name.ts";
import { violation } from "./name_constraints.ts";
import { policiesOf } from "./policies.ts";
import { type At, authority, everywhere, leaf, ofPeer, type Rule, signed } from "./rule.ts";
import { prices } from "./work.ts";

const NOTHING: ReadonlySet<number> = new Set();
const NO_POLICY: ReadonlyMap<string, ReadonlyArray<string>> = new Map();
/** The qualifiers of policies, which are for people to read (RFC 5280 §4.2.1.4). */
const qualifiers: ReadonlySet<string> = new Set([oids["id-qt-cps"], oids["id-qt-unotice"]]);

const featureName = (type: number): string => ExtensionType.nameOf(ExtensionType.of(type));

const purposesIn = ({ certificate: { extendedKeyUsage } }: At): number =>
  prices.member * (extendedKeyUsage?.length ?? 0);
const policiesIn = ({ certificate: { certificatePolicies, policyMappings } }: At): number =>
  prices.member * ((certificatePolicies?.size ?? 0) + (policyMappings?.length ?? 0));
const namesIn = ({ certificate: { subjectAltName, subject } }: At): number =>
  prices.name * ((subjectAltName?.length ?? 0) + subject.rdns.length);

/** The rules that a certificate can make costly. They are checked only when all signatures of the path are valid. */
export const costlyRules: ReadonlyArray<Rule> = [
  {
    rfc: "RFC 9525 §6",
    where: leaf,
    price: namesIn,
    broken: ({ certificate, criteria: { name, commonName = false } }) =>
      name === undefined || matchesName(certificate, name, commonName) ? undefined : [
        "name_mismatch",
        `it is for ${namesText(hostNames(certificate, commonName))}, not for ${wantedText(name)}`,
        matchesName(certificate, name, true) ? { commonName: true } : undefined,
      ],
  },
  {
    rfc: "RFC 5280 §4.2",
    where: everywhere,
    price: ({ certificate: { extensions } }) => prices.member * extensions.length,
    broken: ({ certificate: { extensions } }) => {
      const unknown = extensions.find(({ critical, oid }) => critical && !isUnderstood(oid));
      return unknown && ["unsupported", `it has the unknown critical extension ${unknown.oid}`];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.4",
    where: ({ certificate: { certificatePolicies } }) => certificatePolicies !== undefined,
    price: policiesIn,
    broken: ({ certificate: { extensions, certificatePolicies = NO_POLICY } }) => {
      const isCritical = extensions.some((one) => one.critical && one.oid === oids.certificatePolicies);
      const unknown = certificatePolicies.values().flatMap((ids) => ids).find((id) => !qualifiers.has(id));
      return isCritical && unknown !== undefined
        ? ["unsupported", `its critical certificatePolicies have the unknown qualifier ${unknown}`]
        : undefined;
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.5",
    where: authority,
    price: policiesIn,
    broken: ({ certificate: { policyMappings = [] } }) =>
      policyMappings.some((one) => Object.values(one).includes(oids.anyPolicy))
        ? ["invalid", "it maps anyPolicy"]
        : undefined,
  },
  {
    rfc: "RFC 5280 §6.1.5",
    where: (at) => leaf(at) && ofPeer(at),
    broken: ({ path, criteria, work }) => {
      const found = policiesOf(path, criteria, work);
      const { initialPolicies, requireExplicitPolicy } = criteria;
      return found?.isRequired && found.policies.length === 0
        ? [
          "no_valid_policy",
          `no certificate policy ${initialPolicies ? `of ${initialPolicies.join(", ")} ` : ""}` +
          "is valid for its whole path, and " +
          (requireExplicitPolicy ? "requireExplicitPolicy wants one" : "an authority above it demands one"),
        ]
        : undefined;
    },
  },
  {
    // Whether the server has a feature can be checked only where it is known what it answered.
    rfc: "RFC 7633 §4.1",
    where: leaf,
    price: ({ certificate: { extensions } }) => prices.member * extensions.length,
    broken: ({ certificate: { extensions, tlsFeature = [] }, criteria: { unanswered } }) => {
      const strange = [...tlsFeature].find((feature) => feature !== ExtensionType.status_request);
      const critical = extensions.some((one) => one.oid === oids.tlsFeature && one.critical);
      return critical && strange !== undefined && !unanswered
        ? ["unsupported", `it requires the TLS feature ${featureName(strange)}, which is not checked here`]
        : undefined;
    },
  },
  {
    // A stapled response is judged by itself.
    rfc: "RFC 7633 §4.2.3",
    where: (at) => leaf(at) && ofPeer(at),
    price: ({ certificate: { tlsFeature } }) => prices.member * (tlsFeature?.size ?? 0),
    broken: ({ certificate: { tlsFeature = [] }, criteria: { unanswered } }) => {
      const missing = [...tlsFeature].find((feature) =>
        feature !== ExtensionType.status_request && unanswered?.has(feature)
      );
      return missing === undefined
        ? undefined
        : ["invalid", `it requires the TLS feature ${featureName(missing)}, which its server does not offer`];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.9",
    where: authority,
    broken: ({ certificate: { basicConstraints }, path, index }) => {
      const below = path.slice(1, index).filter((one) => !isSelfIssued(one)).length;
      const { pathLength = Infinity } = basicConstraints ?? {};
      return below > pathLength
        ? ["invalid", `it allows ${pathLength} CAs below it, and there are ${below}`]
        : undefined;
    },
  },
  {
    // In a CA certificate, extendedKeyUsage restricts the certificates below. The RFC does not say so, but everybody
    // does it, also for a root.
    rfc: "RFC 5280 §4.2.1.12",
    where: ofPeer,
    price: purposesIn,
    broken: ({ certificate: { extendedKeyUsage }, criteria: { purpose } }) =>
      extendedKeyUsage?.some((oid) =>
          oid === oids[purpose as "serverAuth"] || oid === oids.anyExtendedKeyUsage
        ) ?? true
        ? undefined
        : ["wrong_usage", `its extendedKeyUsage does not allow ${purpose}`],
  },
  {
    // A responder's certificate must name OCSPSigning explicitly. Its issuer need not.
    rfc: "RFC 6960 §4.2.2.2",
    where: (at) => at.criteria.purpose === "OCSPSigning" && leaf(at),
    price: purposesIn,
    broken: ({ certificate: { extendedKeyUsage = [] } }) =>
      extendedKeyUsage.includes(oids.OCSPSigning)
        ? undefined
        : ["wrong_usage", "its extendedKeyUsage does not name OCSPSigning"],
  },
  {
    // A CA with this extension requires it of every certificate below.
    rfc: "RFC 7633 §4.2.2",
    where: (at) => ofPeer(at) && signed(at),
    price: ({ path, index }) => prices.member * (path[index + 1]!.tlsFeature?.size ?? 0),
    broken: ({ certificate: { tlsFeature = NOTHING }, path, index }) => {
      const [missing] = (path[index + 1]!.tlsFeature ?? NOTHING).difference(tlsFeature);
      return missing === undefined
        ? undefined
        : ["invalid", `it lacks the TLS feature ${featureName(missing)}, which its issuer requires`];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.10",
    // A CA that issues to itself, as in a key rollover, is not constrained.
    where: (at) => leaf(at) || !isSelfIssued(at.certificate),
    price: namesIn,
    broken: ({ certificate, path, index, work, criteria: { commonName = false } }) => {
      for (const { nameConstraints } of path.slice(index + 1)) {
        const found = nameConstraints &&
          violation(certificate, nameConstraints, work, commonName && index === 0);
        if (found) return [found.reason, found.detail];
      }
      return undefined;
    },
  },
];

/** How the kinds of host name are called. */
const kinds: Partial<Record<GeneralName["_tag"], string>> = {
  dNSName: "the DNS name",
  iPAddress: "the IP address",
};

/** At most three names: enough to see the mistake. */
const namesText = (all: ReadonlyArray<GeneralName>): string => {
  const names = all.filter(({ _tag }) => kinds[_tag] !== undefined);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.length
    ? names.slice(0, 3).map((name) => `${kinds[name._tag]} ${shortened(printName(name))}`).join(", ") + more
    : "no host name";
};

const wantedText = (name: string): string =>
  `${kinds[parseIp(name) ? "iPAddress" : "dNSName"]} ${JSON.stringify(name)}`;
