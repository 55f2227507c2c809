/** Networks. @module */
export { Transport, TransportError } from "../services/transport.ts";
export type { Address, Incoming, Listener, TransportService } from "../services/transport.ts";
export { layerMemory } from "../layers/transport_memory.ts";
export { layerTcp } from "../layers/transport_tcp.ts";
