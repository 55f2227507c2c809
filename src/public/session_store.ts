/** Stores of sessions. @module */
export * from "../services/session_store.ts";
export * from "../layers/session_store.ts";
