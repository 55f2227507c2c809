/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";

/** `struct { } HelloRequest`: the server asks the client to begin anew (RFC 5246 §7.4.1.1). In no transcript. */
export class HelloRequest
  extends Schema.TaggedClass<HelloRequest>()("HelloRequest", {}, meta(0, "RFC 5246 §7.4.1.1")) {}
