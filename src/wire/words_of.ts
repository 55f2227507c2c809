/** Describes thrown values. @module */
import { printable } from "./printable.ts";

/** Describes a thrown value in words; never throws itself. */
export const wordsOf = (thrown: unknown): string => {
  try {
    return printable(thrown instanceof Error ? thrown.message : String(thrown));
  } catch {
    return "something without words";
  }
};
