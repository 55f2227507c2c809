/** From a message's declaration: bytes to value and back, JSON, and which bytes are which member. @module */
export {
  codec,
  type Constructor,
  decode,
  DecodeError,
  encode,
  EncodeError,
  json,
  make,
  spans,
} from "../wire/codec.ts";
export type { Codec, Span } from "../wire/codec.ts";
export * as Words from "../wire/schema.ts";
