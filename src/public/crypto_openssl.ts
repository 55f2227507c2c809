/** Cryptography with OpenSSL. @module */
export * from "../layers/crypto/openssl/layer.ts";
export * from "../layers/crypto/openssl/unavailable.ts";
