/** How records of TLS 1.3 are padded, so that their length tells less of their content (RFC 8446 §5.4). @module */
import { MAX_PLAINTEXT } from "./protection.ts";

/**
 * Gives the number of zeros that follow content of a length, under a policy that pads; `undefined` if it does not.
 * Content and zeros are together at most `most` bytes: as many as a record may hold, and fewer if the peer wants shorter
 * records (RFC 8449 §4).
 */
export const paddingOf = (
  { recordPadding: multiple }: { readonly recordPadding?: number | undefined },
  most: number = MAX_PLAINTEXT,
): ((length: number) => number) | undefined =>
  multiple === undefined ? undefined : (length) => {
    // An empty record is padded as one with a byte is.
    const padded = Math.ceil(Math.max(1, length) / multiple) * multiple;
    return Math.max(0, Math.min(padded, most) - length);
  };
