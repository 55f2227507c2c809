/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";

/** `struct { } EndOfEarlyData`: the client's last message under the early traffic keys (RFC 8446 §4.5). */
export class EndOfEarlyData
  extends Schema.TaggedClass<EndOfEarlyData>()("EndOfEarlyData", {}, meta(5, "RFC 8446 §4.5")) {}
