/** The port to the trust decision. @module */
import { Context, type Effect } from "../deps.ts";
import type { CertificateError } from "../faults/errors/trust.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Crypto } from "./crypto.ts";

/** A chain to judge. */
export interface Verification {
  /** DER, leaf first, as the peer sent it; the leaf is known to parse. */
  readonly chain: ReadonlyArray<Bytes>;
  /** The host name or IP address that the leaf must be for; `undefined`: none is expected (a client's certificate). */
  readonly name: string | undefined;
  /** What the leaf must be good for (RFC 5280 §4.2.1.12). */
  readonly purpose: "serverAuth" | "clientAuth";
  /** What a server stapled to its chain: a DER OCSPResponse (RFC 6066 §8). */
  readonly ocspResponse?: Bytes | undefined;
  /** The SCTs of its hello (RFC 6962 §3.3). */
  readonly signedCertificateTimestamps?: ReadonlyArray<Bytes> | undefined;
}

/** The trust decision. */
export interface CertificateVerifierService {
  /** Names the trust settings: sessions made under one partition are never resumed under another. */
  readonly partition: string;
  /** Whom a server names when it asks for a certificate: the roots' names as DER; none: anybody's may be tried. */
  readonly authorities?: ReadonlyArray<Bytes> | undefined;
  /** Succeeds for a chain that is trusted, and fails with the reason for any other. */
  readonly verify: (what: Verification) => Effect.Effect<void, CertificateError, Crypto>;
}

/** The trust decision, as a service. */
export class CertificateVerifier extends Context.Tag("effect-tls/1/CertificateVerifier")<
  CertificateVerifier,
  CertificateVerifierService
>() {}

/** How weak a thing may be and still count. */
export interface Allowances {
  /** The least length of an RSA modulus in bits; 2048 unless given (RFC 9325 §4.5). */
  readonly minimumRsaBits?: number | undefined;
  /** Whether signatures over SHA-1 count; not unless given (RFC 9155). Those over MD5 never do. */
  readonly sha1?: boolean | undefined;
  /**
   * Whether a leaf without any subjectAltName is for the host that its common name says; not unless given
   * (RFC 9525 §2).
   */
  readonly commonName?: boolean | undefined;
}
