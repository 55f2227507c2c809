/** The functions of OpenSSL 3's libcrypto that are called here. @module */

const [P, B, I, Z] = ["pointer", "buffer", "i32", "usize"] as const;

/** A hash whose state is memory of ours: a copy is a slice, and nothing is to be freed. */
type Running<N extends string> =
  & { readonly [K in `${N}_Init`]: { readonly parameters: readonly [typeof B]; readonly result: typeof I } }
  & {
    readonly [K in `${N}_Update`]: {
      readonly parameters: readonly [typeof B, typeof B, typeof Z];
      readonly result: typeof I;
    };
  }
  & {
    readonly [K in `${N}_Final`]: {
      readonly parameters: readonly [typeof B, typeof B];
      readonly result: typeof I;
    };
  };

const running = <const N extends string>(name: N): Running<N> =>
  ({
    [`${name}_Init`]: { parameters: [B], result: I },
    [`${name}_Update`]: { parameters: [B, B, Z], result: I },
    [`${name}_Final`]: { parameters: [B, B], result: I },
  }) as unknown as Running<N>; // a computed name widens to string

/** What `Deno.dlopen` is told. A `usize` is given as a bigint: with a number the call would leave the fast path. */
export const symbols = {
  OPENSSL_version_major: { parameters: [], result: "u32" },
  OPENSSL_version_minor: { parameters: [], result: "u32" },
  ERR_clear_error: { parameters: [], result: "void" },
  // hashes
  ...running("MD5"),
  ...running("SHA1"),
  ...running("SHA224"),
  ...running("SHA256"),
  ...running("SHA384"),
  ...running("SHA512"),
  // ciphers
  EVP_CIPHER_fetch: { parameters: [P, B, P], result: P },
  EVP_CIPHER_CTX_new: { parameters: [], result: P },
  EVP_CIPHER_CTX_free: { parameters: [P], result: "void" },
  EVP_EncryptInit_ex: { parameters: [P, P, P, B, B], result: I },
  EVP_DecryptInit_ex: { parameters: [P, P, P, B, B], result: I },
  EVP_EncryptUpdate: { parameters: [P, B, B, B, I], result: I },
  EVP_DecryptUpdate: { parameters: [P, B, B, B, I], result: I },
  EVP_EncryptFinal_ex: { parameters: [P, B, B], result: I },
  EVP_DecryptFinal_ex: { parameters: [P, B, B], result: I },
  EVP_CIPHER_CTX_ctrl: { parameters: [P, I, I, B], result: I },
  EVP_CIPHER_CTX_set_padding: { parameters: [P, I], result: I },
  // elliptic curves
  EC_KEY_new_by_curve_name: { parameters: [I], result: P },
  EC_KEY_free: { parameters: [P], result: "void" },
  EC_KEY_oct2priv: { parameters: [P, B, Z], result: I },
  EC_KEY_oct2key: { parameters: [P, B, Z, P], result: I },
  EC_KEY_get0_group: { parameters: [P], result: P },
  EC_KEY_get0_private_key: { parameters: [P], result: P },
  EC_POINT_new: { parameters: [P], result: P },
  EC_POINT_free: { parameters: [P], result: "void" },
  EC_POINT_mul: { parameters: [P, P, P, P, P, P], result: I },
  EC_POINT_point2oct: { parameters: [P, P, I, B, Z, P], result: Z },
  EC_POINT_oct2point: { parameters: [P, P, B, Z, P], result: I },
  ECDH_compute_key: { parameters: [B, Z, P, P, P], result: I },
  ECDSA_sign: { parameters: [I, B, I, B, B, P], result: I },
  ECDSA_verify: { parameters: [I, B, I, B, I, P], result: I },
  // RSA
  BN_bin2bn: { parameters: [B, I, P], result: P },
  RSA_new: { parameters: [], result: P },
  RSA_free: { parameters: [P], result: "void" },
  RSA_set0_key: { parameters: [P, P, P, P], result: I },
  RSA_set0_factors: { parameters: [P, P, P], result: I },
  RSA_set0_crt_params: { parameters: [P, P, P, P], result: I },
  RSA_public_encrypt: { parameters: [I, B, B, P, I], result: I },
  /** On another thread, so that the program goes on meanwhile. */
  RSA_private_decrypt: { parameters: [I, B, B, P, I], result: I, nonblocking: true },
} as const;

/** The functions of a library that is open. */
export type Symbols = Deno.DynamicLibrary<typeof symbols>["symbols"];
