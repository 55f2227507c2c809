/** Our own certificates and keys. @module */
export * from "../ports/credentials.ts";
export * from "../layers/credentials.ts";
export * from "../layers/credentials_authority.ts";
export * from "../layers/credentials_files.ts";
