/** Providers of cryptography. @module */
export * from "../ports/crypto.ts";
export * from "../layers/crypto/noble/layer.ts";
export * from "../layers/crypto/native/layer.ts";
export * from "../layers/crypto/deterministic.ts";
export * from "../faults/errors/crypto.ts";
