/** The sections of RFCs for errors that stand for several. @module */
import { type Cited, eras } from "./cited.ts";
import type * as Errors from "./tls_errors.ts";

/** Where it is said what must be verified. */
export const decryptSections: Record<Errors.DecryptError["what"], Cited> = {
  Finished: eras("7.4.9", "4.4.4"),
  ServerKeyExchange: "RFC 5246 §4.7",
  CertificateVerify: eras("4.7", "4.4.3"),
  binder: "RFC 8446 §4.2.11",
};

/** Where an alert is defined that only some versions have. */
export const alertSections: Partial<Record<string, Cited>> = {
  missing_extension: "RFC 8446 §6.2",
  certificate_required: "RFC 8446 §6.2",
  no_renegotiation: "RFC 5246 §7.2.2",
  decompression_failure: "RFC 5246 §7.2.2",
  no_certificate: "RFC 6101 §5.4.2",
  inappropriate_fallback: "RFC 7507 §3",
  no_application_protocol: "RFC 7301 §3.2",
  unrecognized_name: "RFC 6066 §3",
};

/** Who refused to renegotiate, or to show a certificate: the section, and a hint. */
export const refusedBy: Record<
  Errors.RenegotiationRefused["by"],
  { readonly rfc: string; readonly hint?: string }
> = {
  peer: { rfc: "RFC 5246 §7.2.2" },
  silence: { rfc: "RFC 5246 §7.2.2" },
  offer: {
    rfc: "RFC 8446 §4.6.2",
    hint:
      "the client must have offered post_handshake_auth: in this library, renegotiation: {allowRenegotiation}",
  },
  policy: {
    rfc: "RFC 5746 §4.2",
    hint: "to allow it, set {insecureRenegotiation}",
  },
  older: { rfc: "RFC 8446 §4.6.3", hint: "before TLS 1.3, `renegotiate` makes new keys" },
  version: {
    rfc: "RFC 8446 §4.1.2",
    hint: "for new keys use `updateKeys`, for a client's certificate `requestClientCertificate`",
  },
};
