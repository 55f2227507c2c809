/** Whether a server asks for client certificates. @module */

/**
 * Whether a server asks its clients for a certificate. `none`: it does not. `request`: it asks, and a client may have none.
 * `require`: it refuses a client without one.
 */
export type ClientAuth = "none" | "request" | "require";
