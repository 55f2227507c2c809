/** @module */
import { type Extension, extension, type Opaque, rest } from "../../wire/schema.ts";

/** In a ClientHello: a session ticket, or an empty body to request one (RFC 5077 §3.2). */
export const SessionTicket: Extension<"session_ticket", { ticket: Opaque }> = extension(
  "session_ticket",
  35,
  "RFC 5077 §3.2",
  { ticket: rest },
);

/** In a ServerHello: a NewSessionTicket will follow. The body is empty (RFC 5077 §3.2). */
export const SessionTicketAcknowledged: Extension<"session_ticket"> = extension(
  "session_ticket",
  35,
  "RFC 5077 §3.2",
  {},
);
