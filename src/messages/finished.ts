/** @module */
import { Schema } from "../deps.ts";
import { meta, rest } from "../wire/schema.ts";

/**
 * The first message under the new keys (RFC 5246 §7.4.9). `verifyData` is 12 bytes in TLS before 1.3 and 36 in SSL
 * 3.0. It is compared as a whole, so a wrong length fails just as a wrong value does.
 */
export class Finished extends Schema.TaggedClass<Finished>()("Finished", {
  verifyData: rest,
}, meta(20, "RFC 5246 §7.4.9")) {}
