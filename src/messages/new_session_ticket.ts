/** @module */
import { Schema } from "../deps.ts";
import { meta, opaque, uint32 } from "../wire/schema.ts";
import { NewSessionTicketExtensions } from "./extensions/carriers.ts";

/** A session ticket before TLS 1.3. An empty one means that the server gives none after all (RFC 5077 §3.3). */
export class NewSessionTicket extends Schema.TaggedClass<NewSessionTicket>()("NewSessionTicket", {
  /** Seconds that the ticket may be kept; 0 is unspecified. */
  ticketLifetimeHint: uint32,
  ticket: opaque(0, 2 ** 16 - 1),
}, meta(4, "RFC 5077 §3.3")) {}

/** A session ticket in TLS 1.3. It comes after the handshake, and names the PSK that it gives (RFC 8446 §4.6.1). */
export class NewSessionTicket13 extends Schema.TaggedClass<NewSessionTicket13>("NewSessionTicket13")(
  "NewSessionTicket",
  {
    /** Seconds that the ticket may be used, at most 604800, a week; 0 if it may not be kept at all. */
    ticketLifetime: uint32,
    /** Is added to the ticket's age in milliseconds, modulo 2^32, so that nobody can read it. */
    ticketAgeAdd: uint32,
    /** Makes the PSK of each ticket of a connection another one. */
    ticketNonce: opaque(0, 2 ** 8 - 1),
    ticket: opaque(1, 2 ** 16 - 1),
    extensions: NewSessionTicketExtensions,
  },
  meta(4, "RFC 8446 §4.6.1"),
) {}
