/** What was thrown, for people. @module */
import { printable } from "./printable.ts";

/** What was thrown, in words; even where it has none. */
export const wordsOf = (thrown: unknown): string => {
  try {
    return printable(thrown instanceof Error ? thrown.message : String(thrown));
  } catch {
    return "something without words";
  }
};
