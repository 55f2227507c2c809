/** Policies of one version, and ends that share a policy. @module */
import type { ProtocolVersion } from "../../src/names/protocol.ts";
import { legacy, type Policy } from "../../src/tables/policy.ts";
import type { Setup } from "./handshake.ts";

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
