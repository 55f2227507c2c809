/** @module */
import { Schema } from "../deps.ts";
import { meta } from "../wire/schema.ts";

/**
 * `struct { } HelloRequest`: a server's request that the client start a new handshake (RFC 5246 §7.4.1.1). It is part
 * of no transcript.
 */
export class HelloRequest
  extends Schema.TaggedClass<HelloRequest>()("HelloRequest", {}, meta(0, "RFC 5246 §7.4.1.1")) {}
