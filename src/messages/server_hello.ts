/** @module */
import { Schema } from "../deps.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { fixed, meta, opaque } from "../wire/schema.ts";
import { ServerHelloExtensions } from "./extensions/mod.ts";

/**
 * What the server chose from the client's offer (RFC 5246 §7.4.1.3). `extensions` is `undefined` when the block is
 * absent.
 */
export class ServerHello extends Schema.TaggedClass<ServerHello>()("ServerHello", {
  serverVersion: ProtocolVersion,
  random: fixed(32),
  sessionId: opaque(0, 32),
  cipherSuite: CipherSuite,
  compressionMethod: CompressionMethod,
  extensions: Schema.optional(ServerHelloExtensions),
}, meta(2, "RFC 5246 §7.4.1.3")) {}
