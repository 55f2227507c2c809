/** @module */
import { Schema } from "../deps.ts";
import { meta, opaque, uint32 } from "../wire/schema.ts";

/** A session ticket from the server. An empty one means that the server gives none after all (RFC 5077 §3.3). */
export class NewSessionTicket extends Schema.TaggedClass<NewSessionTicket>()("NewSessionTicket", {
  /** Seconds that the ticket may be kept; 0 is unspecified. */
  ticketLifetimeHint: uint32,
  ticket: opaque(0, 2 ** 16 - 1),
}, meta(4, "RFC 5077 §3.3")) {}
