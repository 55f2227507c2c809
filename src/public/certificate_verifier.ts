/** The trust decision. @module */
export * from "../ports/trust.ts";
export * from "../layers/trust/layers.ts";
