/** IANA's numbers by name. Each registry is a value (`CipherSuite.TLS_…`), a type and a Schema. @module */
export * from "./alert.ts";
export * from "./cipher_suite.ts";
export * from "./extension_type.ts";
export * from "./named_group.ts";
export * from "./nearest.ts";
export * from "./openssl_name.ts";
export * from "./protocol.ts";
export * from "./signature_scheme.ts";
