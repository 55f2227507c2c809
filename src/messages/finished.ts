/** @module */
import { Schema } from "../deps.ts";
import { meta, rest } from "../wire/schema.ts";

/**
 * The first message under the new keys (RFC 5246 §7.4.9). How long `verifyData` must be the version and suite say, 12
 * bytes in TLS before 1.3 and 36 in SSL 3.0; it is compared whole, so that a wrong length fails as a wrong value does.
 */
export class Finished extends Schema.TaggedClass<Finished>()("Finished", {
  verifyData: rest,
}, meta(20, "RFC 5246 §7.4.9")) {}
