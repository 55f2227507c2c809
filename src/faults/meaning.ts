/** What an error means: whose fault it is, the alert and the section that say so, and whether it is fatal. @module */
import { AlertLevel, type AlertName } from "../names/alert.ts";
import type { Family } from "./family.ts";
import { faultOf, told } from "./faults.ts";
import type { TlsError } from "./tls_error.ts";

/** Whose fault an error is. */
export const familyOf = (e: TlsError): Family => faultOf(e).family;

/**
 * The alert that tells the peer of an error. `undefined`: there is nobody left to tell. `user_canceled` goes out as a
 * warning (RFC 5246 §7.2.2), all others are fatal.
 */
export const alertOf = (e: TlsError): AlertName | undefined => told(faultOf(e).alert, e);

/** The section that was broken, as `RFC 5246 §7.3`; `undefined`: none was. */
export const rfcOf = (e: TlsError): string | undefined => told(faultOf(e).rfc, e);

/** Whether an error ends in a fatal alert, ours or the peer's: its session may not be resumed (RFC 5246 §7.2.2). */
export const isFatal = (e: TlsError): boolean => {
  if (e._tag === "PeerAlert") return e.level === AlertLevel.fatal;
  const alert = alertOf(e);
  return alert !== undefined && alert !== "user_canceled";
};
