/** What an end is willing to speak, as data. Weak things are in no policy but the one that names them. @module */
import type { CipherSuite } from "./names/cipher_suite.ts";
import { NamedGroup } from "./names/named_group.ts";
import { ProtocolVersion } from "./names/protocol.ts";
import { SignatureScheme } from "./names/signature_scheme.ts";
import type { WireLimits } from "./record/wire.ts";
import { suites } from "./suites.ts";

/** What a peer may cost at most. */
export interface Limits extends WireLimits {
  /** Milliseconds from a handshake's first message to its Finished. */
  readonly handshakeTimeout: number;
  /** Milliseconds that `close` waits for the peer's close_notify. */
  readonly closeWait: number;
}

/** What an end is willing to speak; each list the best first. */
export interface Policy {
  readonly versions: ReadonlyArray<ProtocolVersion>;
  readonly cipherSuites: ReadonlyArray<CipherSuite>;
  /** For key exchange and, in TLS 1.2, for ECDSA certificates (RFC 8422 §5.1.1). */
  readonly groups: ReadonlyArray<NamedGroup>;
  readonly signatureSchemes: ReadonlyArray<SignatureScheme>;
  /** Whether a peer without extended_master_secret is refused altogether (RFC 7627 §5.2). */
  readonly requireExtendedMasterSecret: boolean;
  /** Whether a session without it may be resumed (RFC 7627 §5.3). */
  readonly resumeWithoutExtendedMasterSecret: boolean;
  /** Whether a server without RFC 5746 is refused by a client (RFC 5746 §4.1). */
  readonly requireSecureRenegotiation: boolean;
  readonly limits: Limits;
}

/** Generous to any honest peer. */
export const limits: Limits = {
  handshakeMessage: 64 * 1024,
  certificateMessage: 256 * 1024,
  emptyRecords: 32,
  warningAlerts: 4,
  helloRequests: 4,
  handshakeTimeout: 30_000,
  closeWait: 1_000,
};

/** The default: TLS 1.2, AEAD, forward secrecy. */
export const modern: Policy = {
  versions: [ProtocolVersion.TLS_1_2],
  cipherSuites: [...suites.values()].filter((s) => s.exchange !== "rsa").map((s) => s.id),
  groups: [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.secp521r1],
  signatureSchemes: [
    SignatureScheme.ecdsa_secp256r1_sha256,
    SignatureScheme.ed25519,
    SignatureScheme.rsa_pss_rsae_sha256,
    SignatureScheme.rsa_pss_pss_sha256,
    SignatureScheme.ecdsa_secp384r1_sha384,
    SignatureScheme.rsa_pss_rsae_sha384,
    SignatureScheme.rsa_pss_pss_sha384,
    SignatureScheme.ecdsa_secp521r1_sha512,
    SignatureScheme.rsa_pss_rsae_sha512,
    SignatureScheme.rsa_pss_pss_sha512,
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
  ],
  requireExtendedMasterSecret: false,
  resumeWithoutExtendedMasterSecret: false,
  requireSecureRenegotiation: true,
  limits,
};

/** Adds RSA key transport, which has no forward secrecy. */
export const compatible: Policy = { ...modern, cipherSuites: [...suites.keys()] };

/** Adds servers without RFC 5746. */
export const legacy: Policy = { ...compatible, requireSecureRenegotiation: false };
