/** Providers of cryptography. @module */
export * from "../ports/crypto.ts";
export { layerDeterministic } from "../layers/crypto/deterministic.ts";
export { layerNative } from "../layers/crypto/native/layer.ts";
export { layerNoble } from "../layers/crypto/noble/layer.ts";
