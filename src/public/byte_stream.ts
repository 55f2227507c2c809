/** Streams of bytes, to speak TLS over. @module */
export * from "../ports/byte_stream.ts";
export * from "../layers/transport/byte_stream.ts";
