/** Policies of one version, and ends that share a policy. @module */
import { isKem } from "../../src/crypto/kem.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { ProtocolVersion } from "../../src/names/protocol.ts";
import { compatible, legacy, modern, type Policy } from "../../src/tables/policy.ts";
import { suites } from "../../src/tables/suites.ts";
import type { Setup } from "./handshake.ts";

const until12 = ({ cipherSuites, groups, versions, ...policy }: Policy): Policy => ({
  ...policy,
  versions: versions.filter((version) => version !== ProtocolVersion.TLS_1_3),
  cipherSuites: cipherSuites.filter((id) => suites.has(id)),
  groups: groups.filter((group) => !isKem(group)),
});

/** `Policy.modern` without TLS 1.3: for tests of what TLS 1.2 alone has. */
export const modern12 = until12(modern);
/** `Policy.compatible` without TLS 1.3. */
export const compatible12 = until12(compatible);
/** `Policy.legacy` without TLS 1.3. */
export const legacy12 = until12(legacy);

/**
 * `Policy.modern` of TLS 1.3 alone. x25519 comes first, which no layer waits for; a server may ask for a certificate later; and
 * certificates are not compressed, so that tests can change them.
 */
export const modern13: Policy = {
  ...modern,
  versions: [ProtocolVersion.TLS_1_3],
  cipherSuites: modern.cipherSuites.filter((id) => !suites.has(id)),
  groups: [NamedGroup.x25519, ...modern.groups.filter((group) => group !== NamedGroup.x25519)],
  renegotiation: "allow",
  certificateCompression: [],
};

/** All that we have of one version, or as much of it as `base` has. */
export const policyFor = (
  version: ProtocolVersion,
  more: Partial<Policy> = {},
  base: Policy = legacy,
): Policy => ({ ...base, versions: [version], ...more });

/** Both ends under one policy. */
export const bothUnder = (policy: Policy, more: Setup = {}): Setup => ({
  ...more,
  client: { ...more.client, policy },
  server: { ...more.server, policy },
});
