/** @module */
import { Schema } from "../deps.ts";
import { KeyUpdateRequest } from "../names/protocol.ts";
import { meta } from "../wire/schema.ts";

/** The sender's next record is under its next traffic key. It may ask the same of the other end (RFC 8446 §4.6.3). */
export class KeyUpdate extends Schema.TaggedClass<KeyUpdate>()("KeyUpdate", {
  requestUpdate: KeyUpdateRequest,
}, meta(24, "RFC 8446 §4.6.3")) {}
