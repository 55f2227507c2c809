/** Every error, its alert, and how to tell people. @module */
export * from "../errors.ts";
export * from "../explain.ts";
