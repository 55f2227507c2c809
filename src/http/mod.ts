/**
 * HTTP over effect-tls: a `fetch` that reaches servers which the runtime refuses, and HTTP servers. It is a separate entry
 * point, so that the core needs neither undici nor `node:` modules.
 *
 * @experimental
 * @module
 */
export { type Fetch, fetchOver, makeFetch } from "./fetch.ts";
export type { FetchOptions, ProxyOptions } from "./options.ts";
export type { ListenTlsOptions, TlsConn } from "../deno/mod.ts";
export type { ClientOptions, ServerOptions, TlsOptions, Trust } from "../promises/options.ts";
export { ProxyRefused } from "./errors.ts";
export { openTunnel } from "./tunnel.ts";
export { createServer, type CreateServerOptions, type HttpServer } from "./node_server.ts";
export { serve, type ServeHandler, type ServeInfo, type ServeOptions, type Serving } from "./serve.ts";
