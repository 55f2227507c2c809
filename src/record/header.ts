/** The header of a record: type, version and length (RFC 5246 §6.2.1). @module */

/** The length of the header in bytes. */
export const HEADER = 5;
