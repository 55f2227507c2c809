/** Certificate policies along a path (RFC 5280 §6.1), as a graph whose size is polynomial (RFC 9618). @module */
import type { TrustOptions } from "../../ports/trust.ts";
import { type Certificate, isSelfIssued } from "../certificate/certificate.ts";
import { oids } from "../der/oids.ts";
import { prices, type Work } from "./work.ts";

/** What a verifier asks of certificate policies (RFC 5280 §6.1.1). */
export type PolicyOptions = Pick<
  TrustOptions,
  "initialPolicies" | "requireExplicitPolicy" | "inhibitPolicyMapping" | "inhibitAnyPolicy"
>;

/** The policies of a path. */
export interface PathPolicies {
  /** Those that are valid for the whole path, as object identifiers; 2.5.29.32.0 stands for any. */
  readonly policies: ReadonlyArray<string>;
  /** Whether there must be one. */
  readonly isRequired: boolean;
}

/** A node of the graph: a policy at one depth, and the policies that certificates below may call it. */
interface Node {
  readonly policy: string;
  readonly parents: ReadonlyArray<Node>;
  readonly expected: ReadonlyArray<string>;
}
/** The nodes of one depth, by their policy. */
type Level = Map<string, Node>;

const { anyPolicy } = oids;

/** How many certificates may still come until each restriction holds. */
interface Counters {
  explicit: number;
  mapping: number;
  any: number;
}

/**
 * Finds the policies that are valid for a path: the user's of those that every certificate states, by that name or by
 * one that it is mapped to. Gives `undefined` when `work` is spent.
 */
export const policiesOf = (
  path: ReadonlyArray<Certificate>,
  options: PolicyOptions,
  work: Work,
): PathPolicies | undefined => {
  const last = path.length - 1;
  const left: Counters = {
    explicit: options.requireExplicitPolicy ? 0 : path.length,
    mapping: options.inhibitPolicyMapping ? 0 : path.length,
    any: options.inhibitAnyPolicy ? 0 : path.length,
  };
  // A trust anchor restricts what is below it as any authority does (RFC 5937 §3.2).
  constrain(left, path[last]!);
  let level: Level = new Map([[anyPolicy, { policy: anyPolicy, parents: [], expected: [anyPolicy] }]]);
  for (let index = last - 1; index >= 0; index--) {
    const certificate = path[index]!;
    if (!work.draw(priceOf(certificate, level))) return undefined;
    level = grown(level, certificate, left.any > 0 || index > 0 && isSelfIssued(certificate));
    if (index === 0) break;
    mapped(
      level,
      Map.groupBy(certificate.policyMappings ?? [], (one) => one.issuerDomainPolicy),
      left.mapping > 0,
    );
    if (!isSelfIssued(certificate)) {
      for (const counter of ["explicit", "mapping", "any"] as const) {
        left[counter] = Math.max(0, left[counter] - 1);
      }
    }
    constrain(left, certificate);
  }
  return {
    policies: allowed(level, options.initialPolicies),
    // The leaf counts, too (RFC 5280 §6.1.5). One that is itself the trust anchor has no path.
    isRequired: last > 0 &&
      (left.explicit <= 1 || path[0]!.policyConstraints?.requireExplicitPolicy === 0),
  };
};

const priceOf = ({ certificatePolicies, policyMappings = [] }: Certificate, level: Level): number => {
  let expected = 0;
  for (const node of level.values()) expected += node.expected.length;
  return prices.name * (expected + (certificatePolicies?.size ?? 0) + policyMappings.length);
};

/** What a certificate says of those below it (RFC 5280 §6.1.4 i and j). */
const constrain = (left: Counters, { policyConstraints, inhibitAnyPolicy = Infinity }: Certificate): void => {
  const { requireExplicitPolicy = Infinity, inhibitPolicyMapping = Infinity } = policyConstraints ?? {};
  left.explicit = Math.min(left.explicit, requireExplicitPolicy);
  left.mapping = Math.min(left.mapping, inhibitPolicyMapping);
  left.any = Math.min(left.any, inhibitAnyPolicy);
};

/** The policies that a certificate states, of those that are expected above it (RFC 5280 §6.1.3 d). */
const grown = (level: Level, { certificatePolicies }: Certificate, isAnyAllowed: boolean): Level => {
  const next: Level = new Map();
  if (!certificatePolicies) return next;
  const parents = new Map<string, Array<Node>>();
  for (const node of level.values()) {
    for (const policy of node.expected) {
      const known = parents.get(policy);
      if (known) known.push(node);
      else parents.set(policy, [node]);
    }
  }
  const grow = (policy: string, above: ReadonlyArray<Node> | undefined) => {
    if (above) next.set(policy, { policy, parents: above, expected: [policy] });
  };
  const underAny = parents.get(anyPolicy);
  for (const policy of certificatePolicies.keys()) {
    if (policy !== anyPolicy) grow(policy, parents.get(policy) ?? underAny);
  }
  if (certificatePolicies.has(anyPolicy) && isAnyAllowed) {
    for (const [policy, above] of parents) if (!next.has(policy)) grow(policy, above);
  }
  return next;
};

/** Maps policies to those that the certificates below state for them, or takes them out (RFC 5280 §6.1.4 b). */
const mapped = (
  level: Level,
  mappings: ReadonlyMap<string, ReadonlyArray<{ readonly subjectDomainPolicy: string }>>,
  isAllowed: boolean,
): void => {
  for (const [policy, to] of mappings) {
    const node = level.get(policy) ?? level.get(anyPolicy);
    if (!isAllowed) level.delete(policy);
    else if (node) {
      const expected = [...new Set(to.map((one) => one.subjectDomainPolicy))];
      level.set(policy, { policy, parents: node.parents, expected });
    }
  }
};

/** The user's policies, by the names of the first authorities that state them (RFC 9618 §5.5). */
const allowed = (level: Level, wanted: ReadonlyArray<string> | undefined): ReadonlyArray<string> => {
  const stated = new Set<string>();
  const seen = new Set<Node>();
  const left = [...level.values()];
  for (let node = left.pop(); node; node = left.pop()) {
    if (seen.size === seen.add(node).size) continue;
    if (node.policy !== anyPolicy && node.parents.some(({ policy }) => policy === anyPolicy)) {
      stated.add(node.policy);
    }
    left.push(...node.parents);
  }
  const isAny = level.has(anyPolicy);
  return wanted && !wanted.includes(anyPolicy)
    ? wanted.filter((policy) => isAny || stated.has(policy))
    : [...stated, ...(isAny ? [anyPolicy] : [])];
};
