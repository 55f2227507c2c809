/** Extensions about sessions before TLS 1.3: tickets, the master secret, and renegotiation. @module */
import { type Extension, extension, type Opaque, opaque, rest } from "../../wire/schema.ts";

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

/**
 * Offers or accepts the extended master secret, which is bound to its handshake (RFC 7627 §5.1). In both hellos,
 * empty.
 */
export const ExtendedMasterSecret: Extension<"extended_master_secret"> = extension(
  "extended_master_secret",
  23,
  "RFC 7627 §5.1",
  {},
);

/**
 * Binds a renegotiation to the handshake before it; empty in a connection's first handshake (RFC 5746 §3.2). In both
 * hellos.
 */
export const RenegotiationInfo: Extension<"renegotiation_info", { renegotiatedConnection: Opaque }> =
  extension("renegotiation_info", 0xff01, "RFC 5746 §3.2", {
    renegotiatedConnection: opaque(0, 2 ** 8 - 1),
  });
