/** The format of this library's session tickets. @module */
import { Schema } from "../deps.ts";
import { fixed, opaque } from "../wire/schema.ts";

/**
 * The longest ticket, in bytes, that a server issues or a client keeps: a ClientHello must have room for all else,
 * too.
 */
export const MAX_TICKET = 2 ** 16 - 2 ** 12;

/** The longest lifetime of a ticket, in seconds: 7 days (RFC 8446 §4.6.1). */
export const MAX_TICKET_LIFETIME = 604_800;

/**
 * A session ticket as this library's servers make it (RFC 5077 §4); to clients it is opaque. It uses AES-256-GCM
 * where the RFC recommends AES-128-CBC and HMAC-SHA-256.
 */
export class Ticket extends Schema.TaggedClass<Ticket>("effect-tls/Ticket")("Ticket", {
  /** The name of the key that sealed the ticket. */
  keyName: fixed(16),
  nonce: fixed(12),
  /**
   * The encrypted wire form of the session, and the tag. With the other members it fits `opaque ticket<0..2^16-1>`.
   */
  sealed: opaque(16, 2 ** 16 - 1 - (16 + 12 + 2)),
}) {}
