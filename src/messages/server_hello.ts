/** @module */
import { Schema } from "../deps.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { type Bytes, sameBytes } from "../wire/bytes.ts";
import { fixed, meta, opaque } from "../wire/schema.ts";
import {
  HelloRetryRequestExtensions,
  ServerHello13Extensions,
  ServerHelloExtensions,
} from "./extensions/carriers.ts";

/**
 * What the server chose from the client's offer, before TLS 1.3 (RFC 5246 §7.4.1.3). `extensions` is `undefined` when the block is
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

/**
 * What the server chose from the client's offer, in TLS 1.3 (RFC 8446 §4.1.3). `serverVersion` is TLS 1.2 and
 * `sessionId` the client's, for the sake of middleboxes: the version is in the extensions.
 */
export class ServerHello13 extends Schema.TaggedClass<ServerHello13>("ServerHello13")("ServerHello", {
  serverVersion: ProtocolVersion,
  random: fixed(32),
  sessionId: opaque(0, 32),
  cipherSuite: CipherSuite,
  compressionMethod: CompressionMethod,
  extensions: ServerHello13Extensions,
}, meta(2, "RFC 8446 §4.1.3")) {}

/**
 * The server wants another ClientHello, changed as the extensions say (RFC 8446 §4.1.4). It has the number and the
 * members of a ServerHello; its `random` is always `HELLO_RETRY_REQUEST_RANDOM`.
 */
export class HelloRetryRequest extends Schema.TaggedClass<HelloRetryRequest>()("HelloRetryRequest", {
  serverVersion: ProtocolVersion,
  random: fixed(32),
  sessionId: opaque(0, 32),
  cipherSuite: CipherSuite,
  compressionMethod: CompressionMethod,
  extensions: HelloRetryRequestExtensions,
}, meta(2, "RFC 8446 §4.1.4")) {}

/** The random of every HelloRetryRequest: the SHA-256 hash of `HelloRetryRequest` (RFC 8446 §4.1.3). */
export const HELLO_RETRY_REQUEST_RANDOM: Bytes = Uint8Array.from(
  // deno-fmt-ignore
  [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
  ],
);

/** Whether a message with the number of a ServerHello is a HelloRetryRequest, by its body (RFC 8446 §4.1.3). */
export const isHelloRetryRequest = (body: Bytes): boolean =>
  sameBytes(
    body.subarray(RANDOM_AT, RANDOM_AT + HELLO_RETRY_REQUEST_RANDOM.length),
    HELLO_RETRY_REQUEST_RANDOM,
  );

/** Where the random of a ServerHello begins: after the version. */
const RANDOM_AT = 2;
