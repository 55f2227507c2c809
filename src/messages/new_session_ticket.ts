/** @module */
import { Schema } from "../deps.ts";
import { meta, opaque, uint32 } from "../wire/schema.ts";

/** The server's state, sealed for the client to keep; an empty ticket withdraws the promise (RFC 5077 §3.3). */
export class NewSessionTicket extends Schema.TaggedClass<NewSessionTicket>()("NewSessionTicket", {
  /** Seconds; 0 is unspecified. */
  ticketLifetimeHint: uint32,
  ticket: opaque(0, 2 ** 16 - 1),
}, meta(4, "RFC 5077 §3.3")) {}
