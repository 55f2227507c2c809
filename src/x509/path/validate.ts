/** The rules for a certification path (RFC 5280 §6.1), as a table. @module */
import { Effect, Schema } from "../../deps.ts";
import type { CertificateReason } from "../../faults/errors/trust.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { ExtensionType } from "../../names/extension_type.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { decodeOption, flag, whole } from "../../options.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { Allowances, Verification } from "../../ports/trust.ts";
import { type Certificate, isSelfIssued } from "../certificate/certificate.ts";
import { isUnderstood } from "../certificate/extensions.ts";
import type { KeyUsage } from "../certificate/key_usage.ts";
import { oids } from "../der/oids.ts";
import type { SignatureAlgorithm } from "../keys/algorithms.ts";
import { type GeneralName, printName } from "../names/general_name.ts";
import { hostNames, matchesName } from "./host_name.ts";
import { violation } from "./name_constraints.ts";
import { prices, type Work } from "./work.ts";

const allowances: Schema.Schema<Allowances> = Schema.Struct({
  minimumRsaBits: Schema.optional(whole(0)),
  sha1: Schema.optional(flag),
  commonName: Schema.optional(flag),
});

/** Decodes allowances. Fails with InvalidOption for one of the wrong type. */
export const decodeAllowances = decodeOption(allowances, "allowances");

/** The criteria that a path must meet. */
export interface Criteria extends Allowances {
  /** The time of the check, in seconds since the epoch. */
  readonly time: number;
  /** The name that the leaf must be valid for; `undefined` for any. */
  readonly name: string | undefined;
  readonly purpose: Verification["purpose"] | "OCSPSigning";
}

/** A certification path: the leaf first, the trust anchor last. A trusted leaf is alone in its path. */
export type Path = ReadonlyArray<Certificate>;

/**
 * The first of the given rules that a path breaks, from the leaf up. Signatures are not checked here. Gives no answer
 * when `work` is spent; the caller must check for that.
 */
export const brokenRule = Effect.fnUntraced(
  function* (
    rules: ReadonlyArray<Rule>,
    path: Path,
    criteria: Criteria,
    work: Work,
  ): Effect.fn.Return<CertificateError | undefined> {
    for (const [index, certificate] of path.entries()) {
      const at: At = { path, index, certificate, criteria, work };
      if (!work.draw(prices.rules)) return undefined;
      for (const { rfc, where, price, broken } of rules) {
        if (!where(at)) continue;
        if (price && !work.draw(price(at))) return undefined;
        const found = broken(at);
        if (work.spent) return undefined;
        if (found) {
          const [reason, detail] = found;
          return new CertificateError({ reason, index, subject: certificate.subject.text, detail, rfc });
        }
      }
      yield* work.pause;
    }
    return undefined;
  },
);

/** A certificate and its place in the path. */
interface At {
  readonly path: Path;
  readonly index: number;
  readonly certificate: Certificate;
  readonly criteria: Criteria;
  readonly work: Work;
}

/** A rule: one row of a table. */
export interface Rule {
  readonly rfc: string;
  /** Whether the rule applies to a certificate of the path. */
  readonly where: (at: At) => boolean;
  /** The cost of the rule, where a certificate can make it arbitrarily high. */
  readonly price?: (at: At) => number;
  readonly broken: (at: At) => Broken | undefined;
}

/** Why a rule is broken: the reason and its description. */
type Broken = readonly [CertificateReason, string];

const everywhere = () => true;
const leaf = ({ index }: At) => index === 0;
const authority = ({ index }: At) => index > 0;
/** Whether the certificate's signature is checked. A trust anchor's own signature proves nothing. */
const signed = ({ index, path }: At) => index < path.length - 1;

/** The rules for the algorithm of a signature, in certificates and OCSP responses. */
export const signatureRules: ReadonlyArray<{
  readonly rfc: string;
  readonly broken: (algorithm: SignatureAlgorithm, allowances: Allowances) => Broken | undefined;
}> = [
  {
    rfc: "RFC 5280 §4.1.1.2",
    broken: ({ scheme, oid }) =>
      scheme === undefined ? ["unsupported", `its signature algorithm ${oid} is unknown`] : undefined,
  },
  {
    rfc: "RFC 9155 §2",
    broken: ({ scheme }, { sha1 = false }) =>
      scheme !== undefined && (md5Schemes.has(scheme) || !sha1 && sha1Schemes.has(scheme))
        ? ["invalid", `its signature ${SignatureScheme.nameOf(scheme)} uses a broken hash function`]
        : undefined,
  },
];

const NOTHING: ReadonlySet<number> = new Set();

const purposesIn = ({ certificate: { extendedKeyUsage } }: At): number =>
  prices.member * (extendedKeyUsage?.length ?? 0);
const namesIn = ({ certificate: { subjectAltName, subject } }: At): number =>
  prices.name * ((subjectAltName?.length ?? 0) + subject.rdns.length);

/**
 * The rules that cost next to nothing for any certificate; they are checked before signatures. Trust anchors are
 * checked against their own constraints, too, as in other implementations: an expiry date or constraint in a trust
 * anchor was put there on purpose (RFC 5937).
 */
export const cheapRules: ReadonlyArray<Rule> = [
  {
    rfc: "RFC 5280 §4.1.2.5",
    where: everywhere,
    broken: ({ certificate: { notBefore, notAfter }, criteria: { time } }) =>
      time < notBefore
        ? ["not_yet_valid", `it is not valid before ${dateText(notBefore)}`]
        : time > notAfter
        ? ["expired", `it expired on ${dateText(notAfter)}`]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.1.2.7",
    where: everywhere,
    broken: ({ certificate: { publicKey }, criteria: { minimumRsaBits = 2048 } }) =>
      publicKey._tag === "unsupported"
        ? ["unsupported", publicKey.detail]
        : bitsOf(publicKey) < minimumRsaBits
        ? ["invalid", `its RSA key has ${bitsOf(publicKey)} bits, fewer than ${minimumRsaBits}`]
        : undefined,
  },
  ...signatureRules.map(({ rfc, broken }): Rule => ({
    rfc,
    where: signed,
    broken: ({ certificate, criteria }) => broken(certificate.signatureAlgorithm, criteria),
  })),
  {
    rfc: "RFC 5280 §4.1.2.4",
    where: signed,
    broken: ({ certificate: { issuer } }) =>
      issuer.rdns.length === 0 ? ["invalid", "it does not name its issuer"] : undefined,
  },
  {
    // The RFC allows a CA certificate as a host's, but nobody intends that. One that is itself trusted is accepted.
    rfc: "RFC 5280 §4.2.1.9",
    where: (at) => leaf(at) && signed(at),
    broken: ({ certificate: { basicConstraints } }) =>
      basicConstraints?.ca
        ? ["ca_as_leaf", "it is a CA certificate, not one for a server or a client"]
        : undefined,
  },
  {
    rfc: "RFC 5280 §4.2.1.9",
    where: authority,
    broken: (at) => {
      const { certificate: { version, basicConstraints } } = at;
      // Old root certificates have version 1, which cannot say that they are CAs.
      const ca = basicConstraints?.ca ?? (!signed(at) && version < 3);
      return ca ? undefined : ["invalid", "it signed a certificate but is not a CA"];
    },
  },
  {
    rfc: "RFC 5280 §4.2.1.3",
    where: authority,
    broken: ({ certificate: { keyUsage } }) =>
      keyUsage?.has("keyCertSign") ?? true
        ? undefined
        : ["wrong_usage", "its keyUsage does not allow keyCertSign"],
  },
  {
    // Which keyUsage a server needs depends on the cipher suite, so the handshake checks it.
    rfc: "RFC 5280 §4.2.1.3",
    where: leaf,
    broken: ({ certificate: { keyUsage }, criteria: { purpose } }) => {
      const wanted = signing[purpose];
      return !keyUsage || !wanted.length || wanted.some((usage) => keyUsage.has(usage))
        ? undefined
        : ["wrong_usage", `its keyUsage does not allow ${wanted.join(" or ")}`];
    },
  },
];

/** The rules that a certificate can make costly. They are checked only when all signatures of the path are valid. */
export const costlyRules: ReadonlyArray<Rule> = [
  {
    rfc: "RFC 9525 §6",
    where: leaf,
    price: namesIn,
    broken: ({ certificate, criteria: { name, commonName = false } }) =>
      name === undefined || matchesName(certificate, name, commonName) ? undefined : [
        "name_mismatch",
        `it is for ${namesText(hostNames(certificate, commonName))}, not for ${JSON.stringify(name)}`,
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
    // Of the TLS features that a certificate can require, only status_request can be checked here.
    rfc: "RFC 7633 §4.1",
    where: leaf,
    price: ({ certificate: { extensions } }) => prices.member * extensions.length,
    broken: ({ certificate: { extensions, tlsFeature = [] } }) => {
      const [strange] = [...tlsFeature].filter((feature) => feature !== ExtensionType.status_request);
      const critical = extensions.some((one) => one.oid === oids.tlsFeature && one.critical);
      return critical && strange !== undefined
        ? ["unsupported", `it requires the unknown TLS feature ${strange}`]
        : undefined;
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
    // does it. Trust anchors are exempt.
    rfc: "RFC 5280 §4.2.1.12",
    where: (at) => at.criteria.purpose !== "OCSPSigning" && (leaf(at) || signed(at)),
    price: purposesIn,
    broken: ({ certificate: { extendedKeyUsage }, criteria: { purpose } }) =>
      extendedKeyUsage?.some((oid) => oid === oids[purpose] || oid === oids.anyExtendedKeyUsage) ?? true
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
    where: (at) => at.criteria.purpose !== "OCSPSigning" && signed(at),
    price: ({ path, index }) => prices.member * (path[index + 1]!.tlsFeature?.size ?? 0),
    broken: ({ certificate: { tlsFeature = NOTHING }, path, index }) => {
      const [missing] = (path[index + 1]!.tlsFeature ?? NOTHING).difference(tlsFeature);
      return missing === undefined
        ? undefined
        : ["invalid", `it lacks the TLS feature ${missing}, which its issuer requires`];
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

/** The bits of keyUsage of which a leaf needs at least one, if it has keyUsage. */
const signing: Readonly<Record<Criteria["purpose"], ReadonlyArray<KeyUsage>>> = {
  serverAuth: [],
  clientAuth: ["digitalSignature"],
  OCSPSigning: ["digitalSignature", "nonRepudiation"],
};

const md5Schemes: ReadonlySet<SignatureScheme> = new Set([SignatureScheme.rsa_pkcs1_md5]);
const sha1Schemes: ReadonlySet<SignatureScheme> = new Set([
  SignatureScheme.rsa_pkcs1_sha1,
  SignatureScheme.ecdsa_sha1,
]);

/** The length of an RSA modulus in bits. Other keys are on supported curves, none of which is weak. */
const bitsOf = (key: PublicKey): number =>
  key._tag === "rsa" || key._tag === "rsa_pss"
    ? 8 * key.modulus.length - Math.clz32(key.modulus[0]!) + 24
    : Infinity;

/** Seconds since the epoch as text. Years reach 9999 (RFC 5280 §4.1.2.5), which Date supports. */
export const dateText = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace(".000", "");

/** At most three names: enough to see the mistake. */
const namesText = (all: ReadonlyArray<GeneralName>): string => {
  const names = all.filter(({ _tag }) => _tag === "dNSName" || _tag === "iPAddress");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return names.length ? names.slice(0, 3).map(printName).join(", ") + more : "no host name";
};
