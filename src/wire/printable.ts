/** Makes a peer's text safe to print. @module */

/**
 * Characters that could move a terminal's cursor, forge a line of a log, or show a name other than the real one:
 * control characters (line ends too, but not tabs), invisible and direction-changing ones, and lone surrogates.
 */
const unprintable = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes unprintable characters as JSON does (`\u001b`), so that JSON text keeps its meaning. */
export const printable = (text: string): string =>
  text.replace(
    unprintable,
    (character) =>
      Array.from({ length: character.length }, (_, i) =>
        `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`).join(""),
  );

/** The most characters of a name in a message. A peer chooses how long its names are. */
const LONGEST = 160;

/** A name for a message: its beginning, if it is long. */
export const shortened = (name: string): string =>
  name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}… (${name.length} characters)`;
