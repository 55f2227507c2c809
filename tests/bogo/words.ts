/** What errors are called that are several here and one to a runner: told by the error alone. @module */
import type { ShimError } from "./connection.ts";

/** The common names of refusals. */
const refusals: Readonly<Record<string, string>> = {
  renegotiation_closed: "no renegotiation",
  no_common_compression_method: "no compression method",
  no_common_cipher_suite: "no common algorithm",
  no_common_signature_scheme: "no common algorithm",
  no_client_certificate: "no certificate",
  client_certificate_required: "no certificate",
};

/** The common names of illegal parameters, by field; of an extension, whatever is in it. */
const fields: Readonly<Record<string, string>> = {
  "compressionMethods": "no compression method",
  "params.namedCurve": "wrong curve",
  "requestUpdate": "malformed",
  "certificateRequestContext": "malformed",
  "extensions.supported_versions": "unexpected extension",
  "extensions.key_share": "wrong curve",
  "extensions.early_data": "unexpected extension",
  "serverVersion": "a session of another version, malformed, no common version",
  "sessionId": "a session of another version",
};

/** The common name of an error; `undefined`: its own message says enough. */
export const wordOf = (error: ShimError): string | undefined => {
  switch (error._tag) {
    case "RecordVersion":
      return "wrong version";
    case "NotTls":
      return error.looksLike === "nothing known" ? "wrong version" : undefined;
    case "BadRecordMac":
      return "no content";
    case "DecodeError":
      if (error.subject === "HelloRequest") return "no HelloRequest";
      return error.subject === "Certificate" && error.path === "certificateList"
        ? "no certificate, malformed"
        : "malformed";
    case "IllegalParameter":
      return error.reason === "is not for this message" ? "unexpected extension" : fields[error.field];
    case "UnsupportedExtension":
      return error.subject === "ServerHello" && error.extension === "pre_shared_key"
        ? "unexpected extension, a session of another version"
        : "unexpected extension";
    case "UnexpectedMessage":
      if (error.expected.join() === "a content type") return "no content";
      if (/^the end of the |^a change of keys between/.test(error.expected.join())) {
        return "excess handshake data";
      }
      return error.expected.join() === "ApplicationData" ? "no HelloRequest" : undefined;
    case "LimitExceeded":
      return error.limit === "renegotiations" ? "no renegotiation" : undefined;
    case "Refused":
      return error.reason === "missing_extension" && error.detail?.includes("signature_algorithms")
        ? "no common algorithm, malformed"
        : refusals[error.reason];
    default:
      return undefined;
  }
};
