/**
 * STARTTLS: what a protocol says in the clear before TLS begins, for both roles. Each protocol is a small dialogue that ends
 * with the last byte in the clear, and hands on the stream.
 *
 * ```ts
 * import { Client } from "../../mod.ts";
 * import * as StartTls from "./mod.ts";
 * import { Effect } from "npm:effect@^3.22.4";
 *
 * const submit = Effect.gen(function* () {
 *   const { connection } = yield* StartTls.connect("smtp", { hostname: "mail.example.org", port: 587 });
 *   yield* connection.write(new TextEncoder().encode("EHLO client.example.org\r\n"));
 *   return yield* connection.read;
 * });
 * ```
 *
 * A server runs its part before TLS:
 *
 * ```ts
 * import { Server } from "../../mod.ts";
 * import * as StartTls from "./mod.ts";
 * import { Effect } from "npm:effect@^3.22.4";
 *
 * const listen = Server.listen({
 *   hostname: "127.0.0.1",
 *   port: 2525,
 *   before: (stream) => Effect.map(StartTls.server("smtp", stream), (ready) => ready.stream),
 * }, (connection) => connection.close);
 * ```
 *
 * @module
 */
export * from "./client.ts";
export * from "./errors.ts";
export { ports, type Protocol, type Ready, type StartTlsOptions } from "./options.ts";
export * from "./server.ts";
