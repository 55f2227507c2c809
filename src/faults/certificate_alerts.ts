/** The alert for each reason why a certificate is not trusted. @module */
import { AlertDescription, type AlertName } from "../names/alert.ts";

/** Why a chain is not trusted, each with its alert (RFC 5246 §7.2.2). */
export const certificateAlerts = {
  /** No path to a root that is trusted. */
  unknown_ca: "unknown_ca",
  expired: "certificate_expired",
  not_yet_valid: "certificate_expired",
  /** The certificate is for another name (RFC 9525). */
  name_mismatch: "bad_certificate",
  /** A signature does not verify, or another rule of RFC 5280 §6 is broken. */
  invalid: "bad_certificate",
  /** No DER of a certificate: corrupt, while the message that carries it is well-formed. */
  unreadable: "bad_certificate",
  /** A name that the authorities above may not vouch for (RFC 5280 §4.2.1.10). */
  name_not_permitted: "bad_certificate",
  /** An authority's certificate in the place of a server's or client's. */
  ca_as_leaf: "unsupported_certificate",
  revoked: "certificate_revoked",
  /** A key, algorithm or critical extension that cannot be judged. */
  unsupported: "unsupported_certificate",
  /** Key usage or extended key usage does not allow it. */
  wrong_usage: "unsupported_certificate",
  /** A certificate that must be stapled to came without a word on its revocation (RFC 7633). */
  status_missing: "bad_certificate_status_response",
  /** The stapled response is malformed, forged, about another certificate, or of somebody who may not say so. */
  status_invalid: "bad_certificate_status_response",
  /** The stapled response is not of now. */
  status_stale: "bad_certificate_status_response",
  /** Its issuer does not know the certificate (RFC 6960 §2.2). */
  status_unknown: "bad_certificate_status_response",
  /** Not in the set of pinned keys. */
  not_pinned: "bad_certificate",
  /** The user's own rule said no. */
  refused: "certificate_unknown",
} as const satisfies Record<string, AlertName>;

/** The name of a reason. */
export type CertificateReason = keyof typeof certificateAlerts;

/** Alerts that end a connection in peace, or mean something else: they tell of no refusal. */
const peaceful = ["close_notify", "user_canceled", "no_renegotiation", "no_certificate"] as const;

/** Alerts that can tell of a refusal. */
export type RefusalAlert = Exclude<AlertName, typeof peaceful[number]>;

/** Whether an alert can tell of a refusal; a name that is none can't. */
export const isRefusalAlert = (name: string): name is RefusalAlert =>
  name in AlertDescription.members && !peaceful.some((one) => one === name);
