/**
 * What this entry point uses of @effect/platform. That package pulls in msgpackr-extract, whose newest version lacks a
 * platform package on some registries; the first import pins one that is whole, and needs no permission.
 *
 * @module
 */
export { default as _pinned } from "npm:msgpackr-extract@3.0.4/package.json" with { type: "json" };
export * as KeyValueStore from "npm:@effect/platform@^0.97.2/KeyValueStore";
export * as Socket from "npm:@effect/platform@^0.97.2/Socket";
export * as Mailbox from "npm:effect@^3.22.4/Mailbox";
