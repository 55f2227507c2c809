/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";

/** `struct { } ServerHelloDone`: the end of the server's hello flight (RFC 5246 §7.4.5). */
export class ServerHelloDone
  extends Schema.TaggedClass<ServerHelloDone>()("ServerHelloDone", {}, meta(14, "RFC 5246 §7.4.5")) {}
