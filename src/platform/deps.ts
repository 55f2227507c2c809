/**
 * The parts of @effect/platform that this entry point uses. That package depends on msgpackr-extract, whose newest
 * version lacks a platform package on some registries. The first import pins a complete version, and needs no
 * permission.
 *
 * @module
 */
export { default as _pinned } from "npm:msgpackr-extract@3.0.4/package.json" with { type: "json" };
export * as FetchHttpClient from "npm:@effect/platform@^0.97.2/FetchHttpClient";
export type * as HttpClient from "npm:@effect/platform@^0.97.2/HttpClient";
export * as KeyValueStore from "npm:@effect/platform@^0.97.2/KeyValueStore";
export * as Socket from "npm:@effect/platform@^0.97.2/Socket";
export * as Mailbox from "npm:effect@^3.22.4/Mailbox";
