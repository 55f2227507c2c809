/** @module */
import { Schema } from "../../deps.ts";
import { uint8 } from "../../wire/schema.ts";

/**
 * `struct { enum { change_cipher_spec(1), (255) } type; } ChangeCipherSpec` (RFC 5246 §7.1). It is a record of its
 * own type, not a handshake message.
 */
export class ChangeCipherSpec extends Schema.TaggedClass<ChangeCipherSpec>()("ChangeCipherSpec", {
  type: uint8,
}) {}
