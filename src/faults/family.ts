/** Kinds of errors. @module */

/**
 * The kind of an error. *decode*: the bytes are not TLS; *protocol*: the peer broke the order of messages or another
 * rule; *refused*: the two ends' demands do not match; *end*: the connection is over; *local*: this end's own
 * settings or keys are wrong.
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
