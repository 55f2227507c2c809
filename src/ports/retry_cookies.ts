/** The port to the cookies of a server's HelloRetryRequests (RFC 8446 §4.2.2). @module */
import { Context, type Effect, type Option, Schema } from "../deps.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import type { Bytes } from "../wire/bytes.ts";
import { fixed, opaque, uint32, uint8 } from "../wire/schema.ts";
import type { Crypto } from "./crypto.ts";

/** All that a server must know of a first ClientHello and its own answer when the second one comes. */
export class RetryState extends Schema.TaggedClass<RetryState>("effect-tls/RetryState")("RetryState", {
  /** The suite of the HelloRetryRequest. */
  cipherSuite: CipherSuite,
  /** The group of the share that it asks for; 0 if the shares are to stay. */
  group: NamedGroup,
  /** The hash of the first ClientHello, by the suite's hash, which takes its place in the transcript (RFC 8446 §4.4.1). */
  clientHello: opaque(32, 48),
  /** The SHA-256 of all that the second ClientHello must repeat (RFC 8446 §4.1.2). */
  repeated: fixed(32),
  /** 1 if the first ClientHello offered early data; otherwise 0. */
  earlyData: uint8,
  /** The time of the HelloRetryRequest, in seconds since the epoch. */
  madeAt: uint32,
}) {}

/** Makes cookies and reads them again. */
export interface RetryCookiesService {
  /** Seals a state into a cookie of 1 to 65,535 bytes, which nobody else can make or change. */
  readonly seal: (state: RetryState) => Effect.Effect<Bytes, never, Crypto>;
  /** Opens a cookie. None when it is forged, unreadable or too old, or its key is gone; the reason is not revealed. */
  readonly open: (cookie: Bytes) => Effect.Effect<Option.Option<RetryState>, never, Crypto>;
}

/**
 * The service that makes a server's cookies. With it, a server of TLS 1.3 asks every client for a second ClientHello before it
 * does any work with public keys or takes a session out of the store; and the second one may come to another server that has
 * the same keys, on a connection of its own. Each handshake takes one more round trip, and early data is never accepted.
 * GnuTLS 3.7 answers only if it is asked for a share as well.
 * Without a layer it is `undefined`: a HelloRetryRequest has no cookie, and is sent only to clients without a usable share.
 */
export class RetryCookies extends Context.Reference<RetryCookies>()("effect-tls/1/RetryCookies", {
  defaultValue: (): RetryCookiesService | undefined => undefined,
}) {}
