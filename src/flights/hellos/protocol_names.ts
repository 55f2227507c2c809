/** A peer's names of application protocols, for people. @module */
import type { Bytes } from "../../wire/bytes.ts";
import { printable } from "../../wire/printable.ts";

/** How many names are shown, and how many bytes of each. There may be tens of thousands, of 255 bytes. */
const MOST = 8;
const LONGEST = 32;

/** The first names, in quotes; long ones are cut. */
export const protocolNames = (names: ReadonlyArray<Bytes>): string => {
  const told = names.slice(0, MOST).map((name) => {
    const text = new TextDecoder().decode(name.subarray(0, LONGEST));
    return printable(JSON.stringify(text)) + (name.length > LONGEST ? "…" : "");
  });
  return [...told, ...(names.length > MOST ? [`${names.length - MOST} more`] : [])].join(", ");
};
