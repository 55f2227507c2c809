/**
 * effect-tls and @effect/platform: a Transport from any Socket, a Connection as a Socket, sessions in any
 * KeyValueStore. An entry point of its own, so that the core needs no @effect/platform.
 *
 * @experimental
 * @module
 */
export { fromSocket, layerSocket, toSocket } from "./socket.ts";
export { type KeyValueOptions, layerKeyValueStore } from "./key_value_store.ts";
