/** Text from a peer, made fit to be printed. @module */

/**
 * Controls (a line's end among them, a tab not), what turns the direction of text or is not seen, and halves of
 * characters: what moves a terminal's cursor, forges a line of a log, or shows another name than there is.
 */
const unprintable = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A text with what is not printed written as JSON writes it: `\u001b`. In JSON it still means the same. */
export const printable = (text: string): string =>
  text.replace(
    unprintable,
    (character) =>
      Array.from({ length: character.length }, (_, i) =>
        `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );
