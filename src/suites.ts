/** A row for each cipher suite: what it is made of, and from which version it exists. @module */
import { CipherSuite } from "./names/cipher_suite.ts";
import { ProtocolVersion } from "./names/protocol.ts";
import { type NonceForm, nonceForms } from "./record/aead.ts";
import type { AeadName, HashName } from "./services/crypto.ts";

/** How a suite protects records. */
export interface AeadRow {
  readonly aead: AeadName;
  /** Bytes of key. */
  readonly key: number;
  readonly nonce: NonceForm;
}

/** A cipher suite, looked up once after ServerHello. */
export interface Suite {
  readonly id: CipherSuite;
  readonly exchange: "rsa" | "ecdhe";
  /** The kind of signature, or of key, that the server's certificate is for. */
  readonly authentication: "rsa" | "ecdsa";
  readonly cipher: AeadRow;
  /** The hash of the PRF and of Finished (RFC 5246 §5). */
  readonly hash: HashName;
  readonly since: ProtocolVersion;
}

const AES_128_GCM: AeadRow = { aead: "aes_128_gcm", key: 16, nonce: nonceForms.gcm };
const AES_256_GCM: AeadRow = { aead: "aes_256_gcm", key: 32, nonce: nonceForms.gcm };
const CHACHA20_POLY1305: AeadRow = { aead: "chacha20_poly1305", key: 32, nonce: nonceForms.chacha };

const row = (
  id: CipherSuite,
  exchange: Suite["exchange"],
  authentication: Suite["authentication"],
  cipher: AeadRow,
  hash: HashName,
): Suite => ({ id, exchange, authentication, cipher, hash, since: ProtocolVersion.TLS_1_2 });

// RFC 5288 §3, RFC 5289 §3.2, RFC 7905 §2
// deno-fmt-ignore
const rows: ReadonlyArray<Suite> = [
  row(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,       "ecdhe", "ecdsa", AES_128_GCM,       "sha256"),
  row(CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,         "ecdhe", "rsa",   AES_128_GCM,       "sha256"),
  row(CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ecdhe", "ecdsa", CHACHA20_POLY1305, "sha256"),
  row(CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,   "ecdhe", "rsa",   CHACHA20_POLY1305, "sha256"),
  row(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,       "ecdhe", "ecdsa", AES_256_GCM,       "sha384"),
  row(CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,         "ecdhe", "rsa",   AES_256_GCM,       "sha384"),
  row(CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,               "rsa",   "rsa",   AES_128_GCM,       "sha256"),
  row(CipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384,               "rsa",   "rsa",   AES_256_GCM,       "sha384"),
];

/** Every suite that can be spoken, the best first. */
export const suites: ReadonlyMap<CipherSuite, Suite> = new Map(rows.map((s) => [s.id, s]));
