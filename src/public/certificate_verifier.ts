/** Which certificates of a peer are trusted. @module */
export * from "../ports/trust.ts";
export * from "../layers/trust/layers.ts";
export * from "../layers/trust/roots.ts";
export * from "../layers/trust/system.ts";
export * from "../layers/trust/ct_logs.ts";
export * from "../layers/trust/former_names.ts";
export * from "../faults/errors/trust.ts";
export * from "../faults/errors/pem.ts";
