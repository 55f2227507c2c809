/** CRLs that are not at hand when trust is set up: from files, or from a function. @module */
export * from "../ports/revocation.ts";
export * from "../layers/revocation/layers.ts";
export * from "../layers/revocation/files.ts";
export * from "../faults/errors/revocation.ts";
export * from "../faults/errors/pem.ts";
