/** Networks. @module */
export { Transport, TransportError } from "../ports/transport.ts";
export type { Address, Incoming, Listener, TransportService } from "../ports/transport.ts";
export { layerMemory } from "../layers/transport_memory.ts";
export { layerTcp } from "../layers/transport_tcp.ts";
