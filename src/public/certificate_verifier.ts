/** The trust decision. @module */
export * from "../services/verifier.ts";
export * from "../layers/verifier.ts";
