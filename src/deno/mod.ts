/**
 * TLS in the shapes of Deno's own functions, with promises and without Effect: `connectTls`, `startTls` in either role,
 * `listenTls`. What they give has every member of a `Deno.TlsConn` and a `Deno.TlsListener`, so a program changes its import.
 *
 * @experimental
 * @module
 */
export * from "./connect.ts";
export * from "./listen.ts";
export type { TlsConn } from "./conn.ts";
export type * from "../promises/options.ts";
