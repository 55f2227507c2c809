/** Why a certificate is not trusted, and the alert for each reason. @module */
import { AlertDescription, type AlertName } from "../names/alert.ts";

/** The reasons why a certificate chain is not trusted, each with its alert (RFC 5246 §7.2.2). */
export const certificateAlerts = {
  /** No path leads to a trusted root. */
  unknown_ca: "unknown_ca",
  expired: "certificate_expired",
  not_yet_valid: "certificate_expired",
  /** The certificate is not valid for the expected name (RFC 9525). */
  name_mismatch: "bad_certificate",
  /** A signature does not verify, or the chain breaks another rule of RFC 5280 §6. */
  invalid: "bad_certificate",
  /** The bytes are not the DER of a certificate, although the message that carries them is well-formed. */
  unreadable: "bad_certificate",
  /** A name that the name constraints of a CA above do not permit (RFC 5280 §4.2.1.10). */
  name_not_permitted: "bad_certificate",
  /** No certificate policy is valid for the whole path, and one is required (RFC 5280 §6.1.5). */
  no_valid_policy: "bad_certificate",
  /** A CA certificate where one for a server or a client is needed. */
  ca_as_leaf: "unsupported_certificate",
  revoked: "certificate_revoked",
  /** A key, algorithm or critical extension that is not supported. */
  unsupported: "unsupported_certificate",
  /** The key usage or extended key usage does not allow this purpose. */
  wrong_usage: "unsupported_certificate",
  /** The certificate requires a stapled OCSP response, and none came (RFC 7633). */
  status_missing: "bad_certificate_status_response",
  /** The stapled response is malformed, forged, about another certificate, or from an unauthorized responder. */
  status_invalid: "bad_certificate_status_response",
  /** The stapled response is expired, or dated in the future. */
  status_stale: "bad_certificate_status_response",
  /** The OCSP responder does not know the certificate (RFC 6960 §2.2). */
  status_unknown: "bad_certificate_status_response",
  /** Too few logs have promised to publish the certificate (RFC 6962 §5.2). */
  too_few_timestamps: "bad_certificate",
  /** CRLs are asked for, and neither they nor a stapled response say whether the certificate was revoked (RFC 5280 §6.3.3). */
  revocation_unknown: "certificate_unknown",
  /** The key is not among the pinned ones. */
  not_pinned: "bad_certificate",
  /** The application's own rule refused the certificate. */
  refused: "certificate_unknown",
} as const satisfies Record<string, AlertName>;

/** Alerts that end a connection normally, or mean something else: they never report a refusal. */
const peaceful = ["close_notify", "user_canceled", "no_renegotiation", "no_certificate"] as const;

/** An alert that can report no refusal. */
export type PeacefulAlert = typeof peaceful[number];

/** Whether an alert can report the refusal of a certificate. `false` for a name that is not registered. */
export const isRefusalAlert = (name: string): name is Exclude<AlertName, PeacefulAlert> =>
  Object.hasOwn(AlertDescription.members, name) && !peaceful.some((one) => one === name);
