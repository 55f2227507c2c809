/** From a message's declaration: bytes to value and back, JSON, and which bytes are which member. @module */
export * from "../wire/codec.ts";
export * from "../wire/errors.ts";
export * from "../wire/span.ts";
/**
 * The words that messages are declared in.
 *
 * @experimental
 */
export * as Words from "../wire/schema.ts";
