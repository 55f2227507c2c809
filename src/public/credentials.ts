/** Our own certificates and keys. @module */
export * from "../ports/credentials.ts";
export * from "../layers/credentials/credentials.ts";
export * from "../layers/credentials/authority.ts";
export * from "../layers/credentials/files.ts";
