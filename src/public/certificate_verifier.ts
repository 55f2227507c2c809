/** The trust decision. @module */
export * from "../ports/trust.ts";
export * from "../layers/verifier.ts";
