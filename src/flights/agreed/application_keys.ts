/** The keys of application data in TLS 1.3, which a KeyUpdate replaces (RFC 8446 §4.6.3, §7.2). @module */
import type { Traffic } from "../../crypto/key_schedule.ts";
import type { OfBoth, Side } from "../../names/side.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import { protection13 } from "../../tables/versions/mod.ts";

/**
 * The present keys of both directions. Moving on is one synchronous step, so that two updates that cross cannot bring back
 * a key that was replaced.
 */
export interface ApplicationKeys {
  /** The present traffic secret of a side. */
  readonly traffic: (side: Side) => Traffic;
  /** The protection of a side's records under its present secret, from their first one. */
  readonly protection: (side: Side) => Protection;
  /** Replaces the secret of a side by the next one, and gives the protection under it. */
  readonly next: (side: Side) => Protection;
  /** Whether the peer has asked for new keys of ours, which go before our next data (RFC 8446 §4.6.3). */
  owed: boolean;
}

/** The keys that begin with these secrets. */
export const applicationKeys = (
  suite: Suite13,
  crypto: CryptoService,
  { client, server }: OfBoth<Traffic>,
): ApplicationKeys => {
  const now = { client, server };
  const protection = (side: Side) => protection13(suite, crypto, now[side]);
  return {
    traffic: (side) => now[side],
    protection,
    owed: false,
    next: (side) => {
      now[side] = now[side].next();
      return protection(side);
    },
  };
};
