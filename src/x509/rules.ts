/** The rules that one certificate of a path holds to, as tables (RFC 5280 §6.1, RFC 9525, RFC 9325). @module */
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { CertificateReason } from "../services/verifier.ts";
import type { Certificate } from "./certificate.ts";
import { isUnderstood } from "./extensions.ts";
import { printName } from "./general_name.ts";
import type { KeyUsage } from "./key_usage.ts";
import { matchesName } from "./names.ts";
import { oids } from "./oids.ts";

/** Rules that are a matter of taste. */
export interface Strength {
  /** The least length of an RSA modulus in bits. */
  readonly minimumRsaBits: number;
  /** Whether signatures over SHA-1 count; those over MD5 never do. */
  readonly sha1: boolean;
}

/** What RFC 9325 §4.5 asks for. */
export const defaultStrength: Strength = { minimumRsaBits: 2048, sha1: false };

/** What a path is judged by. */
export interface Judgement extends Strength {
  /** Seconds since the epoch. */
  readonly time: number;
  /** The host name or IP address that the leaf must be for, if any. */
  readonly name: string | undefined;
  readonly purpose: "serverAuth" | "clientAuth";
}

/** What a certificate is in its path; an anchor is trusted, so that nobody asks who signed it. */
export type Role = "leaf" | "trustedLeaf" | "authority" | "anchor";

/** A rule that is broken. */
export interface Broken {
  readonly reason: CertificateReason;
  readonly rfc: string;
  readonly detail: string;
}

/** The first rule for its role that the certificate breaks. */
export const brokenRule = (
  role: Role,
  certificate: Certificate,
  judgement: Judgement,
): Broken | undefined => {
  for (const { reason, rfc, broken } of rulesOf[role]) {
    const detail = broken(certificate, judgement);
    if (detail) return { reason, rfc, detail };
  }
  return undefined;
};

interface Rule {
  readonly reason: CertificateReason;
  readonly rfc: string;
  /** What is wrong, in a sentence; nothing where the rule holds. */
  readonly broken: (certificate: Certificate, judgement: Judgement) => string | false | undefined;
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19) + "Z";

const everyRule: ReadonlyArray<Rule> = [
  {
    reason: "not_yet_valid",
    rfc: "RFC 5280 §6.1.3",
    broken: ({ notBefore }, { time }) =>
      time < notBefore && `is not valid before ${date(notBefore)}, and it is ${date(time)}`,
  },
  {
    reason: "expired",
    rfc: "RFC 5280 §6.1.3",
    broken: ({ notAfter }, { time }) =>
      time > notAfter && `expired at ${date(notAfter)}, and it is ${date(time)}`,
  },
  {
    reason: "unsupported",
    rfc: "RFC 5280 §4.2",
    broken: ({ extensions }) => {
      const unknown = extensions.find(({ critical, oid }) => critical && !isUnderstood(oid));
      return unknown && `has a critical extension that is not understood: ${unknown.oid}`;
    },
  },
  {
    reason: "unsupported",
    rfc: "RFC 5280 §4.1.2.7",
    broken: ({ publicKey }) => publicKey._tag === "unsupported" && publicKey.detail,
  },
  {
    reason: "invalid",
    rfc: "RFC 9325 §4.5",
    broken: ({ publicKey }, { minimumRsaBits }) => {
      if (publicKey._tag !== "rsa" && publicKey._tag !== "rsa_pss") return false;
      const bits = 8 * publicKey.modulus.length - Math.clz32(publicKey.modulus[0]!) + 24;
      return bits < minimumRsaBits && `has an RSA key of ${bits} bits, fewer than ${minimumRsaBits}`;
    },
  },
  {
    reason: "wrong_usage",
    rfc: "RFC 5280 §4.2.1.12",
    broken: ({ extendedKeyUsage }, { purpose }) =>
      extendedKeyUsage && !extendedKeyUsage.includes(oids[purpose]) &&
      !extendedKeyUsage.includes(oids.anyExtendedKeyUsage) && `is not for ${purpose}`,
  },
];

const signedRules: ReadonlyArray<Rule> = [
  {
    reason: "unsupported",
    rfc: "RFC 5280 §4.1.1.2",
    broken: ({ signatureAlgorithm: { oid, scheme } }) =>
      scheme === undefined && `the signature algorithm ${oid} is unknown`,
  },
  {
    reason: "invalid",
    rfc: "RFC 9325 §4.5",
    broken: ({ signatureAlgorithm: { scheme } }) =>
      scheme === SignatureScheme.rsa_pkcs1_md5 && "is signed over MD5, which is broken (RFC 6151)",
  },
  {
    reason: "invalid",
    rfc: "RFC 9325 §4.5",
    broken: ({ signatureAlgorithm: { scheme } }, { sha1 }) =>
      !sha1 && (scheme === SignatureScheme.rsa_pkcs1_sha1 || scheme === SignatureScheme.ecdsa_sha1) &&
      "is signed over SHA-1, which is broken",
  },
];

const leafRules: ReadonlyArray<Rule> = [
  {
    reason: "wrong_usage",
    rfc: "RFC 5280 §4.2.1.3",
    broken: ({ keyUsage }, { purpose }) =>
      keyUsage && !leafUsages[purpose].some((usage) => keyUsage.has(usage)) &&
      `keyUsage allows none of ${leafUsages[purpose].join(", ")}`,
  },
  {
    reason: "name_mismatch",
    rfc: "RFC 9525 §6",
    broken: (certificate, { name }) =>
      name !== undefined && !matchesName(certificate, name) &&
      `is not for ${JSON.stringify(name)}: ${presented(certificate)}`,
  },
];

const authorityRule: Rule = {
  reason: "invalid",
  rfc: "RFC 5280 §6.1.4",
  broken: ({ basicConstraints }) => !basicConstraints?.ca && "is no CA, and issued the one before it",
};

const signingRule: Rule = {
  reason: "wrong_usage",
  rfc: "RFC 5280 §6.1.4",
  broken: ({ keyUsage }) =>
    keyUsage && !keyUsage.has("keyCertSign") && "is a CA whose keyUsage lacks keyCertSign",
};

/** An anchor of before version 3 cannot say that it is a CA; somebody else said so. */
const anchorRule: Rule = {
  ...authorityRule,
  broken: (certificate, judgement) =>
    certificate.version === 3 && authorityRule.broken(certificate, judgement),
};

const rulesOf: Record<Role, ReadonlyArray<Rule>> = {
  leaf: [...everyRule, ...signedRules, ...leafRules],
  trustedLeaf: [...everyRule, ...leafRules],
  authority: [...everyRule, ...signedRules, authorityRule, signingRule],
  anchor: [...everyRule, anchorRule, signingRule],
};

/** RFC 5280 §4.2.1.12: the key usages that go with a purpose; which of them, the key exchange decides. */
const leafUsages: Record<Judgement["purpose"], ReadonlyArray<KeyUsage>> = {
  serverAuth: ["digitalSignature", "keyEncipherment", "keyAgreement"],
  clientAuth: ["digitalSignature", "keyAgreement"],
};

const presented = ({ subjectAltName }: Certificate): string => {
  const names = (subjectAltName ?? []).filter((n) => n._tag === "dNSName" || n._tag === "iPAddress").map(
    printName,
  );
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return names.length
    ? `its names are ${names.slice(0, 5).join(", ")}${more}`
    : "it has no subjectAltName for hosts";
};
