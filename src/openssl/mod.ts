/**
 * effect-tls with the cryptography of the system's OpenSSL, by FFI. It is a separate entry point, and nothing reaches it by itself,
 * because FFI is the end of Deno's sandbox.
 *
 * @experimental
 * @module
 */
export * from "../public/crypto_openssl.ts";
