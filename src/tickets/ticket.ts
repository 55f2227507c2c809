/** A ticket as the servers of this library make it. @module */
import { Schema } from "../deps.ts";
import { fixed, opaque } from "../wire/schema.ts";

/** Bytes in the longest ticket that is given, or kept: a ClientHello must have room for it beside all else. */
export const MAX_TICKET = 2 ** 16 - 2 ** 12;

/**
 * A ticket as servers of this library make it (RFC 5077 §4); to clients it is just bytes. AES-256-GCM stands where
 * the RFC recommends AES-128-CBC and HMAC-SHA-256.
 */
export class Ticket extends Schema.TaggedClass<Ticket>("effect-tls/Ticket")("Ticket", {
  /** Which key sealed it. */
  keyName: fixed(16),
  nonce: fixed(12),
  /** The session's wire form and the tag; with what precedes it, it fits `opaque ticket<0..2^16-1>`. */
  sealed: opaque(16, 2 ** 16 - 1 - (16 + 12 + 2)),
}) {}
