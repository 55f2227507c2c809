/** Session tickets, for servers. @module */
export * from "../services/session_tickets.ts";
export * from "../layers/session_tickets.ts";
