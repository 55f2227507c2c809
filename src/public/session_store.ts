/** Stores of sessions, for resumption. @module */
export * from "../ports/sessions.ts";
export * from "../layers/sessions/memory.ts";
export * from "../faults/errors/sessions.ts";
