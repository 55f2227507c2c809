/** Session tickets, for servers. @module */
export * from "../ports/tickets.ts";
export * from "../layers/tickets/rotating.ts";
export * from "../faults/errors/tickets.ts";
