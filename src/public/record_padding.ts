/** A rule of one's own by which records of TLS 1.3 are padded. @module */
export * from "../ports/record_padding.ts";
export * from "../layers/record_padding.ts";
