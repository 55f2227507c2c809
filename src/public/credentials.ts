/** Certificates and private keys of this end. @module */
export * from "../ports/credentials.ts";
export * from "../layers/credentials/credentials.ts";
export * from "../layers/credentials/authority.ts";
export * from "../layers/credentials/files.ts";
export * from "../layers/credentials/options.ts";
export * from "../layers/credentials/former_names.ts";
export * from "../faults/errors/credentials.ts";
export * from "../faults/errors/pem.ts";
