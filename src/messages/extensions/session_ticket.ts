/** @module */
import { extension, rest } from "../../wire/schema.ts";

/** In a ClientHello: a ticket, or none to ask for one; in a ServerHello empty: one will follow (RFC 5077 §3.2). */
export const SessionTicket = extension("session_ticket", 35, "RFC 5077 §3.2", { ticket: rest });
