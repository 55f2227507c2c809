/** @module */
import { Schema } from "../deps.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { fixed, meta, opaque, rest, vector } from "../wire/schema.ts";
import { ClientHelloExtensions } from "./extensions/mod.ts";

/**
 * A client's offer (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2). `extensions` is `undefined` when the block is absent; an
 * empty block has other bytes.
 */
export class ClientHello extends Schema.TaggedClass<ClientHello>()("ClientHello", {
  clientVersion: ProtocolVersion,
  random: fixed(32),
  sessionId: opaque(0, 32),
  cipherSuites: vector(CipherSuite, 2, 2 ** 16 - 2),
  compressionMethods: vector(CompressionMethod, 1, 2 ** 8 - 1),
  extensions: Schema.optional(ClientHelloExtensions),
}, meta(1, "RFC 5246 §7.4.1.2")) {}

/**
 * The ClientHello of a client that offers SSL 3.0 alone. Bytes after the compression methods are kept for the
 * transcript and otherwise ignored (RFC 6101 §5.6.1.2).
 */
export class ClientHelloSSL30
  extends Schema.TaggedClass<ClientHelloSSL30>("ClientHelloSSL30")("ClientHello", {
    clientVersion: ProtocolVersion,
    random: fixed(32),
    sessionId: opaque(0, 32),
    cipherSuites: vector(CipherSuite, 2, 2 ** 16 - 2),
    compressionMethods: vector(CompressionMethod, 1, 2 ** 8 - 1),
    ignored: rest,
  }, meta(1, "RFC 6101 §5.6.1.2")) {}
