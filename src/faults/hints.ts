/** Advice about errors, by what the peer sent and what is known of the circumstances. @module */
import type { CertificateReason, Lift } from "./errors/trust.ts";
import type { Circumstances, Readers } from "./circumstances.ts";
import type { SetupError } from "./setup_error.ts";

/** Joins several pieces of advice with "or"; `undefined` when there are none. */
export const either = (...parts: ReadonlyArray<string | undefined>): string | undefined =>
  parts.filter((part) => part !== undefined).join("; or ") || undefined;

/** Advice for a peer that may be too old for the policy: the policies to try next, the safer one first. */
export const olderThan = (policy: Circumstances["policy"] = "modern"): string | undefined => {
  const more = { modern: "{olderPolicies}", compatible: "{legacyPolicy}", legacy: undefined }[policy];
  return more && `the peer may be too old for our policy: try ${more}`;
};
/** Advice for a peer that may be too old; `undefined` when no policy is left to try. */
export type Older = ReturnType<typeof olderThan>;

/** Advice by the reason why a certificate is not trusted. */
const certificateHints: Partial<Record<CertificateReason, string>> = {
  unknown_ca:
    "trust the root that signed it ({roots}); or the peer does not send an intermediate certificate, as it must",
  name_mismatch:
    "connect by one of the names that the certificate is for, or say which to expect ({serverName})",
  unreadable: "a certificate that breaks X.509's rules cannot be verified, but its key can be pinned " +
    "({pins}), or judged by a verifier of your own ({verifier})",
  not_pinned: "if this is the server that you mean, its key is new: pin it as well",
  not_yet_valid: "the certificate is for later, or a clock is wrong",
  no_valid_policy: "it was issued under other certificate policies than are wanted here " +
    "({policies})",
  too_few_timestamps: "give all logs that count ({ctLogs}), or ask for fewer timestamps (minimumTimestamps)",
  revoked:
    "its issuer has taken it back: the certificate must be replaced, and its key as well if that was the reason",
  expired: "the certificate must be renewed, or a clock is wrong",
  wrong_usage: "the certificate was issued for something else: a new one must allow what is missing " +
    "(extendedKeyUsage: serverAuth for a server's, clientAuth for a client's)",
  status_missing:
    "its server must staple an OCSP response (RFC 6066 §8): ssl_stapling in nginx, ocspResponse in this library",
  revocation_unknown: "give a CRL of that issuer that is in force ({crls})",
  status_invalid: "its server must staple a current response of its issuer's OCSP responder, or none",
  status_unknown: "its issuer does not know it: it must be issued anew, or the responder is not yet told",
  status_stale: "its server staples an old OCSP response, or a clock is wrong",
};

/** Advice about a certificate that is not trusted. */
export const certificateHint = (
  { index, liftedBy, reason }: {
    readonly index: number;
    readonly liftedBy?: Lift | undefined;
    readonly reason: CertificateReason;
  },
  { readers = "layers" }: Circumstances = {},
): string | undefined =>
  either(
    certificateHints[reason],
    reason === "revocation_unknown" && index > 0 ? "check no authorities ({crlCheckLeaf})" : undefined,
    liftedBy && lifting(liftedBy, readers),
  );

/** Advice about a certificate that options would let pass. */
const lifting = (options: Lift, readers: Readers): string => {
  const { profile, ...allowances } = options;
  const allowed = Object.entries(allowances).map(([name, value]) =>
    value === true ? name : `${name}=${value}`
  );
  const flags = [
    ...(allowed.length > 0 ? [`--allow ${allowed.join(",")}`] : []),
    ...(profile === undefined ? [] : [`--profile ${profile}`]),
  ];
  const members = Object.entries(options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const allowance = `{ ${members.join(", ")} }`;
  return `to trust it anyway, which is weaker, give ${
    readers === "layers"
      ? `CertificateVerifier.layerRoots ${allowance} (${flags.join(" ")})`
      : `${allowance} beside trust.roots of ./deno`
  }`;
};

/** Advice about errors outside of a connection. */
export const setupHints: ReadonlyMap<string, string> = new Map<SetupError["_tag"], string>([
  [
    "SystemRootsError",
    "allow them to be read (--allow-read for the system's, --allow-sys for the runtime's), name a file in SSL_CERT_FILE, " +
    "or give the roots yourself ({ownRoots})",
  ],
  [
    "InvalidPin",
    "the pin of a server's key: openssl x509 -in CERTIFICATE -pubkey -noout | " +
    "openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
  ],
  [
    "StartTlsNotOffered",
    "nothing is sent in the clear instead: the server must be set up for TLS, or offers it on another port; " +
    "or somebody on the way hides the offer",
  ],
  ["StartTlsRefused", "the server says why; it may lack a certificate, or want TLS later or on another port"],
  [
    "StartTlsInjection",
    "the peer did not wait for TLS to begin, or somebody on the way put in bytes of his own: what he wrote must " +
    "not be taken for the peer's",
  ],
  [
    "StartTlsUnexpected",
    "is this the port of that protocol? one where TLS begins with the first byte needs no STARTTLS",
  ],
  ["StartTlsEnded", "the peer does not want TLS, or turned us away before it could begin"],
  ["StartTlsTooLong", "is this the port of that protocol? or the peer does not know an end"],
  [
    "StartTlsTimeout",
    "a server that says nothing may wait for TLS: where it begins with the first byte, there is no STARTTLS; " +
    "or give more time (timeout, --timeout)",
  ],
]);

/** Advice for a stream that broke, perhaps because a device on the way blocks such bytes. */
export const onTheWay = (older: Older) =>
  either("during a handshake, a device on the way may be blocking it", older);

/** Alerts with which a peer may reject a client that sent no certificate. */
const unshown: ReadonlySet<string> = new Set([
  "handshake_failure",
  "bad_certificate",
  "certificate_required",
]);

/** Advice by the alert that the peer sent. */
export const peerSaid = (alert: string, { certificateWanted, policy }: Circumstances): string | undefined => {
  const wanted = certificateWanted && unshown.has(alert)
    ? "the peer asked for a certificate, and none was shown: give one ({own})"
    : undefined;
  if (wanted && alert !== "handshake_failure") return wanted;
  const older = olderThan(policy);
  switch (alert) {
    case "handshake_failure":
      return either(
        wanted,
        older,
        `the peer may want ${
          wanted ? "" : "a certificate, or "
        }other groups or cipher suites, or may not know our pre-shared key`,
        "it gave up because we declined to renegotiate ({renegotiation})",
      );
    case "protocol_version":
      return `the peer speaks none of our versions: ${
        either(older, "it may want TLS 1.3, if that was not offered ({versions})")
      }`;
    default:
      return alerts[alert];
  }
};

const alerts: Partial<Record<string, string>> = {
  certificate_required: "the peer wants a certificate, and none was shown: give one ({own})",
  internal_error: "the peer gave up in the middle, for a reason of its own: " +
    "what was read from an established connection is not the whole answer",
  unknown_ca: "the peer does not trust our certificate's root",
  bad_certificate: "the peer does not accept our certificate",
  certificate_expired: "our certificate has expired, or the peer's clock is wrong",
  unrecognized_name: "the peer serves no such host name",
  no_application_protocol: "the peer speaks none of the protocols that we named in ALPN",
  inappropriate_fallback: "the peer speaks a higher version than this connection fell back to",
  decrypt_error: "the peer could not verify our Finished or our signature; " +
    "or its key of our pre-shared key's identity, or that key's hash, is another",
  missing_extension:
    "the peer wants an extension that we left out: is Policy.groups or Policy.signatureSchemes empty? " +
    "or it wants a host name, and there is none in an address ({serverName})",
  bad_record_mac: "the peer could not decrypt what we sent",
  decompression_failure: "the peer could not decompress what we sent",
};
