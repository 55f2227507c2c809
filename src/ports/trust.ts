/** The port to the trust decision. @module */
import { Context, type Effect } from "../deps.ts";
import type { CertificateError } from "../faults/errors/trust.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Crypto } from "./crypto.ts";

/** A certificate chain to judge, and what it must be good for. */
export interface Verification {
  /**
   * The certificates as the peer sent them, leaf first. The key of the leaf could be read; the rest of the
   * leaf, and every other certificate, may be anything.
   */
  readonly chain: ReadonlyArray<Bytes>;
  /** The host name or IP address that the leaf must be valid for; `undefined` for a client's certificate. */
  readonly name: string | undefined;
  /** The purpose that the leaf must allow (RFC 5280 §4.2.1.12). */
  readonly purpose: "serverAuth" | "clientAuth";
  /** The OCSP response that the server stapled (DER OCSPResponse, RFC 6066 §8). */
  readonly ocspResponse?: Bytes | undefined;
  /**
   * The types of the extensions that this client offered and the server did not answer: a certificate can demand that its
   * server does (RFC 7633). None unless given.
   */
  readonly unanswered?: ReadonlySet<number> | undefined;
  /** The SCTs from the server's hello (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: ReadonlyArray<Bytes> | undefined;
}

/** What is known of the revocation of one certificate. */
export interface RevocationStatus {
  /** `good` is somebody's word; `unchecked` is nobody's. */
  readonly status: "good" | "unchecked";
  /** Who said so: a stapled OCSP response, or a CRL. */
  readonly source: "ocsp" | "crl" | undefined;
}

/** A log of certificates (RFC 6962). */
export interface CtLog {
  /** Its public key: SubjectPublicKeyInfo as DER, or as base64 or PEM. */
  readonly key: string | Bytes;
  /** Its name, for people. */
  readonly description?: string | undefined;
  /** Who runs it. Two timestamps of one operator's logs are as good as one. */
  readonly operator?: string | undefined;
  /** When it was retired, in milliseconds since the epoch: timestamps from then on do not count. */
  readonly until?: number | undefined;
}

/** A signed certificate timestamp that holds: a known log has promised to publish the certificate (RFC 6962 §3.2). */
export interface TimestampOfLog {
  /** The SHA-256 of the log's key, in hexadecimal. */
  readonly logId: string;
  /** The log's name, if it was given one. */
  readonly description: string | undefined;
  /** When it was promised, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** Where the timestamp was found. */
  readonly source: "certificate" | "ocsp" | "tls";
}

/** What a verifier found of a chain that it trusts. A verifier of your own may leave all of it out. */
export interface Verdict {
  /** The path from the leaf to the trust anchor, both included, as DER. */
  readonly path: ReadonlyArray<Bytes>;
  /** The certificate policies that are valid for the path, as object identifiers; 2.5.29.32.0 stands for any. */
  readonly policies: ReadonlyArray<string>;
  /** What is known of the revocation of each certificate of the path, but for the trust anchor, the leaf first. */
  readonly revocation: ReadonlyArray<RevocationStatus>;
  /** The signed certificate timestamps that hold; none where no logs are known to the verifier. */
  readonly timestamps: ReadonlyArray<TimestampOfLog>;
  /**
   * The last second, since the epoch, for which all this holds: until then no certificate of the path expires, and no answer
   * about revocation becomes too old.
   */
  readonly until: number;
}

/** Decides whether a peer's certificate chain is trusted. */
export interface CertificateVerifierService {
  /** Identifies the trust settings. A session made under one partition is never resumed under another. */
  readonly partition: string;
  /**
   * The authorities that a server names when it asks for a client certificate: the names of its roots as DER. Without
   * them, a client may send any certificate.
   */
  readonly authorities?: ReadonlyArray<Bytes> | undefined;
  /** Succeeds for a trusted chain, and tells what was found of it. Fails with CertificateError and the reason for any other. */
  readonly verify: (what: Verification) => Effect.Effect<Verdict | void, CertificateError, Crypto>;
}

/** The trust decision, as a service. */
export class CertificateVerifier extends Context.Tag("effect-tls/1/CertificateVerifier")<
  CertificateVerifier,
  CertificateVerifierService
>() {}

/** Exceptions that let weaker certificates pass. */
export interface Allowances {
  /** The least length of an RSA modulus in bits; 2048 unless given (RFC 9325 §4.5). */
  readonly minimumRsaBits?: number | undefined;
  /** Whether SHA-1 signatures are accepted; no unless given (RFC 9155). MD5 signatures never are. */
  readonly sha1?: boolean | undefined;
  /**
   * Whether the common name of a leaf without subjectAltName counts as its host name; no unless given (RFC 9525 §2).
   */
  readonly commonName?: boolean | undefined;
}

/** What trust in roots may demand besides, or let pass. */
export interface TrustOptions extends Allowances {
  /**
   * The rules to hold certificates to: those of RFC 5280, unless given, or with `webpki` those of browsers as well, which the
   * public's authorities keep and private ones often do not (the Baseline Requirements of the CA/Browser Forum).
   */
  readonly profile?: "rfc5280" | "webpki" | undefined;
  /**
   * With `webpki`: whether a domain in lower case is a public suffix, like `co.uk`, so that a wildcard below it stands for
   * everybody's names; only top-level domains unless given. A library of the Public Suffix List can tell.
   */
  readonly isPublicSuffix?: ((domain: string) => boolean) | undefined;
  /** Whether a CA certificate may be a server's or a client's own; no unless given. */
  readonly caAsLeaf?: boolean | undefined;
  /**
   * How many seconds after its thisUpdate an OCSP response counts at most, even if it says that it is good for longer; any
   * number unless given.
   */
  readonly ocspMaximumAge?: number | undefined;
  /**
   * How many seconds an OCSP response without nextUpdate is good; 300 unless given, because newer information is always
   * available (RFC 6960 §4.2.2.1).
   */
  readonly ocspWithoutEnd?: number | undefined;
  /**
   * CRLs (RFC 5280 §5): PEM text, in which certificates of their issuers may stand as well, or DER; one or a list. No
   * certificate is trusted then of which they do not say that it is not revoked. For CRLs that change, see RevocationSource.
   */
  readonly crls?: string | Bytes | ReadonlyArray<string | Bytes> | undefined;
  /**
   * Whether only the leaf must be known not to be revoked, or every certificate below the trust anchor; the whole chain
   * unless given, if there are CRLs or a RevocationSource. A good stapled OCSP response counts for the leaf.
   */
  readonly crlCheck?: "leaf" | "chain" | undefined;
  /**
   * How many verdicts on trusted chains are remembered, so that a peer that is met again costs no signature; 100 unless given.
   * A verdict is of the same bytes, name, purpose, options and CRLs, and holds as long as `Verdict.until` says.
   */
  readonly rememberedVerdicts?: number | undefined;
  /**
   * The logs whose signed certificate timestamps count for servers (RFC 6962); none are looked at unless given.
   * `logsFromJson` reads the lists of logs that browsers use.
   */
  readonly ctLogs?: ReadonlyArray<CtLog> | undefined;
  /**
   * How many timestamps, each of another of these logs, a server's certificate must have; 2 unless given, and then of two
   * operators. 0 only tells which there are.
   */
  readonly minimumTimestamps?: number | undefined;
  /** The certificate policies of which one must be valid, as object identifiers; any unless given (RFC 5280 §6.1.1). */
  readonly initialPolicies?: ReadonlyArray<string> | undefined;
  /** Whether a policy must be valid for the whole path, even where no CA demands one; no unless given. */
  readonly requireExplicitPolicy?: boolean | undefined;
  /** Whether CAs may not map policies to others; they may unless given. */
  readonly inhibitPolicyMapping?: boolean | undefined;
  /** Whether anyPolicy stands for no policy; it stands for all unless given. */
  readonly inhibitAnyPolicy?: boolean | undefined;
}
