/** Early data that a server refuses. @module */
import type { ServerSettings } from "../../base/server_settings.ts";

/**
 * How many bytes of the records of refused early data are passed over: as many as the policy says, and all that a client may
 * send by our tickets. Its records may be short, and so the half of them headers and tags.
 */
export const passedOver = ({ earlyData = 0, policy }: ServerSettings): number =>
  Math.max(policy.limits.skippedEarlyData, 2 * earlyData);
