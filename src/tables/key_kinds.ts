/** What each kind of key can sign, and which cipher suites and client certificate types it is for. @module */
import { bitLength } from "../crypto/ffdhe.ts";
import { ClientCertificateType } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import type { Credential } from "../ports/credentials.ts";
import type { PublicKey } from "../ports/crypto.ts";

/** How the holder of a certificate's key proves that it has the key. */
export interface Authentication {
  readonly name: "rsa" | "ecdsa" | "eddsa";
  /** The `authentication` of the suites whose server certificate may have such a key. */
  readonly certifies: "rsa" | "ecdsa";
  /** The type of such a certificate in a CertificateRequest (RFC 5246 §7.4.4, RFC 8422 §5.5). */
  readonly certificateType: ClientCertificateType;
  /** Whether such a key can make signatures of a scheme. */
  readonly makes: (scheme: SignatureScheme, key: PublicKey) => boolean;
}

const among = (...schemes: ReadonlyArray<SignatureScheme>) => {
  const set = new Set(schemes);
  return (scheme: SignatureScheme): boolean => set.has(scheme);
};

const S = SignatureScheme;

/** The least bits of a modulus for a PKCS #1 signature: eleven bytes and the DigestInfo (RFC 8017 §9.2). */
const pkcs1Bits = (digestInfo: number): number => 8 * (10 + digestInfo) + 1;
/** The least bits of a modulus for a PSS signature: two hashes and two bytes, in one bit less (RFC 8017 §9.1.1). */
const pssBits = (hash: number): number => 8 * (2 * hash + 1) + 2;

/** The least bits of a modulus, by signature scheme. */
const leastBits = new Map<SignatureScheme, number>([
  [S.rsa_pkcs1_md5_sha1, pkcs1Bits(36)],
  [S.rsa_pkcs1_sha1, pkcs1Bits(15 + 20)],
  [S.rsa_pkcs1_sha256, pkcs1Bits(19 + 32)],
  [S.rsa_pkcs1_sha384, pkcs1Bits(19 + 48)],
  [S.rsa_pkcs1_sha512, pkcs1Bits(19 + 64)],
  [S.rsa_pss_rsae_sha256, pssBits(32)],
  [S.rsa_pss_rsae_sha384, pssBits(48)],
  [S.rsa_pss_rsae_sha512, pssBits(64)],
  [S.rsa_pss_pss_sha256, pssBits(32)],
  [S.rsa_pss_pss_sha384, pssBits(48)],
  [S.rsa_pss_pss_sha512, pssBits(64)],
]);

/** Whether a key is long enough for signatures of a scheme. */
export const hasRoomFor = (scheme: SignatureScheme, key: PublicKey): boolean =>
  !("modulus" in key) || bitLength(key.modulus) >= (leastBits.get(scheme) ?? 0);

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

/** The authentications, by kind of key. In TLS 1.2 an ECDSA scheme names a hash and no curve (RFC 8446 §4.2.3). */
const authentications: Record<PublicKey["_tag"], Authentication> = {
  rsa: {
    name: "rsa",
    certifies: "rsa",
    certificateType: ClientCertificateType.rsa_sign,
    makes: (scheme, key) => pkcs1OrPss(scheme) && hasRoomFor(scheme, key),
  },
  rsa_pss: {
    name: "rsa",
    certifies: "rsa",
    certificateType: ClientCertificateType.rsa_sign,
    makes: (scheme, key) => pss(scheme) && hasRoomFor(scheme, key),
  },
  ecdsa: {
    name: "ecdsa",
    certifies: "ecdsa",
    certificateType: ClientCertificateType.ecdsa_sign,
    makes: among(S.ecdsa_sha1, S.ecdsa_secp256r1_sha256, S.ecdsa_secp384r1_sha384, S.ecdsa_secp521r1_sha512),
  },
  ed25519: {
    name: "eddsa",
    certifies: "ecdsa", // RFC 8422 §5.10
    certificateType: ClientCertificateType.ecdsa_sign,
    makes: among(S.ed25519),
  },
  ed448: {
    name: "eddsa",
    certifies: "ecdsa", // RFC 8422 §5.10
    certificateType: ClientCertificateType.ecdsa_sign,
    makes: among(S.ed448),
  },
};

/** Whether a server that asks for certificates of these types asks for this key's. A server that names none asks for any. */
export const isAskedFor = (key: PublicKey, types: ReadonlyArray<ClientCertificateType>): boolean =>
  types.length === 0 || types.includes(authenticationOf(key).certificateType);

/** The authentication that a key is for. */
export const authenticationOf = (key: PublicKey): Authentication => authentications[key._tag];

/** The schemes that a credential signs with, the best first, of those that its key can make and both ends allow. */
export const signedWith = (
  { schemes }: Credential,
  possible: ReadonlyArray<SignatureScheme>,
): ReadonlyArray<SignatureScheme> => schemes?.filter((s) => possible.includes(s)) ?? possible;
