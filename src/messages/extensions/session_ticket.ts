/** @module */
import { type Extension, extension, type Opaque, rest } from "../../wire/schema.ts";

/** In a ClientHello: a ticket, or nothing to ask for one (RFC 5077 §3.2). */
export const SessionTicket: Extension<"session_ticket", { ticket: Opaque }> = extension(
  "session_ticket",
  35,
  "RFC 5077 §3.2",
  { ticket: rest },
);

/** In a ServerHello, empty: a NewSessionTicket will follow (RFC 5077 §3.2). */
export const SessionTicketAcknowledged: Extension<"session_ticket"> = extension(
  "session_ticket",
  35,
  "RFC 5077 §3.2",
  {},
);
