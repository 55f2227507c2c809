/** How the answers of line protocols look: when one is complete, and which code it has. @module */

/**
 * Looks at the lines of an answer that have come, of which the last one is new. Gives the answer's code when it is complete,
 * `undefined` while more must come, and `null` for a line that no such answer has.
 */
export interface Answers {
  (lines: ReadonlyArray<string>, command: string | undefined): string | undefined | null;
}

/** `250-first`, `250 last`: every line begins with the code (RFC 5321 §4.2.1). */
export const numbered: Answers = (lines) => {
  const [, code, more] = /^([2-5]\d\d)(-|\s|$)/.exec(lines.at(-1)!) ?? [];
  return code === undefined || !lines[0]!.startsWith(code) ? null : more === "-" ? undefined : code;
};

/** `211-first`, anything, `211 last` (RFC 959 §4.2). */
export const numberedAround: Answers = (lines) => {
  const [, code, more] = /^([1-5]\d\d)(-|\s|$)/.exec(lines[0]!) ?? [];
  if (code === undefined) return null;
  return more !== "-" || lines.length > 1 && /^(\d{3}) /.exec(lines.at(-1)!)?.[1] === code ? code : undefined;
};

/** A first line with a code, and after one of these commands and a good code a list that a lone dot ends. */
export const dotted = (code: RegExp, listing: string, good: string): Answers => (lines, command) => {
  const [found] = code.exec(lines[0]!) ?? [];
  if (found === undefined) return null;
  return command !== listing || found !== good || lines.at(-1) === "." ? found : undefined;
};

/** Lines with `*`, then one with the command's tag; the greeting is a single line with `*` (RFC 3501 §2.2.2). */
export const tagged: Answers = (lines, command) => {
  const [, tag, code] = /^(\S+) ([A-Za-z]+)/.exec(lines.at(-1)!) ?? [];
  if (command === undefined) return tag === "*" ? code!.toUpperCase() : null;
  if (tag === command.split(" ", 1)[0]) return code!.toUpperCase();
  return lines.at(-1)!.startsWith("* ") ? undefined : null;
};

/** Lines with quoted capabilities, then one with OK, NO or BYE (RFC 5804 §1.2). */
export const quotedThenWord: Answers = (lines) => {
  const [, code] = /^(OK|NO|BYE)(?=[\s"(]|$)/i.exec(lines.at(-1)!) ?? [];
  return code?.toUpperCase() ?? (lines.at(-1)!.startsWith('"') ? undefined : null);
};

/** The first line with one of these words in the place of the command; others may come before it (RFC 2812 §2.3.1). */
export const amongOthers = (...words: ReadonlyArray<string>): Answers => (lines) => {
  const [, word] = /^(?::\S+ +)?([A-Z]+|\d{3})(?: |$)/i.exec(lines.at(-1)!) ?? [];
  return word === undefined ? null : words.includes(word.toUpperCase()) ? word.toUpperCase() : undefined;
};
