/** Streams of bytes, to speak TLS over. @module */
export type { ByteStream } from "../ports/transport.ts";
export * from "../layers/transport/byte_stream.ts";
