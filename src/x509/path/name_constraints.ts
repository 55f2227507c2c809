/** Name constraints (RFC 5280 §4.2.1.10, §6.1.4): which names a CA may certify. @module */
import type { Certificate } from "../certificate/certificate.ts";
import type { NameConstraints } from "../certificate/extensions.ts";
import { oids } from "../der/oids.ts";
import { smtpUtf8Mailbox } from "../names/other_name.ts";
import { type GeneralName, printName } from "../names/general_name.ts";
import { shortened } from "../../wire/printable.ts";
import { hostNames } from "./host_name.ts";
import { type Form, forms } from "./name_forms.ts";
import { prices, type Work } from "./work.ts";

/** Why a certificate violates the name constraints of a CA above it. */
export interface Violation {
  /** The reason. `unsupported` means a constraint on a form of name that is not supported. */
  readonly reason: "name_not_permitted" | "invalid" | "unsupported";
  readonly detail: string;
}

/**
 * Checks the names of a certificate against the name constraints of one CA above it; with `commonName`, its common
 * name too. The work can be as long as a certificate makes it, so checking stops when `work` is spent; the caller
 * must check for that.
 */
export const violation = (
  certificate: Certificate,
  constraints: NameConstraints,
  work: Work,
  commonName = false,
): Violation | undefined => {
  const groups = ready(constraints, work);
  for (const name of namesOf(certificate, commonName)) {
    const group = groups.get(name._tag);
    if (!group) continue;
    if (!work.draw(prices.name + prices.comparison * group.weight)) return undefined;
    const { form, permitted, excluded } = group;
    if (!form) {
      return { reason: "unsupported", detail: `name constraints on the unsupported form ${name._tag}` };
    }
    const value = group.broken ? undefined : form.name(name.value);
    if (value === undefined) {
      return { reason: "invalid", detail: `a malformed ${name._tag} under name constraints` };
    }
    if (excluded.some((base) => form.touches(value, base))) {
      return {
        reason: "name_not_permitted",
        detail: `a CA above excludes the name ${shortened(printName(name))}`,
      };
    }
    if (permitted.length && !permitted.some((base) => form.within(value, base))) {
      return {
        reason: "name_not_permitted",
        detail: `no CA above permits the name ${shortened(printName(name))}`,
      };
    }
  }
  return undefined;
};

/** A CA's constraints on one form of name, prepared for comparison. */
interface Group {
  /** How the form is compared; `undefined` when it is not supported. */
  readonly form: Form | undefined;
  readonly permitted: Array<unknown>;
  readonly excluded: Array<unknown>;
  /** Whether a base is malformed. */
  broken: boolean;
  /** The size of all bases, in units of 64 bytes: the cost of checking one name. */
  weight: number;
}
type Groups = ReadonlyMap<GeneralName["_tag"], Group>;

/** Groups a CA's constraints by form of name, so that each base is prepared once rather than for each name. */
const ready = (constraints: NameConstraints, work: Work): Groups => {
  const known = made.get(constraints);
  if (known) return known;
  const groups = new Map<GeneralName["_tag"], Group>();
  for (const kind of ["permitted", "excluded"] as const) {
    for (const { _tag, value } of constraints[kind]) {
      if (!work.draw(prices.name)) return groups;
      const form = forms[_tag];
      const group = groups.get(_tag) ?? { form, permitted: [], excluded: [], broken: false, weight: 0 };
      groups.set(_tag, group);
      const base = form?.base(value);
      if (base === undefined) group.broken = true;
      else group[kind].push(base);
      group.weight += 1 + (typeof value === "object" && "raw" in value ? value.raw : value).length / 64;
    }
  }
  made.set(constraints, groups);
  return groups;
};

const made = new WeakMap<NameConstraints, Groups>();

/** All names of a certificate: its subject, its subjectAltName, and e-mail addresses in the subject. */
const namesOf = (certificate: Certificate, commonName: boolean): ReadonlyArray<GeneralName> => {
  const { subject } = certificate;
  const subjectAltName = hostNames(certificate, commonName);
  const emails = subjectAltName.some((n) => n._tag === "rfc822Name") ? [] : subject.rdns.flat()
    .filter((attribute) => attribute.type === oids.emailAddress)
    .map((attribute): GeneralName => ({ _tag: "rfc822Name", value: attribute.text ?? "" }));
  const named: ReadonlyArray<GeneralName> = subject.rdns.length
    ? [{ _tag: "directoryName", value: subject }]
    : [];
  return [...named, ...subjectAltName.flatMap(alsoMailbox), ...emails];
};

/** An internationalized mailbox counts as an e-mail address, too; a malformed one as an address that no base takes. */
const alsoMailbox = (one: GeneralName): ReadonlyArray<GeneralName> => {
  const mailbox = one._tag === "otherName" ? smtpUtf8Mailbox(one.value) : undefined;
  return mailbox === undefined ? [one] : [one, { _tag: "rfc822Name", value: mailbox }];
};
