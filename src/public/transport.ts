/** Networks. @module */
export { Transport, TransportError } from "../ports/transport.ts";
export type { Address, Incoming, Listener, TransportService } from "../ports/transport.ts";
export { layerMemory } from "../layers/transport/memory.ts";
export { layerTcp } from "../layers/transport/tcp.ts";
