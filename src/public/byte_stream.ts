/** Byte streams that TLS can run over. @module */
export * from "../ports/byte_stream.ts";
export * from "../connection/bounds/held_stream.ts";
export * from "../layers/transport/byte_stream.ts";
export * from "../layers/transport/buffered.ts";
export * from "../layers/transport/web_socket.ts";
export * from "../layers/transport/message_port.ts";
