/** What the tests use beyond the library itself. @module */
export { default as assert } from "node:assert/strict";
export * from "../src/deps.ts";
export * as Chunk from "npm:effect@^3.22.4/Chunk";
export * as Equal from "npm:effect@^3.22.4/Equal";
export * as FiberStatus from "npm:effect@^3.22.4/FiberStatus";
export * as Hash from "npm:effect@^3.22.4/Hash";
export * as JSONSchema from "npm:effect@^3.22.4/JSONSchema";
export * as LogLevel from "npm:effect@^3.22.4/LogLevel";
export * as Logger from "npm:effect@^3.22.4/Logger";
export * as Scheduler from "npm:effect@^3.22.4/Scheduler";
export * as TestClock from "npm:effect@^3.22.4/TestClock";
export * as TestContext from "npm:effect@^3.22.4/TestContext";
