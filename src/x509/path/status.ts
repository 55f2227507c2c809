/** What is known of the revocation of a certificate. @module */
import type { RevocationStatus } from "../../ports/trust.ts";

/** How far clocks may differ, in seconds. */
export const SKEW = 300;

/** What is known of the revocation of a certificate, and until when that holds, in seconds since the epoch. */
export interface Status extends RevocationStatus {
  readonly until: number;
}

/** Nobody has said anything. */
export const UNCHECKED: Status = { status: "unchecked", source: undefined, until: Infinity };
