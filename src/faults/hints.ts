/** What to do about a fault: the advice, by what the peer said and what is known of how it came. @module */
import type { CertificateReason } from "./certificate_alerts.ts";
import type { Circumstances } from "./circumstances.ts";

/** A hint of what there is to say. */
export const either = (...parts: ReadonlyArray<string | undefined>): string | undefined =>
  parts.filter((part) => part !== undefined).join("; or ") || undefined;

/** What a peer from before our policy is reached by: in order, for each gives away more than the one before. */
export const olderThan = (policy: Circumstances["policy"] = "modern"): string | undefined => {
  const more = { modern: ["compatible", "legacy"], compatible: ["legacy"], legacy: [] }[policy];
  return more.length === 0
    ? undefined
    : `the peer may be too old for our policy: try ${more.map((name) => `Policy.${name}`).join(", then ")} ` +
      `(${more.map((name) => `--policy ${name}`).join(", ")})`;
};
/** The advice for a peer that may be too old; `undefined`: there is none left. */
export type Older = ReturnType<typeof olderThan>;

/** Advice by why a certificate is not trusted. */
export const certificateHints: Partial<Record<CertificateReason, string>> = {
  unknown_ca:
    "give the root that signed it (CertificateVerifier.layerRoots; --ca FILE, of clients --client-ca FILE); " +
    "or the peer leaves out an intermediate certificate, which it must send",
  name_mismatch:
    "the names are those of subjectAltName: connect by one, or say which to expect (serverName, --servername)",
  status_missing: "its server must staple (RFC 6066 §8): of nginx ssl_stapling, of ours ocspResponse",
  status_stale: "its server staples an old OCSP response, or a clock is wrong",
};

/** Advice for a stream that broke; it may have been a device that lets no such bytes pass. */
export const onTheWay = (older: Older) =>
  either("in a handshake, something between may let no such thing pass", older);

/** The alerts that may be all that a peer says of a certificate that it did not get. */
const unshown: ReadonlySet<string> = new Set([
  "handshake_failure",
  "bad_certificate",
  "certificate_required",
]);

/** Advice by the alert that a peer sent. */
export const peerSaid = (alert: string, { certificateWanted, policy }: Circumstances): string | undefined => {
  const wanted = certificateWanted && unshown.has(alert)
    ? "the peer asked for a certificate, and none was shown: give one (Credentials.layerPem, --cert and --key)"
    : undefined;
  if (wanted && alert !== "handshake_failure") return wanted;
  const older = olderThan(policy);
  switch (alert) {
    case "handshake_failure":
      return either(
        wanted,
        older,
        `the peer may want ${wanted ? "" : "a certificate, or "}other groups or cipher suites`,
        "it gave up since we declined to renegotiate (Policy.renegotiation, --renegotiation)",
      );
    case "protocol_version":
      return `the peer speaks none of our versions: ${
        either(older, "it may want TLS 1.3, which is not spoken here")
      }`;
    default:
      return alerts[alert];
  }
};

const alerts: Partial<Record<string, string>> = {
  internal_error: "the peer gave up in the middle, for a reason of its own: " +
    "what was read from an established connection is not the whole answer",
  unknown_ca: "the peer does not trust our certificate's root",
  bad_certificate: "the peer does not accept our certificate",
  certificate_expired: "our certificate has expired, or the peer's clock is wrong",
  unrecognized_name: "the peer serves no such host name",
  no_application_protocol: "the peer speaks none of the protocols that we named in ALPN",
  inappropriate_fallback: "the peer speaks a higher version than this connection fell back to",
  decrypt_error: "the peer could not verify our Finished or our signature",
  bad_record_mac: "the peer could not decrypt what we sent",
  decompression_failure: "the peer could not decompress what we sent",
};
