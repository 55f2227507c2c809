/** IANA "TLS SignatureScheme", including the hash and signature pairs of TLS 1.2. @module */
import { type Enumerated, enumerated } from "../wire/schema.ts";

const members = {
  rsa_pkcs1_md5: 0x0101,
  dsa_md5: 0x0102,
  ecdsa_md5: 0x0103,
  rsa_pkcs1_sha1: 0x0201,
  dsa_sha1: 0x0202,
  ecdsa_sha1: 0x0203,
  rsa_pkcs1_sha224: 0x0301,
  dsa_sha224: 0x0302,
  ecdsa_sha224: 0x0303,
  rsa_pkcs1_sha256: 0x0401,
  dsa_sha256: 0x0402,
  ecdsa_secp256r1_sha256: 0x0403,
  rsa_pkcs1_sha256_legacy: 0x0420,
  rsa_pkcs1_sha384: 0x0501,
  dsa_sha384: 0x0502,
  ecdsa_secp384r1_sha384: 0x0503,
  rsa_pkcs1_sha384_legacy: 0x0520,
  rsa_pkcs1_sha512: 0x0601,
  dsa_sha512: 0x0602,
  ecdsa_secp521r1_sha512: 0x0603,
  rsa_pkcs1_sha512_legacy: 0x0620,
  eccsi_sha256: 0x0704,
  iso_ibs1: 0x0705,
  iso_ibs2: 0x0706,
  iso_chinese_ibs: 0x0707,
  sm2sig_sm3: 0x0708,
  gostr34102012_256a: 0x0709,
  gostr34102012_256b: 0x070a,
  gostr34102012_256c: 0x070b,
  gostr34102012_256d: 0x070c,
  gostr34102012_512a: 0x070d,
  gostr34102012_512b: 0x070e,
  gostr34102012_512c: 0x070f,
  rsa_pss_rsae_sha256: 0x0804,
  rsa_pss_rsae_sha384: 0x0805,
  rsa_pss_rsae_sha512: 0x0806,
  ed25519: 0x0807,
  ed448: 0x0808,
  rsa_pss_pss_sha256: 0x0809,
  rsa_pss_pss_sha384: 0x080a,
  rsa_pss_pss_sha512: 0x080b,
  ecdsa_brainpoolP256r1tls13_sha256: 0x081a,
  ecdsa_brainpoolP384r1tls13_sha384: 0x081b,
  ecdsa_brainpoolP512r1tls13_sha512: 0x081c,
  mldsa44: 0x0904,
  mldsa65: 0x0905,
  mldsa87: 0x0906,
  rsa_pkcs1_md5_sha1: 0xff01,
} as const;
/** The type of the registry `SignatureScheme`: its members are properties. */
export interface SignatureSchemeRegistry extends Enumerated<"SignatureScheme", typeof members> {}
/**
 * `enum { … } SignatureScheme` (RFC 8446 §4.2.3). In TLS 1.2 these two bytes are a SignatureAndHashAlgorithm
 * (RFC 5246 §7.4.1.4.1), so the pairs that TLS 1.3 dropped have names in the same style.
 *
 * `rsa_pkcs1_md5_sha1` is a private-use number and never goes on the wire. It stands for RSA signatures before TLS
 * 1.2: an MD5 and a SHA-1 hash, 36 bytes, under PKCS #1 block type 1 without a DigestInfo (RFC 4346 §4.7). Sign and
 * verify take those 36 bytes as their data, because SSL 3.0 computes the hashes differently.
 */
export const SignatureScheme: SignatureSchemeRegistry = enumerated("SignatureScheme", 2, members);
/** A signature scheme's number, registered or not. */
export type SignatureScheme = typeof SignatureScheme.Type;
