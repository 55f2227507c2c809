/** What an end is willing to speak, as data. Weak algorithms are off until a policy names them. @module */
import type { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import {
  CertificateCompressionAlgorithm,
  CompressionMethod,
  ProtocolVersion,
  PskKeyExchangeMode,
} from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { RecordOptions } from "../record/limits.ts";
import { frozen } from "./frozen.ts";
import { type Limits, limits } from "./limits.ts";
import { type Suite, suites } from "./suites.ts";
import { suites13 } from "./suites13.ts";

/**
 * What happens when the peer wants to renegotiate. `allow`: it does. `refuse`: it gets the warning no_renegotiation, and the
 * connection goes on (in SSL 3.0, which has no such warning, it ends). `close`: it gets that alert as a fatal one. `ignore`: nothing (RFC 5246 §7.2.2, §7.4.1.1).
 */
export type RenegotiationPolicy = "allow" | "refuse" | "close" | "ignore";

/** What an end is willing to speak. In each list, the best comes first. */
export interface Policy extends RecordOptions {
  /** The protocol versions. A version is spoken only if one of the cipher suites exists in it. */
  readonly versions: ReadonlyArray<ProtocolVersion>;
  /** The cipher suites that a client offers and a server chooses from; each in the versions that have it. */
  readonly cipherSuites: ReadonlyArray<CipherSuite>;
  /** The groups for key exchange and, in TLS 1.2, for the keys of ECDSA certificates (RFC 8422 §5.1.1). */
  readonly groups: ReadonlyArray<NamedGroup>;
  /** The signature schemes from TLS 1.2 on. In earlier versions RSA signs MD5 and SHA-1, and ECDSA signs SHA-1. */
  readonly signatureSchemes: ReadonlyArray<SignatureScheme>;
  /**
   * The signature schemes that this end asks for in certificates, if they are others than `signatureSchemes`; empty if not
   * (RFC 8446 §4.2.3). What is accepted of a chain is for the trust layer to say.
   */
  readonly certificateSchemes: ReadonlyArray<SignatureScheme>;
  /** The shortest Diffie-Hellman prime, in bits, that a client accepts of a server. */
  readonly minimumDhPrimeBits: number;
  /** Whether CBC suites encrypt first and then MAC, if the peer can (RFC 7366). */
  readonly encryptThenMac: boolean;
  /**
   * The compression methods of TLS 1.2 and earlier. A client always offers null as well (RFC 5246 §7.4.1.2), and nothing else
   * if it offers TLS 1.3 (RFC 8446 §4.1.2).
   */
  readonly compressionMethods: ReadonlyArray<CompressionMethod>;
  /**
   * TLS 1.3: the algorithms by which certificate chains may be compressed, the peer's and ours; empty for none (RFC 8879).
   * Those that `CertificateCompression` does not have are left out.
   */
  readonly certificateCompression: ReadonlyArray<CertificateCompressionAlgorithm>;
  /** Whether a client takes session tickets, and a server gives them if it has keys for them (RFC 5077, RFC 8446 §4.6.1). */
  readonly sessionTickets: boolean;
  /**
   * TLS 1.3: how a pre-shared key is used, that of a ticket as well. `psk_dhe_ke` adds a key exchange; `psk_ke` does not, and
   * has no forward secrecy (RFC 8446 §4.2.9). Empty: no tickets, no resumption.
   */
  readonly pskKeyExchangeModes: ReadonlyArray<PskKeyExchangeMode>;
  /** The most bytes in a record that a client asks for (RFC 6066 §4); `undefined` for the usual 2^14. */
  readonly maxFragmentLength: 512 | 1024 | 2048 | 4096 | undefined;
  /**
   * The most bytes in a record of the peer's, 64 to 16,385 (RFC 8449 §4), in TLS 1.3 with the byte for its content type. A
   * client asks for it if it is given, a server says it to a client that asks; `undefined` for no limit but the protocol's.
   */
  readonly recordSizeLimit: number | undefined;
  /**
   * TLS 1.3: records are padded to a multiple of so many bytes, 2 to 16,384, against who guesses from lengths (RFC 8446
   * §5.4); `undefined` for no padding. With 16,384 all records are equally long.
   */
  readonly recordPadding: number | undefined;
  /**
   * Whether values that mean nothing are offered among the others (RFC 8701): by a client in its hello, by a server of TLS
   * 1.3 in its tickets. It shows which peers cannot bear what they do not know.
   */
  readonly grease: boolean;
  /** Whether a client asks for a stapled OCSP response (RFC 6066 §8). */
  readonly requestOcsp: boolean;
  /** Whether a client asks for signed certificate timestamps (RFC 6962 §3.3). */
  readonly requestScts: boolean;
  /**
   * TLS 1.3: whether a client names the authorities that it trusts, if its trust layer does, so that a server can choose
   * among its certificates (RFC 8446 §4.2.4). Whoever listens learns which these are.
   */
  readonly sendAuthorities: boolean;
  /**
   * What a client does if a server names authorities and none of them has certified our certificate: `hold` it back, with a
   * warning in the log, or `show` it, because many servers accept more than they name.
   */
  readonly unlistedCertificate: "hold" | "show";
  /** Either end: whether a peer without the extended master secret is refused (RFC 7627 §5.2). */
  readonly requireExtendedMasterSecret: boolean;
  /** Whether a session without the extended master secret may be resumed, in a renegotiation as well (RFC 7627 §5.3). */
  readonly resumeWithoutExtendedMasterSecret: boolean;
  /**
   * Whether keys are exported and channels bound on a connection without the extended master secret. An attacker can make
   * two such connections share their keys (RFC 7627 §5.4).
   */
  readonly bindWithoutExtendedMasterSecret: boolean;
  /** Whether a client refuses a server that does not know secure renegotiation (RFC 5746 §4.1). */
  readonly requireSecureRenegotiation: boolean;
  /**
   * What happens when the peer wants to renegotiate. `allow` counts as `refuse` if that is unsafe (`insecureRenegotiation`).
   * Renegotiations that this end begins are not affected.
   */
  readonly renegotiation: RenegotiationPolicy;
  /**
   * Whether renegotiation, the peer's or ours, is allowed without protection: with a peer that does not know secure
   * renegotiation (RFC 5746 §4.2, §4.4), or after a session without the extended master secret was resumed (RFC 7627 §5.4).
   */
  readonly insecureRenegotiation: boolean;
  /**
   * The alert for a certificate that cannot be parsed: `bad_certificate`, as RFC 5246 §7.2.2 says of corrupt ones, or
   * `decode_error`, as BoringSSL sends.
   */
  readonly corruptCertificateAlert: "bad_certificate" | "decode_error";
  /** Whether a server may show another certificate in a renegotiation, which the triple handshake attack needs. */
  readonly serverMayChangeCertificate: boolean;
  /** Limits on what a peer may send, and on how long things may take. */
  readonly limits: Limits;
}

/** Every cipher suite that this library has, the best first, including those that no policy names. */
export const everySuite: ReadonlyArray<CipherSuite> = [...suites13.keys(), ...suites.keys()];

/** Every group that the providers of this library have, including those that no policy names. */
export const everyGroup: ReadonlyArray<NamedGroup> = [
  NamedGroup.X25519MLKEM768,
  NamedGroup.SecP256r1MLKEM768,
  NamedGroup.x25519,
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
  NamedGroup.x448,
  NamedGroup.ffdhe2048,
  NamedGroup.ffdhe3072,
  NamedGroup.ffdhe4096,
  NamedGroup.ffdhe6144,
  NamedGroup.ffdhe8192,
];

const suitesThat = (are: (suite: Suite) => boolean): ReadonlyArray<CipherSuite> =>
  [...suites.values()].filter((suite) => suite.authentication !== "anonymous" && are(suite)).map(({ id }) =>
    id
  );

const usesAes = ({ cipher }: Suite): boolean =>
  cipher._tag === "aead" || (cipher._tag === "cbc" && cipher.block === 16);
const encrypts = ({ cipher }: Suite): boolean => cipher._tag !== "stream" || cipher.cipher !== undefined;

/** The suites of TLS 1.3 that are used without being named: CCM is for small devices, and CCM_8 has a short tag. */
const suitesOf13: ReadonlyArray<CipherSuite> = [...suites13.values()].filter(({ aead }) => !/ccm/.test(aead))
  .map(({ id }) => id);

const curves = [
  NamedGroup.secp256r1,
  NamedGroup.secp384r1,
  NamedGroup.secp521r1,
];
const fields = [NamedGroup.ffdhe2048, NamedGroup.ffdhe3072, NamedGroup.ffdhe4096];

/**
 * The default policy: TLS 1.3 and TLS 1.2, authenticated encryption, forward secrecy. The key exchange of TLS 1.3 withstands
 * a quantum computer if the peer has X25519MLKEM768.
 */
export const modern: Policy = frozen({
  versions: [ProtocolVersion.TLS_1_3, ProtocolVersion.TLS_1_2],
  cipherSuites: [
    ...suitesOf13,
    ...suitesThat(({ exchange, cipher }) => exchange !== "rsa" && cipher._tag === "aead"),
  ],
  groups: [NamedGroup.X25519MLKEM768, NamedGroup.x25519, ...curves, ...fields],
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
  certificateSchemes: [],
  minimumDhPrimeBits: 2048,
  encryptThenMac: true,
  splitRecords: true,
  sslv2Hello: false,
  compressionMethods: [CompressionMethod.null],
  // The smallest chains first.
  certificateCompression: [
    CertificateCompressionAlgorithm.brotli,
    CertificateCompressionAlgorithm.zstd,
    CertificateCompressionAlgorithm.zlib,
  ],
  sessionTickets: true,
  pskKeyExchangeModes: [PskKeyExchangeMode.psk_dhe_ke],
  maxFragmentLength: undefined,
  recordSizeLimit: undefined,
  recordPadding: undefined,
  grease: false,
  requestOcsp: true,
  requestScts: true,
  sendAuthorities: false,
  unlistedCertificate: "hold",
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

/**
 * The policy for older peers. It adds to `modern` TLS 1.0 and 1.1, CBC, SHA-1 signatures, renegotiation, RSA key transport,
 * which has no forward secrecy, and a ClientHello in the format of SSL 2.0. A client's hello has no share with a KEM, which
 * would make it longer than some old peers can read; a server that wants one asks for it.
 */
export const compatible: Policy = frozen({
  ...modern,
  versions: [...modern.versions, ProtocolVersion.TLS_1_1, ProtocolVersion.TLS_1_0],
  cipherSuites: [...suitesOf13, ...suitesThat(usesAes)],
  groups: [NamedGroup.x25519, NamedGroup.X25519MLKEM768, ...curves, ...fields],
  signatureSchemes: [
    ...modern.signatureSchemes,
    SignatureScheme.ecdsa_sha1,
    SignatureScheme.rsa_pkcs1_sha1,
  ],
  sslv2Hello: true,
  renegotiation: "allow",
});

/**
 * The policy for peers that nothing else reaches. It adds to `compatible` what is broken: SSL 3.0, 3DES, RC4, DEFLATE, short
 * primes, servers without secure renegotiation (RFC 5746), and resumption without the extended master secret (RFC 7627).
 */
export const legacy: Policy = frozen({
  ...compatible,
  versions: [...compatible.versions, ProtocolVersion.SSL_3_0],
  cipherSuites: [...suitesOf13, ...suitesThat(encrypts)],
  compressionMethods: [CompressionMethod.DEFLATE, CompressionMethod.null],
  minimumDhPrimeBits: 1024,
  resumeWithoutExtendedMasterSecret: true,
  requireSecureRenegotiation: false,
});
