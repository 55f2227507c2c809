/** Codecs of messages: encode and decode bytes, convert to JSON, and show which bytes hold which member. @module */
export * from "../wire/codec.ts";
export * from "../wire/errors.ts";
export * from "../wire/span.ts";
/**
 * The schema constructors with which messages are declared.
 *
 * @experimental
 */
export * as Words from "../wire/schema.ts";
