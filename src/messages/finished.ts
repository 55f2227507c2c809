/** @module */
import { Schema } from "../deps.ts";
import { meta, rest } from "../wire/schema.ts";

/**
 * The first message under the new keys (RFC 5246 §7.4.9); in TLS 1.3, the last of an end's handshake (RFC 8446 §4.4.4).
 * `verifyData` has 36 bytes in SSL 3.0, 12 in TLS before 1.3, and then the length of the suite's hash. It is compared
 * as a whole, so a wrong length fails just as a wrong value does.
 */
export class Finished extends Schema.TaggedClass<Finished>()("Finished", {
  verifyData: rest,
}, meta(20, "RFC 5246 §7.4.9")) {}
