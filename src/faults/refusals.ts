/** The reasons to refuse a handshake: the alert, the RFC and a hint for each. @module */
import type { AlertName } from "../names/alert.ts";
import type { Cited } from "./cited.ts";

/** A row of the table of refusals. */
interface Refusal {
  readonly alert: AlertName;
  readonly rfc: Cited;
  readonly hint?: string;
  /** Whether the peer is likely to be too old for the policy. */
  readonly mayBeOld?: true;
}

const handshake_failure = "handshake_failure";
const illegal_parameter = "illegal_parameter";

/** The row of each reason. */
/** The reasons to refuse a handshake. */
export const refusals = {
  no_common_version: {
    alert: "protocol_version",
    rfc: { until12: "RFC 5246 §E.1", tls13: "RFC 8446 §4.2.1" },
    hint: "set the versions to speak ({versions})",
    mayBeOld: true,
  },
  downgrade: { alert: illegal_parameter, rfc: "RFC 8446 §4.1.3" },
  early_data_before_tls13: {
    alert: "protocol_version",
    rfc: "RFC 8446 §D.3",
    hint:
      "the server speaks TLS 1.3 no more; what was sent as early data is lost: connect again without earlyData",
  },
  inappropriate_fallback: { alert: "inappropriate_fallback", rfc: "RFC 7507 §3" },
  no_common_cipher_suite: {
    alert: handshake_failure,
    rfc: { until12: "RFC 5246 §7.4.1.3", tls13: "RFC 8446 §4.1.1" },
    hint: "set the cipher suites to use ({cipherSuites})",
    mayBeOld: true,
  },
  no_common_group: { alert: "insufficient_security", rfc: "RFC 7919 §4" },
  no_common_compression_method: { alert: illegal_parameter, rfc: "RFC 5246 §7.4.1.2" },
  no_common_application_protocol: {
    alert: "no_application_protocol",
    rfc: "RFC 7301 §3.2",
    hint: "the two ends have no protocol in common ({alpn})",
  },
  no_credential: {
    alert: handshake_failure,
    rfc: { until12: "RFC 5246 §7.4.2", tls13: "RFC 8446 §4.4.2.2" },
    hint: "give the server a certificate and its key ({own}); " +
      "or, for an external PSK, the two ends must have the same identity, key, hash and import, and a mode in common",
  },
  insecure_renegotiation: {
    alert: handshake_failure,
    rfc: "RFC 5746 §4.1",
    hint: "to reach a server without RFC 5746, set {noSecureRenegotiation}; " +
      "in a renegotiation, an attacker may be in between",
  },
  no_extended_master_secret: { alert: handshake_failure, rfc: "RFC 7627 §5.2" },
  session_lost_extended_master_secret: { alert: handshake_failure, rfc: "RFC 7627 §5.3" },
  weak_parameters: {
    alert: "insufficient_security",
    rfc: "RFC 7919 §5.1",
    hint: "{shorterPrimes}",
  },
  no_client_certificate: { alert: handshake_failure, rfc: "RFC 5246 §7.4.6" },
  anonymous_server_asks: { alert: handshake_failure, rfc: "RFC 5246 §7.4.4" },
  renegotiation_not_known: { alert: handshake_failure, rfc: "RFC 6101 §5.4" },
  renegotiation_closed: { alert: "no_renegotiation", rfc: "RFC 5246 §7.2.2" },
  renegotiation_changes_extended_master_secret: {
    alert: handshake_failure,
    rfc: "RFC 7627 §5.4",
    hint: "the peer is broken, or not the one of the first handshake",
  },
  renegotiation_loses_encrypt_then_mac: { alert: handshake_failure, rfc: "RFC 7366 §3.1" },
  missing_extension: { alert: "missing_extension", rfc: "RFC 8446 §9.2" },
  no_common_key_exchange: {
    alert: handshake_failure,
    rfc: "RFC 8446 §4.1.1",
    hint: "set the groups for key exchange ({groups})",
  },
  no_common_signature_scheme: {
    alert: handshake_failure,
    rfc: "RFC 8446 §4.4.2.2",
    hint: "the client can verify no signature of our key: give the server another ({anotherOwn})",
  },
  client_certificate_required: { alert: "certificate_required", rfc: "RFC 8446 §4.4.2.4" },
  server_certificate_changed: {
    alert: illegal_parameter,
    rfc: "RFC 7627 §6.1",
    hint: "if the server is known to do so, set serverMayChangeCertificate in the Policy",
  },
} as const satisfies Record<string, Refusal>;

/** The row of a reason. */
export const refusalOf = (reason: keyof typeof refusals): Refusal => refusals[reason];
