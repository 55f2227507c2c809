/** What an error means: its kind, its alert, the RFC, and whether it is fatal. @module */
import { AlertLevel, type AlertName } from "../names/alert.ts";
import { ProtocolVersion } from "../names/protocol.ts";
import type { Circumstances } from "./circumstances.ts";
import type { Family } from "./family.ts";
import { faultOf, told } from "./faults.ts";
import type { TlsError } from "./tls_error.ts";

/** The kind of an error. */
export const familyOf = (e: TlsError): Family => faultOf(e).family;

/**
 * The alert that is sent for an error; `undefined` when nobody is left to receive one. `user_canceled` is sent as a
 * warning (RFC 5246 §7.2.2), all others are fatal.
 */
export const alertOf = (e: TlsError): AlertName | undefined => told(faultOf(e).alert, e);

/**
 * The section that an error breaks, e.g. `RFC 5246 §7.3`; `undefined` when there is none. If it is another one in TLS 1.3 and
 * the circumstances do not say the version, both: `RFC 8446 §6.2, up to TLS 1.2 RFC 5246 §7.2.2`.
 */
export const rfcOf = (e: TlsError, { version }: Circumstances = {}): string | undefined => {
  const cited = told(faultOf(e).rfc, e);
  if (cited === undefined || typeof cited === "string") return cited;
  const { tls13, until12 } = cited;
  if (version !== undefined) return version === ProtocolVersion.TLS_1_3 ? tls13 : until12;
  return `${tls13}, up to TLS 1.2 ${until12}`;
};

/**
 * Whether an error causes a fatal alert, from this end or the peer. If so, the session must not be resumed
 * (RFC 5246 §7.2.2).
 */
export const isFatal = (e: TlsError): boolean => {
  if (e._tag === "PeerAlert") return e.level === AlertLevel.fatal;
  const alert = alertOf(e);
  return alert !== undefined && alert !== "user_canceled";
};
