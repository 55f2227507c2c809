/** The codes by which programs for Node tell errors apart, on this library's errors. @module */
import { AlertDescription } from "../names/mod.ts";
import { type CertificateError, PeerAlert, TransportError } from "../public/errors.ts";

/** What Node and OpenSSL call the reasons against a certificate. A reason that they do not know has no code. */
const certificateCodes: Readonly<Partial<Record<CertificateError["reason"], string>>> = {
  unknown_ca: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  expired: "CERT_HAS_EXPIRED",
  not_yet_valid: "CERT_NOT_YET_VALID",
  name_mismatch: "ERR_TLS_CERT_ALTNAME_INVALID",
  invalid: "CERT_SIGNATURE_FAILURE",
  revoked: "CERT_REVOKED",
  wrong_usage: "INVALID_PURPOSE",
  revocation_unknown: "UNABLE_TO_GET_CRL",
  ca_as_leaf: "INVALID_PURPOSE",
  refused: "CERT_REJECTED",
  name_not_permitted: "PERMITTED_VIOLATION",
  unsupported: "UNHANDLED_CRITICAL_EXTENSION",
};

/** The alerts that SSL 3.0 had already. */
const ofSsl30 =
  /^(unexpected_message|bad_record_mac|decompression_failure|handshake_failure|(no|bad|unsupported)_certificate|certificate_(revoked|expired|unknown)|illegal_parameter)$/;

/** The alerts that TLS 1.3 has added. */
const ofTls13 = /^(missing_extension|certificate_required)$/;

/** The code of an error: `CERT_HAS_EXPIRED`, `ECONNREFUSED`; `undefined` where Node has none. */
export const codeOf = (error: unknown): string | undefined => {
  if (error instanceof TransportError) return codeIn(error.cause);
  if (error instanceof PeerAlert) {
    const name = AlertDescription.nameOf(error.description);
    const since = ofSsl30.test(name) ? "SSLV3" : ofTls13.test(name) ? "TLSV13" : "TLSV1";
    return `ERR_SSL_${since}_ALERT_${name.toUpperCase()}`;
  }
  switch (tagOf(error)) {
    case "CertificateError":
      return certificateCodes[(error as CertificateError).reason];
    case "Truncated":
      // As OpenSSL 3 calls it. ECONNRESET is taken by some for an end in order, which this is not.
      return "ERR_SSL_UNEXPECTED_EOF_WHILE_READING";
    case "HandshakeTimeout":
      return "ERR_TLS_HANDSHAKE_TIMEOUT";
    case "NotTls":
      return "ERR_SSL_WRONG_VERSION_NUMBER";
    default:
      return codeIn(error);
  }
};

const tagOf = (error: unknown): unknown => error instanceof Error && "_tag" in error ? error._tag : undefined;

const codeIn = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;

/** The error itself, with the code that Node has for it. */
export const coded = <E>(error: E): E => {
  const code = codeOf(error);
  if (error instanceof Error && code !== undefined && !("code" in error)) {
    Object.defineProperty(error, "code", { value: code, enumerable: true, configurable: true });
  }
  return error;
};
