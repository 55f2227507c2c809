/** Errors for people: what happened, which alert says so, where it is written, and what to do about it. @module */
import { AlertDescription, type AlertName } from "../names/alert.ts";
import type { CertificateReason } from "../ports/trust.ts";
import { printable } from "../wire/printable.ts";
import { alertOf, type HandshakeError, rfcOf } from "./errors.ts";

/** An error, told. */
export interface Explanation {
  readonly _tag: HandshakeError["_tag"];
  readonly what: string;
  /** The alert that went to the peer, if there was one to send. */
  readonly alert: AlertName | undefined;
  readonly rfc: string | undefined;
  readonly hint: string | undefined;
}

/** What whoever has an error knows of how it came, and the error does not: hints are the better for it. */
export interface Circumstances {
  /** The policy in force, which is not worth trying then, nor what it goes beyond; modern unless given. */
  readonly policy?: "modern" | "compatible" | "legacy" | undefined;
  /** The peer asked for a certificate, and we showed none. */
  readonly certificateWanted?: boolean | undefined;
}

/** Tells an error; total, as the union is. */
export const explain = (e: HandshakeError, circumstances: Circumstances = {}): Explanation => ({
  _tag: e._tag,
  what: e.message,
  alert: alertOf(e),
  rfc: rfcOf(e),
  hint: hintOf(e, circumstances),
});

/** An explanation as one readable block of lines, in each of which what a peer may have said is escaped. */
export const render = ({ _tag, what, alert, rfc, hint }: Explanation): string =>
  [
    `${_tag}: ${what}`,
    ...(alert ? [`  alert  ${alert} (sent)`] : []),
    ...(rfc ? [`  see    ${rfc}`] : []),
    ...(hint ? [`  hint   ${hint}`] : []),
  ].map(printable).join("\n");

const hintOf = (e: HandshakeError, known: Circumstances): string | undefined => {
  const older = olderThan(known.policy);
  switch (e._tag) {
    case "NotTls":
      return notTls[e.looksLike];
    case "Refused":
      return either(...(refusals[e.reason]?.(older) ?? []));
    case "CertificateError":
      return certificates[e.reason];
    case "PeerAlert":
      return peerSaid(AlertDescription.nameOf(e.description), known);
    case "TransportError":
      return transport[e.operation]?.(older);
    case "HandshakeTimeout":
      return "the peer accepts connections and says nothing: is it a TLS port?";
    case "Truncated":
      return e.handshaking ? either("the peer may speak no TLS here", older) : undefined;
    case "LimitExceeded":
      return limits[e.limit];
    case "RenegotiationRefused":
      return e.by === "policy"
        ? "insecureRenegotiation in the Policy lets it pass (--insecure-renegotiation)"
        : undefined;
    case "DecompressionFailure":
      return "the two ends may not agree on what compression is: try without it (--compression null)";
    case "BadRecordMac":
      return "somebody changed the bytes on the way, or one end derives other keys";
    default:
      return undefined;
  }
};

/** A hint of what there is to say. */
const either = (...parts: ReadonlyArray<string | undefined>): string | undefined =>
  parts.filter((part) => part !== undefined).join("; or ") || undefined;

/** What a peer from before our policy is reached by: in order, for each gives away more than the one before. */
const olderThan = (policy: Circumstances["policy"] = "modern"): string | undefined => {
  const more = { modern: ["compatible", "legacy"], compatible: ["legacy"], legacy: [] }[policy];
  return more.length === 0
    ? undefined
    : `the peer may be too old for our policy: try ${more.map((name) => `Policy.${name}`).join(", then ")} ` +
      `(${more.map((name) => `--policy ${name}`).join(", ")})`;
};
type Older = ReturnType<typeof olderThan>;

const certificates: Partial<Record<CertificateReason, string>> = {
  unknown_ca:
    "give the root that signed it (CertificateVerifier.layerRoots; --ca FILE, of clients --client-ca FILE); " +
    "or the peer leaves out an intermediate certificate, which it must send",
  name_mismatch:
    "the names are those of subjectAltName: connect by one, or say which to expect (serverName, --servername)",
  status_missing: "its server must staple (RFC 6066 §8): of nginx ssl_stapling, of ours ocspResponse",
  status_stale: "its server staples an old OCSP response, or a clock is wrong",
};

const limits: Partial<Record<Extract<HandshakeError, { _tag: "LimitExceeded" }>["limit"], string>> = {
  renegotiationBuffer: "read what arrives while a renegotiation is under way, or allow more (Policy.limits)",
  renegotiations: "a peer that renegotiates again and again may want to wear us out (Policy.limits)",
};

const onTheWay = (older: Older) =>
  either("in a handshake, something between may let no such thing pass", older);

const transport: Partial<
  Record<
    Extract<HandshakeError, { _tag: "TransportError" }>["operation"],
    (older: Older) => string | undefined
  >
> = {
  open: () => "is the name right, and is anything listening there?",
  listen: () => "another program may have the port, or only an administrator may have it",
  read: onTheWay,
  write: onTheWay,
};

const notTls: Record<Extract<HandshakeError, { _tag: "NotTls" }>["looksLike"], string> = {
  "HTTP": "this is a plain HTTP port, or a plain HTTP client",
  "SSLv2": "the peer says hello in the format of SSL 2.0, which nobody should",
  "text": "this port speaks text first: it may want STARTTLS",
  "nothing known": "is this a TLS port?",
};

const refusals: Partial<
  Record<
    Extract<HandshakeError, { _tag: "Refused" }>["reason"],
    (older: Older) => ReadonlyArray<string | undefined>
  >
> = {
  no_common_version: (older) => [older, "name the versions (Policy.versions, --versions)"],
  no_common_cipher_suite: (
    older,
  ) => [older, "name the cipher suites (Policy.cipherSuites, --cipher-suites)"],
  weak_parameters:
    () => ["shorter primes pass by minimumDhPrimeBits in the Policy (1024 in --policy legacy)"],
  no_common_application_protocol: () => ["the two name no protocol in common (alpn, --alpn)"],
  insecure_renegotiation: () => [
    "a server without RFC 5746 is reached with requireSecureRenegotiation: false in the Policy " +
    "(--no-secure-renegotiation); in a renegotiation, somebody may stand between",
  ],
  renegotiation_changes_extended_master_secret:
    () => ["whoever answers is not who answered first, or broken"],
  server_certificate_changed: () => [
    "if the server is known to do so: serverMayChangeCertificate in the Policy",
  ],
  no_credential: () => ["give the server a certificate and its key (Credentials.fromPem, --cert and --key)"],
};

/** The alerts that may be all that a peer says of a certificate that it did not get. */
const unshown: ReadonlySet<string> = new Set([
  "handshake_failure",
  "bad_certificate",
  "certificate_required",
]);

const peerSaid = (alert: string, { certificateWanted, policy }: Circumstances): string | undefined => {
  const wanted = certificateWanted && unshown.has(alert)
    ? "the peer asked for a certificate, and none was shown: give one (Credentials.fromPem, --cert and --key)"
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

const alerts: Record<string, string> = {
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
