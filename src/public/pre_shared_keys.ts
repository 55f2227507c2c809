/** External pre-shared keys, in place of certificates. @module */
export * from "../ports/pre_shared_keys.ts";
export * from "../layers/pre_shared_keys/fixed.ts";
export * from "../layers/pre_shared_keys/file.ts";
export * from "../faults/errors/pre_shared_keys.ts";
