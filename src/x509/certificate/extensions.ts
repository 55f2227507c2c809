/** The supported certificate extensions, declared as in their RFCs (RFC 5280 §4.2.1, RFC 7633). @module */
import type { Bytes } from "../../wire/bytes.ts";
import {
  any,
  type Der,
  Fault,
  implicit,
  map,
  optional,
  type Reader,
  sequence,
  sequenceOf,
  type TypeOf,
  withDefault,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { bitString, boolean, count, countOf, integer, objectIdentifier, octetString } from "../der/types.ts";
import { distributionPoints } from "../names/distribution_point.ts";
import { generalName } from "../names/general_name.ts";
import { usagesOf } from "./key_usage.ts";

/** `GeneralSubtrees` (RFC 5280 §4.2.1.10): minimum is always 0 and so left out, maximum is absent. */
const subtrees = sequenceOf(map(sequence({ base: generalName }), ({ base }) => base));

/** `AuthorityKeyIdentifier` (RFC 5280 §4.2.1.1, §5.2.1). */
export const authorityKeyIdentifier = sequence({
  keyIdentifier: optional(implicit(0, octetString)),
  authorityCertIssuer: optional(implicit(1, sequenceOf(generalName))),
  authorityCertSerialNumber: optional(implicit(2, integer)),
});

/** Declarations of extensions, by their names. */
type Declarations = Partial<Record<keyof typeof oids, Der<unknown>>>;

/** The declarations, by the name of the extension's member in `Certificate`. */
const declarations = {
  basicConstraints: sequence({ ca: withDefault(boolean, false), pathLength: optional(count) }),
  keyUsage: map(bitString, ({ bytes }) => usagesOf(bytes)),
  extendedKeyUsage: sequenceOf(objectIdentifier),
  subjectAltName: sequenceOf(generalName),
  subjectKeyIdentifier: octetString,
  authorityKeyIdentifier,
  nameConstraints: map(
    sequence({ permitted: optional(implicit(0, subtrees)), excluded: optional(implicit(1, subtrees)) }),
    ({ permitted = [], excluded = [] }, fail) =>
      permitted.length + excluded.length > 0 ? { permitted, excluded } : fail("no subtree"),
  ),
  certificatePolicies: map(
    sequenceOf(sequence({
      policy: objectIdentifier,
      qualifiers: withDefault(sequenceOf(sequence({ id: objectIdentifier, qualifier: any })), []),
    })),
    (list, fail): ReadonlyMap<string, ReadonlyArray<string>> => {
      const byPolicy = new Map(
        list.map(({ policy, qualifiers }) => [policy, qualifiers.map(({ id }) => id)]),
      );
      return byPolicy.size === list.length ? byPolicy : fail("a policy comes twice");
    },
  ),
  policyMappings: sequenceOf(
    sequence({ issuerDomainPolicy: objectIdentifier, subjectDomainPolicy: objectIdentifier }),
  ),
  policyConstraints: map(
    sequence({
      requireExplicitPolicy: optional(countOf(implicit(0, integer))),
      inhibitPolicyMapping: optional(countOf(implicit(1, integer))),
    }),
    (read, fail) =>
      (read.requireExplicitPolicy ?? read.inhibitPolicyMapping) === undefined ? fail("an empty list") : read,
  ),
  inhibitAnyPolicy: count,
  cRLDistributionPoints: distributionPoints,
  freshestCRL: distributionPoints,
  tlsFeature: map(sequenceOf(count, 0), (features): ReadonlySet<number> => new Set(features)),
} satisfies Declarations;

/** The name constraints of a CA. */
export type NameConstraints = TypeOf<typeof declarations.nameConstraints>;

/** Extensions that are declared; `undefined` for each one that is not there. */
export type UnderstoodOf<D extends Declarations> = { readonly [K in keyof D]: TypeOf<D[K]> | undefined };

/** The supported extensions of a certificate; `undefined` for each one that it lacks. */
export type Understood = UnderstoodOf<typeof declarations>;

/** `Extension` (RFC 5280 §4.1). */
export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The content of the extension's OCTET STRING. */
  readonly value: Bytes;
}

/** `Extension` (RFC 5280 §4.1), with its content left undecoded. */
export const extension: Der<Extension> = sequence({
  oid: objectIdentifier,
  critical: withDefault(boolean, false),
  value: octetString,
});

/** `Extensions` (RFC 5280 §4.1): all of them undecoded, and those that are declared decoded. */
export const extensionsOf = <D extends Declarations>(
  declared: D,
): Der<{ readonly all: ReadonlyArray<Extension>; readonly understood: UnderstoodOf<D> }> => {
  const byOid = new Map(
    Object.entries<Der<unknown> | undefined>(declared).map(([key, of]) => [
      oids[key as keyof typeof oids] as string,
      [key, of!] as const,
    ]),
  );
  return map(
    sequenceOf({
      accepts: extension.accepts,
      read: (r) => {
        const one = extension.read(r);
        const known = byOid.get(one.oid);
        return { one, member: known && [known[0], parsed(known[0], known[1], one.value, r)] as const };
      },
    }),
    (list, fail) => {
      if (new Set(list.map(({ one }) => one.oid)).size < list.length) fail("an extension comes twice");
      const understood = Object.fromEntries(list.flatMap(({ member }) => member ? [member] : []));
      return {
        all: list.map(({ one }) => one),
        // Each decoded value is under the name of its own declaration.
        understood: understood as Partial<UnderstoodOf<D>> as UnderstoodOf<D>,
      };
    },
  );
};

/** The extensions of a certificate. */
export const extensions = extensionsOf(declarations);

/** Decodes the content of the OCTET STRING that `r` has just read. */
const parsed = (name: string, of: Der<unknown>, { length }: Bytes, r: Reader): unknown => {
  try {
    return r.again<unknown>(length, of.read);
  } catch (e) {
    if (e instanceof Fault) e.path.unshift(name);
    throw e;
  }
};

const understoodOids: ReadonlySet<string> = new Set(
  Object.keys(declarations).map((key) => oids[key as keyof typeof declarations]),
);

/** Whether an extension may be critical without the certificate being refused. */
export const isUnderstood = (oid: string): boolean => understoodOids.has(oid);
