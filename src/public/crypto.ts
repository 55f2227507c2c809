/** Providers of cryptography. @module */
export * from "../ports/crypto.ts";
export { layerDeterministic } from "../layers/crypto_deterministic.ts";
export { layerNative } from "../layers/crypto_native.ts";
export { layerNoble } from "../layers/crypto_noble.ts";
