/** Name constraints (RFC 5280 §4.2.1.10, §6.1.4): what a CA may name. @module */
import type { Bytes } from "../wire/bytes.ts";
import type { Certificate } from "./certificate.ts";
import { type DistinguishedName, isBelow } from "./distinguished_name.ts";
import type { NameConstraints } from "./extensions.ts";
import { type GeneralName, printName } from "./general_name.ts";
import { hostNames, isDnsName } from "./names.ts";
import { oids } from "./oids.ts";

/** Why a certificate is not what the constraints above it allow. */
export interface Violation {
  /** `unsupported`: the constraint is on a form of name that is not judged here. */
  readonly reason: "name_not_permitted" | "invalid" | "unsupported";
  readonly detail: string;
}

/**
 * Checks the names of one certificate against the constraints of one CA above it; its common name too, where that is
 * to count as a host's.
 */
export const violation = (
  certificate: Certificate,
  { permitted, excluded }: NameConstraints,
  budget: { comparisons: number },
  commonName = false,
): Violation | undefined => {
  const names = namesOf(certificate, commonName);
  // Certificates can make this as long as they like; nobody's honest ones come near the end of the budget.
  budget.comparisons -= names.length * (permitted.length + excluded.length);
  if (budget.comparisons < 0) {
    return { reason: "invalid", detail: "too many names and constraints to compare" };
  }
  for (const name of names) {
    const [allowed, forbidden] = [permitted, excluded].map((bases) =>
      bases.filter((b) => b._tag === name._tag)
    );
    if (!allowed!.length && !forbidden!.length) continue;
    const form = forms[name._tag];
    // All of one form by the filter above.
    const value = name.value as never;
    if (!form) return { reason: "unsupported", detail: `name constraints of the form ${name._tag}` };
    const broken = [...allowed!, ...forbidden!].some((base) => !form.isBase(base.value as never)) ||
      !form.isName(value);
    if (broken) return { reason: "invalid", detail: `a malformed ${name._tag} under name constraints` };
    if (forbidden!.some((base) => form.touches(value, base.value as never))) {
      return { reason: "name_not_permitted", detail: `a CA above excludes the name ${printName(name)}` };
    }
    if (allowed!.length && !allowed!.some((base) => form.within(value, base.value as never))) {
      return { reason: "name_not_permitted", detail: `no CA above permits the name ${printName(name)}` };
    }
  }
  return undefined;
};

/** All names of a certificate: its subject, its e-mail addresses of old, and its subjectAltName. */
const namesOf = (certificate: Certificate, commonName: boolean): ReadonlyArray<GeneralName> => {
  const { subject } = certificate;
  const subjectAltName = hostNames(certificate, commonName);
  const emails = subjectAltName.some((n) => n._tag === "rfc822Name") ? [] : subject.rdns.flat()
    .filter((attribute) => attribute.type === oids.emailAddress)
    .map((attribute): GeneralName => ({ _tag: "rfc822Name", value: attribute.text ?? "" }));
  const named: ReadonlyArray<GeneralName> = subject.rdns.length
    ? [{ _tag: "directoryName", value: subject }]
    : [];
  return [...named, ...subjectAltName, ...emails];
};

/** How names of one form are judged. */
interface Form<A> {
  readonly isName: (name: A) => boolean;
  readonly isBase: (base: A) => boolean;
  /** All that the name stands for lies in the subtree. */
  readonly within: (name: A, base: A) => boolean;
  /** Some that the name stands for lies in the subtree: a wildcard stands for many. */
  readonly touches: (name: A, base: A) => boolean;
}

const directoryName: Form<DistinguishedName> = {
  isName: () => true,
  isBase: () => true,
  within: isBelow,
  touches: isBelow,
};

const belowHost = (name: string, base: string): boolean => {
  const [lower, below] = [name.toLowerCase(), base.toLowerCase()];
  // With a dot in front, which the RFC does not know but CAs write, it is what lies below alone.
  return below === "" || lower === below || lower.endsWith(below.startsWith(".") ? below : `.${below}`);
};

const dNSName: Form<string> = {
  isName: (name) => isDnsName(name, true),
  isBase: (base) => base === "" || isDnsName(base.replace(/^\./, "")),
  within: belowHost,
  // `*.example.com` may be `secret.example.com`, whatever lies below that it is not.
  touches: (name, base) =>
    belowHost(name, base) ||
    name.startsWith("*.") && belowHost(base, name.slice(2)) &&
      base.split(".").length === name.split(".").length,
};

/** An address and its mask, one after another; a mask is ones and then zeros (RFC 4632 §3.1). */
const iPAddress: Form<Bytes> = {
  isName: ({ length }) => length === 4 || length === 16,
  isBase: (base) => {
    const mask = base.subarray(base.length / 2);
    const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, "0")).join("");
    return (base.length === 8 || base.length === 32) && !bits.includes("01");
  },
  within: (name, base) =>
    base.length === 2 * name.length &&
    name.every((byte, i) => ((byte ^ base[i]!) & base[name.length + i]!) === 0),
  touches: (name, base) => iPAddress.within(name, base),
};

/** The forms that are judged. Each is given values of its own form alone. */
const forms: Partial<Record<GeneralName["_tag"], Form<never>>> = { directoryName, dNSName, iPAddress };
