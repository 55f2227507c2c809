/** A row for each cipher suite of TLS 1.3, which names a cipher and a hash and nothing else (RFC 8446 §B.4). @module */
import { CipherSuite } from "../names/cipher_suite.ts";
import type { AeadName, HashName } from "../ports/crypto.ts";

/** A cipher suite of TLS 1.3. */
export interface Suite13 {
  readonly id: CipherSuite;
  readonly aead: AeadName;
  /** The length of the key in bytes. */
  readonly key: number;
  /** The hash of the key schedule and of the transcript. */
  readonly hash: HashName;
  /** The most records under one key: AES's blocks begin to tell themselves from random ones (RFC 8446 §5.5). */
  readonly records: number;
}

const C = CipherSuite;

/** 2^24.5 full-size records (RFC 8446 §5.5). */
const AES_RECORDS = 23_726_566;

const rows: ReadonlyArray<readonly [CipherSuite, AeadName, number, HashName, number]> = [
  [C.TLS_AES_128_GCM_SHA256, "aes_128_gcm", 16, "sha256", AES_RECORDS],
  [C.TLS_CHACHA20_POLY1305_SHA256, "chacha20_poly1305", 32, "sha256", Infinity],
  [C.TLS_AES_256_GCM_SHA384, "aes_256_gcm", 32, "sha384", AES_RECORDS],
  [C.TLS_AES_128_CCM_SHA256, "aes_128_ccm", 16, "sha256", AES_RECORDS],
  [C.TLS_AES_128_CCM_8_SHA256, "aes_128_ccm_8", 16, "sha256", AES_RECORDS],
];

/** Every cipher suite of TLS 1.3 that this library has, by number, the best first. */
export const suites13: ReadonlyMap<CipherSuite, Suite13> = new Map(
  rows.map(([id, aead, key, hash, records]) => [id, { id, aead, key, hash, records }]),
);
