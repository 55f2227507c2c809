/** How records of TLS 1.3 are padded, so that their length tells less of their content (RFC 8446 §5.4). @module */
import { MAX_PLAINTEXT } from "./protection.ts";

/** How records are padded: to a multiple, or by a rule of one's own. */
interface Padded {
  readonly recordPadding?: number | undefined;
  readonly padding?: ((length: number, room: number) => number) | undefined;
}

/**
 * Gives the number of zeros that follow content of a length, if there is a rule; `undefined` if there is none. Content and
 * zeros are together at most `most` bytes: as many as a record may hold, and fewer if the peer wants shorter records
 * (RFC 8449 §4).
 */
export const paddingOf = (
  { padding, recordPadding: multiple }: Padded,
  most: number = MAX_PLAINTEXT,
): ((length: number) => number) | undefined => {
  // An empty record is padded as one with a byte is.
  const zeros = padding ??
    (multiple === undefined
      ? undefined
      : (length: number) => Math.ceil(Math.max(1, length) / multiple) * multiple - length);
  return zeros && ((length) => Math.max(0, Math.min(zeros(length, most - length), most - length)));
};
