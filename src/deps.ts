/**
 * The packages of the core: no other file of it names one. Imports are by subpath, so that a program loads only what
 * it uses. Effect is pinned to major version 3, because an unversioned `npm:effect` resolves to Effect 4.
 *
 * @module
 */
export * as Arbitrary from "npm:effect@^3.22.4/Arbitrary";
export type * as Brand from "npm:effect@^3.22.4/Brand";
export * as Cause from "npm:effect@^3.22.4/Cause";
export * as Chunk from "npm:effect@^3.22.4/Chunk";
export * as Clock from "npm:effect@^3.22.4/Clock";
export * as Context from "npm:effect@^3.22.4/Context";
export * as Data from "npm:effect@^3.22.4/Data";
export * as DefaultServices from "npm:effect@^3.22.4/DefaultServices";
export * as Deferred from "npm:effect@^3.22.4/Deferred";
export * as Duration from "npm:effect@^3.22.4/Duration";
export * as Effect from "npm:effect@^3.22.4/Effect";
export * as Either from "npm:effect@^3.22.4/Either";
export * as Exit from "npm:effect@^3.22.4/Exit";
export * as FastCheck from "npm:effect@^3.22.4/FastCheck";
export * as Fiber from "npm:effect@^3.22.4/Fiber";
export * as FiberId from "npm:effect@^3.22.4/FiberId";
export * as FiberRef from "npm:effect@^3.22.4/FiberRef";
export * as FiberSet from "npm:effect@^3.22.4/FiberSet";
export * as HashSet from "npm:effect@^3.22.4/HashSet";
export * as Layer from "npm:effect@^3.22.4/Layer";
export * as Logger from "npm:effect@^3.22.4/Logger";
export * as Option from "npm:effect@^3.22.4/Option";
export * as ParseResult from "npm:effect@^3.22.4/ParseResult";
export * as Predicate from "npm:effect@^3.22.4/Predicate";
export * as Queue from "npm:effect@^3.22.4/Queue";
export * as Runtime from "npm:effect@^3.22.4/Runtime";
export * as Schema from "npm:effect@^3.22.4/Schema";
export * as SchemaAST from "npm:effect@^3.22.4/SchemaAST";
export * as Scope from "npm:effect@^3.22.4/Scope";
export * as Stream from "npm:effect@^3.22.4/Stream";
export * as Tracer from "npm:effect@^3.22.4/Tracer";
export type { YieldWrap } from "npm:effect@^3.22.4/Utils";
export * as Pako from "npm:pako@^3.0.3";
export { default as des } from "npm:des.js@^1.1.0";
