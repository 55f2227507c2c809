/** What an end is willing to speak, as data. Weak things are in no policy but the one that names them. @module */
import type { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { RecordLimits, RecordOptions } from "../record/limits.ts";
import { frozen } from "./frozen.ts";
import { type Suite, suites } from "./suites.ts";

/** What a peer may cost at most. */
export interface Limits extends RecordLimits {
  /** Warning alerts in a row; 4 in `limits`. */
  readonly warningAlerts: number;
  /** HelloRequests that are passed over, and wishes to renegotiate that are declined, in a row; 4 in `limits`. */
  readonly helloRequests: number;
  /** Bytes of application data that may wait to be read while a renegotiation goes on; 128 KiB in `limits`. */
  readonly renegotiationBuffer: number;
  /** Milliseconds from a handshake's first message to its Finished; 30,000 in `limits`. */
  readonly handshakeTimeout: number;
  /** Milliseconds that a server waits for a client's first byte; 5,000 in `limits`. */
  readonly firstByteTimeout: number;
  /** Milliseconds that `close` waits for the peer's close_notify; 1,000 in `limits`. */
  readonly closeWait: number;
  /** Milliseconds that the stream may go, at the end, without taking any of what is left to send; 5,000 in `limits`. */
  readonly writeWait: number;
  /** Milliseconds that a session store may take for an answer, without which the connection goes on; 200 in `limits`. */
  readonly storeWait: number;
  /** Renegotiations that the peer may begin within a `renegotiationWindow`; 8 in `limits`. */
  readonly renegotiations: number;
  /** Milliseconds in which the peer's renegotiations are counted; 60,000 in `limits`. */
  readonly renegotiationWindow: number;
  /** Milliseconds after which a HelloRequest that got no answer is taken for refused; 10,000 in `limits`. */
  readonly renegotiationWait: number;
  /**
   * Milliseconds that a session can be resumed, from its full handshake on, whatever its store or ticket allows
   * (RFC 5246 §F.1.4); 0: none is. A day in `limits`.
   */
  readonly sessionLifetime: number;
}

/**
 * What becomes of a peer's wish to renegotiate: it is met, refused with a warning after which the connection goes on,
 * refused as the connection's end, or passed over (RFC 5246 §7.2.2, §7.4.1.1).
 */
export type RenegotiationPolicy = "allow" | "refuse" | "close" | "ignore";

/** What an end is willing to speak; each list the best first. */
export interface Policy extends RecordOptions {
  /** The protocol versions that are spoken. */
  readonly versions: ReadonlyArray<ProtocolVersion>;
  /** The cipher suites that are offered, or chosen from; a suite is used in the versions that have it. */
  readonly cipherSuites: ReadonlyArray<CipherSuite>;
  /** For key exchange and, in TLS 1.2, for ECDSA certificates (RFC 8422 §5.1.1). */
  readonly groups: ReadonlyArray<NamedGroup>;
  /** For TLS 1.2; before it RSA signs with MD5 and SHA-1, and ECDSA with SHA-1. */
  readonly signatureSchemes: ReadonlyArray<SignatureScheme>;
  /** Bits that a server's own Diffie-Hellman prime must have. */
  readonly minimumDhPrimeBits: number;
  /** Whether CBC suites MAC what they encrypted, where the peer can (RFC 7366). */
  readonly encryptThenMac: boolean;
  /** How records may be compressed; null is always among what a client offers (RFC 5246 §7.4.1.2). */
  readonly compressionMethods: ReadonlyArray<CompressionMethod>;
  /** Whether a client takes tickets, and a server that has keys for them gives them (RFC 5077). */
  readonly sessionTickets: boolean;
  /** Bytes that a client asks for as the most in a record (RFC 6066 §4); `undefined`: the usual 2^14. */
  readonly maxFragmentLength: 512 | 1024 | 2048 | 4096 | undefined;
  /** Whether a client asks for a stapled OCSP response (RFC 6066 §8). */
  readonly requestOcsp: boolean;
  /** Whether a client asks for signed certificate timestamps (RFC 6962 §3.3). */
  readonly requestScts: boolean;
  /** Whether a peer without extended_master_secret is refused altogether (RFC 7627 §5.2). */
  readonly requireExtendedMasterSecret: boolean;
  /** Whether a session without the extended master secret may be resumed (RFC 7627 §5.3), in a renegotiation too. */
  readonly resumeWithoutExtendedMasterSecret: boolean;
  /** Whether keys are exported and channels bound without it, which an attacker can make another's (RFC 7627 §5.4). */
  readonly bindWithoutExtendedMasterSecret: boolean;
  /** Whether a server without RFC 5746 is refused by a client (RFC 5746 §4.1). */
  readonly requireSecureRenegotiation: boolean;
  /** What becomes of the peer's wish to renegotiate; ours is told by `Connection.renegotiate`. */
  readonly renegotiation: RenegotiationPolicy;
  /**
   * Whether renegotiation, the peer's or ours, goes on without protection: with a peer without RFC 5746 (§4.2, §4.4), or
   * after a session without the extended master secret was resumed (RFC 7627 §5.4).
   */
  readonly insecureRenegotiation: boolean;
  /**
   * What tells a peer that a certificate of its chain is no DER of one: `bad_certificate`, as RFC 5246 §7.2.2 has it for
   * one that is corrupt (the message that carries it was decoded), or `decode_error`, as BoringSSL has it.
   */
  readonly corruptCertificateAlert: "bad_certificate" | "decode_error";
  /** Whether a server may show another certificate in a renegotiation (the triple handshake needs that). */
  readonly serverMayChangeCertificate: boolean;
  /** What a peer may cost, and how long things may take. */
  readonly limits: Limits;
}

/** Generous to any honest peer. */
export const limits: Limits = {
  // The longest ClientHello that there can be.
  handshakeMessage: 131_396,
  certificateMessage: 256 * 1024,
  emptyRecords: 32,
  warningAlerts: 4,
  helloRequests: 4,
  // 2^23 blocks: far from where blocks of 64 bits begin to repeat (RFC 9325 §4.4, the attack Sweet32).
  shortBlockData: 64 * 1024 * 1024,
  handshakeTimeout: 30_000,
  firstByteTimeout: 5_000,
  closeWait: 1_000,
  writeWait: 5_000,
  storeWait: 200,
  renegotiationBuffer: 128 * 1024,
  renegotiations: 8,
  renegotiationWindow: 60_000,
  renegotiationWait: 10_000,
  sessionLifetime: 86_400_000,
};

/** Every suite that can be spoken, the best first: also those that no policy names. */
export const everySuite: ReadonlyArray<CipherSuite> = [...suites.keys()];

const suitesThat = (are: (suite: Suite) => boolean): ReadonlyArray<CipherSuite> =>
  [...suites.values()].filter((suite) => suite.authentication !== "anonymous" && are(suite)).map(({ id }) =>
    id
  );

const usesAes = ({ cipher }: Suite): boolean =>
  cipher._tag === "aead" || (cipher._tag === "cbc" && cipher.block === 16);
const encrypts = ({ cipher }: Suite): boolean => cipher._tag !== "stream" || cipher.cipher !== undefined;

/** The default: TLS 1.2, AEAD, forward secrecy. */
export const modern: Policy = frozen({
  versions: [ProtocolVersion.TLS_1_2],
  cipherSuites: suitesThat(({ exchange, cipher }) => exchange !== "rsa" && cipher._tag === "aead"),
  groups: [
    NamedGroup.x25519,
    NamedGroup.secp256r1,
    NamedGroup.secp384r1,
    NamedGroup.secp521r1,
    NamedGroup.ffdhe2048,
    NamedGroup.ffdhe3072,
    NamedGroup.ffdhe4096,
  ],
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
  minimumDhPrimeBits: 2048,
  encryptThenMac: true,
  splitRecords: true,
  sslv2Hello: false,
  compressionMethods: [CompressionMethod.null],
  sessionTickets: true,
  maxFragmentLength: undefined,
  requestOcsp: true,
  requestScts: true,
  requireExtendedMasterSecret: false,
  resumeWithoutExtendedMasterSecret: false,
  bindWithoutExtendedMasterSecret: false,
  requireSecureRenegotiation: true,
  renegotiation: "refuse",
  insecureRenegotiation: false,
  corruptCertificateAlert: "bad_certificate",
  serverMayChangeCertificate: false,
  limits,
});

/** Adds TLS 1.0 and 1.1, CBC, SHA-1 signatures, renegotiation, and RSA key transport, which has no forward secrecy. */
export const compatible: Policy = frozen({
  ...modern,
  versions: [ProtocolVersion.TLS_1_2, ProtocolVersion.TLS_1_1, ProtocolVersion.TLS_1_0],
  cipherSuites: suitesThat(usesAes),
  signatureSchemes: [
    ...modern.signatureSchemes,
    SignatureScheme.ecdsa_sha1,
    SignatureScheme.rsa_pkcs1_sha1,
  ],
  sslv2Hello: true,
  renegotiation: "allow",
});

/** Adds what is broken: SSL 3.0, 3DES, RC4, DEFLATE, short primes, and peers without RFC 5746 and RFC 7627. */
export const legacy: Policy = frozen({
  ...compatible,
  versions: [...compatible.versions, ProtocolVersion.SSL_3_0],
  cipherSuites: suitesThat(encrypts),
  compressionMethods: [CompressionMethod.DEFLATE, CompressionMethod.null],
  minimumDhPrimeBits: 1024,
  resumeWithoutExtendedMasterSecret: true,
  requireSecureRenegotiation: false,
});
