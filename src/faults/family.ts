/** Whose fault an error is. @module */

/**
 * Whose fault it is. *decode*: what came is not TLS; *protocol*: the peer broke the order or a rule; *refused*: the two
 * policies do not meet; *end*: the connection is over; *local*: this end's own settings or keys.
 */
export type Family =
  | "decode"
  | "protocol"
  | "refused"
  | "certificate"
  | "crypto"
  | "peer alert"
  | "transport"
  | "timeout"
  | "end"
  | "local";
