/** Names of application protocols that a peer said, for people. @module */
import type { Bytes } from "../../wire/bytes.ts";
import { printable } from "../../wire/printable.ts";

/** As many as are told, and bytes of each: there may be tens of thousands, of 255 bytes. */
const MOST = 8;
const LONGEST = 32;

/** The first of the names, in quotes, each cut where it is long. */
export const protocolNames = (names: ReadonlyArray<Bytes>): string => {
  const told = names.slice(0, MOST).map((name) => {
    const text = new TextDecoder().decode(name.subarray(0, LONGEST));
    return printable(JSON.stringify(text)) + (name.length > LONGEST ? "…" : "");
  });
  return [...told, ...(names.length > MOST ? [`${names.length - MOST} more`] : [])].join(", ");
};
