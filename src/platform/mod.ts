/**
 * effect-tls for @effect/platform: a Transport over any Socket, a Connection as a Socket, an HttpClient over a
 * `fetch`, and a session store over any KeyValueStore. It is a separate entry point, so that the core does not need @effect/platform.
 *
 * @experimental
 * @module
 */
export { layerHttpClient } from "./http_client.ts";
export { fromSocket, layerSocket, toSocket } from "./socket.ts";
export { type KeyValueOptions, layerKeyValueStore } from "./key_value_store.ts";
