/** Compression of certificate chains. @module */
export * from "../ports/certificate_compression.ts";
export * from "../layers/compression/native.ts";
