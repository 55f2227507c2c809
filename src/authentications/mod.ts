/** What a kind of key can sign, and which suites and client certificate types it is for. @module */
import { ClientCertificateType } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { PublicKey } from "../services/crypto.ts";
import type { Suite } from "../suites.ts";

/** A way to prove that one has a certificate's key. */
export interface Authentication {
  readonly name: "rsa" | "ecdsa" | "eddsa";
  /** The suites whose server certificate may hold such a key. */
  readonly suites: Suite["authentication"];
  /** What a CertificateRequest calls it (RFC 5246 §7.4.4, RFC 8422 §5.5). */
  readonly certificateType: ClientCertificateType;
  /** Whether such a key can make this signature at all. */
  readonly makes: (scheme: SignatureScheme, key: PublicKey) => boolean;
}

const among = (...schemes: ReadonlyArray<SignatureScheme>) => {
  const set = new Set(schemes);
  return (scheme: SignatureScheme): boolean => set.has(scheme);
};

const S = SignatureScheme;

/** Bytes that a modulus needs at least, by PSS scheme: two hashes and two bytes (RFC 8017 §9.1.1). */
const pssLength = new Map<SignatureScheme, number>([
  [S.rsa_pss_rsae_sha256, 66],
  [S.rsa_pss_rsae_sha384, 98],
  [S.rsa_pss_rsae_sha512, 130],
  [S.rsa_pss_pss_sha256, 66],
  [S.rsa_pss_pss_sha384, 98],
  [S.rsa_pss_pss_sha512, 130],
]);
const longEnough = (scheme: SignatureScheme, key: PublicKey): boolean =>
  (key._tag === "rsa" || key._tag === "rsa_pss") && key.modulus.length >= (pssLength.get(scheme) ?? 0);

const pkcs1OrPss = among(
  S.rsa_pkcs1_sha1,
  S.rsa_pkcs1_sha256,
  S.rsa_pkcs1_sha384,
  S.rsa_pkcs1_sha512,
  S.rsa_pss_rsae_sha256,
  S.rsa_pss_rsae_sha384,
  S.rsa_pss_rsae_sha512,
);
const pss = among(S.rsa_pss_pss_sha256, S.rsa_pss_pss_sha384, S.rsa_pss_pss_sha512);

/** By kind of key. In TLS 1.2 an ECDSA scheme binds a hash and no curve (RFC 8446 §4.2.3). */
const authentications: Record<PublicKey["_tag"], Authentication> = {
  rsa: {
    name: "rsa",
    suites: "rsa",
    certificateType: ClientCertificateType.rsa_sign,
    makes: (scheme, key) => pkcs1OrPss(scheme) && longEnough(scheme, key),
  },
  rsa_pss: {
    name: "rsa",
    suites: "rsa",
    certificateType: ClientCertificateType.rsa_sign,
    makes: (scheme, key) => pss(scheme) && longEnough(scheme, key),
  },
  ecdsa: {
    name: "ecdsa",
    suites: "ecdsa",
    certificateType: ClientCertificateType.ecdsa_sign,
    makes: among(S.ecdsa_sha1, S.ecdsa_secp256r1_sha256, S.ecdsa_secp384r1_sha384, S.ecdsa_secp521r1_sha512),
  },
  ed25519: {
    name: "eddsa",
    suites: "ecdsa", // RFC 8422 §5.10
    certificateType: ClientCertificateType.ecdsa_sign,
    makes: among(S.ed25519),
  },
};

/** How a key authenticates. */
export const authenticationOf = (key: PublicKey): Authentication => authentications[key._tag];
