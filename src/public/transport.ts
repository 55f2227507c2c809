/** Networks. @module */
export * from "../ports/transport.ts";
export * from "../names/address.ts";
export * from "../layers/transport/tcp.ts";
export * from "../layers/transport/memory.ts";
export * from "../faults/errors/transport.ts";
