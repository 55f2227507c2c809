/** A row for each cipher suite: its parts, and the version from which it exists. @module */
import { CipherSuite } from "../names/cipher_suite.ts";
import { ProtocolVersion } from "../names/protocol.ts";
import type { HashName } from "../ports/crypto.ts";
import type { AeadRow, CbcRow, CipherRow, StreamRow } from "../record/protection/cipher.ts";
import type { Authentication } from "./key_kinds.ts";

/** A cipher suite. A handshake looks it up once, after ServerHello. */
export interface Suite {
  readonly id: CipherSuite;
  readonly exchange: "rsa" | "dhe" | "ecdhe";
  /** The kind of key in the server's certificate; an anonymous server shows none. */
  readonly authentication: Authentication["certifies"] | "anonymous";
  readonly cipher: CipherRow;
  /** The hash of the PRF and of Finished in TLS 1.2 (RFC 5246 §5). Earlier versions have no choice. */
  readonly hash: HashName;
  readonly since: ProtocolVersion;
}

const AES_128_GCM: AeadRow = { _tag: "aead", aead: "aes_128_gcm", key: 16 };
const AES_256_GCM: AeadRow = { _tag: "aead", aead: "aes_256_gcm", key: 32 };
const CHACHA20: AeadRow = { _tag: "aead", aead: "chacha20_poly1305", key: 32 };

const aes128 = (mac: HashName): CbcRow => ({ _tag: "cbc", cipher: "aes_128_cbc", key: 16, block: 16, mac });
const aes256 = (mac: HashName): CbcRow => ({ _tag: "cbc", cipher: "aes_256_cbc", key: 32, block: 16, mac });
const tripleDes: CbcRow = { _tag: "cbc", cipher: "3des_ede_cbc", key: 24, block: 8, mac: "sha1" };
const rc4 = (mac: HashName): StreamRow => ({ _tag: "stream", cipher: "rc4_128", key: 16, mac });
const none = (mac: HashName): StreamRow => ({ _tag: "stream", cipher: undefined, key: 0, mac });

const C = CipherSuite;
const SSL = ProtocolVersion.SSL_3_0;
const TLS12 = ProtocolVersion.TLS_1_2;

type Row = readonly [
  CipherSuite,
  Suite["exchange"],
  Suite["authentication"],
  CipherRow,
  HashName,
  ProtocolVersion,
];

/**
 * The suites, the best first: those with forward secrecy, then authenticated encryption, then the rest by age.
 *
 * RFC 5246 §A.5, RFC 5288 §3, RFC 5289 §3, RFC 7905 §2, RFC 3268, RFC 4492 §6. Suites that name a hash of SHA-2 need TLS 1.2.
 * No standard has AES and curves in SSL 3.0, but every program that still speaks it has them.
 */
// deno-fmt-ignore
const rows: ReadonlyArray<Row> = [
  [C.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,       "ecdhe", "ecdsa",     AES_128_GCM,      "sha256", TLS12],
  [C.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,         "ecdhe", "rsa",       AES_128_GCM,      "sha256", TLS12],
  [C.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ecdhe", "ecdsa",     CHACHA20,         "sha256", TLS12],
  [C.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,   "ecdhe", "rsa",       CHACHA20,         "sha256", TLS12],
  [C.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,       "ecdhe", "ecdsa",     AES_256_GCM,      "sha384", TLS12],
  [C.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,         "ecdhe", "rsa",       AES_256_GCM,      "sha384", TLS12],
  [C.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,           "dhe",   "rsa",       AES_128_GCM,      "sha256", TLS12],
  [C.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,     "dhe",   "rsa",       CHACHA20,         "sha256", TLS12],
  [C.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,           "dhe",   "rsa",       AES_256_GCM,      "sha384", TLS12],
  [C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,       "ecdhe", "ecdsa",     aes128("sha256"), "sha256", TLS12],
  [C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,         "ecdhe", "rsa",       aes128("sha256"), "sha256", TLS12],
  [C.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,       "ecdhe", "ecdsa",     aes256("sha384"), "sha384", TLS12],
  [C.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,         "ecdhe", "rsa",       aes256("sha384"), "sha384", TLS12],
  [C.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,          "ecdhe", "ecdsa",     aes128("sha1"),   "sha256", SSL],
  [C.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,            "ecdhe", "rsa",       aes128("sha1"),   "sha256", SSL],
  [C.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,          "ecdhe", "ecdsa",     aes256("sha1"),   "sha256", SSL],
  [C.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,            "ecdhe", "rsa",       aes256("sha1"),   "sha256", SSL],
  [C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,           "dhe",   "rsa",       aes128("sha256"), "sha256", TLS12],
  [C.TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,           "dhe",   "rsa",       aes256("sha256"), "sha256", TLS12],
  [C.TLS_DHE_RSA_WITH_AES_128_CBC_SHA,              "dhe",   "rsa",       aes128("sha1"),   "sha256", SSL],
  [C.TLS_DHE_RSA_WITH_AES_256_CBC_SHA,              "dhe",   "rsa",       aes256("sha1"),   "sha256", SSL],
  [C.TLS_RSA_WITH_AES_128_GCM_SHA256,               "rsa",   "rsa",       AES_128_GCM,      "sha256", TLS12],
  [C.TLS_RSA_WITH_AES_256_GCM_SHA384,               "rsa",   "rsa",       AES_256_GCM,      "sha384", TLS12],
  [C.TLS_RSA_WITH_AES_128_CBC_SHA256,               "rsa",   "rsa",       aes128("sha256"), "sha256", TLS12],
  [C.TLS_RSA_WITH_AES_256_CBC_SHA256,               "rsa",   "rsa",       aes256("sha256"), "sha256", TLS12],
  [C.TLS_RSA_WITH_AES_128_CBC_SHA,                  "rsa",   "rsa",       aes128("sha1"),   "sha256", SSL],
  [C.TLS_RSA_WITH_AES_256_CBC_SHA,                  "rsa",   "rsa",       aes256("sha1"),   "sha256", SSL],
  [C.TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA,         "ecdhe", "ecdsa",     tripleDes,        "sha256", SSL],
  [C.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,           "ecdhe", "rsa",       tripleDes,        "sha256", SSL],
  [C.TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA,             "dhe",   "rsa",       tripleDes,        "sha256", SSL],
  [C.TLS_RSA_WITH_3DES_EDE_CBC_SHA,                 "rsa",   "rsa",       tripleDes,        "sha256", SSL],
  [C.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA,              "ecdhe", "ecdsa",     rc4("sha1"),      "sha256", SSL],
  [C.TLS_ECDHE_RSA_WITH_RC4_128_SHA,                "ecdhe", "rsa",       rc4("sha1"),      "sha256", SSL],
  [C.TLS_RSA_WITH_RC4_128_SHA,                      "rsa",   "rsa",       rc4("sha1"),      "sha256", SSL],
  [C.TLS_RSA_WITH_RC4_128_MD5,                      "rsa",   "rsa",       rc4("md5"),       "sha256", SSL],
  [C.TLS_DH_anon_WITH_AES_128_GCM_SHA256,           "dhe",   "anonymous", AES_128_GCM,      "sha256", TLS12],
  [C.TLS_DH_anon_WITH_AES_256_GCM_SHA384,           "dhe",   "anonymous", AES_256_GCM,      "sha384", TLS12],
  [C.TLS_DH_anon_WITH_AES_128_CBC_SHA256,           "dhe",   "anonymous", aes128("sha256"), "sha256", TLS12],
  [C.TLS_DH_anon_WITH_AES_256_CBC_SHA256,           "dhe",   "anonymous", aes256("sha256"), "sha256", TLS12],
  [C.TLS_ECDH_anon_WITH_AES_128_CBC_SHA,            "ecdhe", "anonymous", aes128("sha1"),   "sha256", SSL],
  [C.TLS_ECDH_anon_WITH_AES_256_CBC_SHA,            "ecdhe", "anonymous", aes256("sha1"),   "sha256", SSL],
  [C.TLS_DH_anon_WITH_AES_128_CBC_SHA,              "dhe",   "anonymous", aes128("sha1"),   "sha256", SSL],
  [C.TLS_DH_anon_WITH_AES_256_CBC_SHA,              "dhe",   "anonymous", aes256("sha1"),   "sha256", SSL],
  [C.TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA,           "ecdhe", "anonymous", tripleDes,        "sha256", SSL],
  [C.TLS_DH_anon_WITH_3DES_EDE_CBC_SHA,             "dhe",   "anonymous", tripleDes,        "sha256", SSL],
  [C.TLS_ECDH_anon_WITH_RC4_128_SHA,                "ecdhe", "anonymous", rc4("sha1"),      "sha256", SSL],
  [C.TLS_DH_anon_WITH_RC4_128_MD5,                  "dhe",   "anonymous", rc4("md5"),       "sha256", SSL],
  [C.TLS_ECDHE_ECDSA_WITH_NULL_SHA,                 "ecdhe", "ecdsa",     none("sha1"),     "sha256", SSL],
  [C.TLS_ECDHE_RSA_WITH_NULL_SHA,                   "ecdhe", "rsa",       none("sha1"),     "sha256", SSL],
  [C.TLS_ECDH_anon_WITH_NULL_SHA,                   "ecdhe", "anonymous", none("sha1"),     "sha256", SSL],
  [C.TLS_RSA_WITH_NULL_SHA256,                      "rsa",   "rsa",       none("sha256"),   "sha256", TLS12],
  [C.TLS_RSA_WITH_NULL_SHA,                         "rsa",   "rsa",       none("sha1"),     "sha256", SSL],
  [C.TLS_RSA_WITH_NULL_MD5,                         "rsa",   "rsa",       none("md5"),      "sha256", SSL],
];

/** Every cipher suite that this library has, by number, the best first. */
export const suites: ReadonlyMap<CipherSuite, Suite> = new Map(
  rows.map(([id, exchange, authentication, cipher, hash, since]) => [
    id,
    { id, exchange, authentication, cipher, hash, since },
  ]),
);
