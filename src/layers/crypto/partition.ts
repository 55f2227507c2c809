/** Names for the settings that layers are made from. @module */
import { canonical } from "../../ports/partition.ts";
import { toHex } from "../../wire/bytes.ts";
import { sha256 } from "./noble/deps.ts";

/** The name of some settings; short, whatever they are. */
export const partitionOf = (kind: string, ...settings: ReadonlyArray<string>): string =>
  `${kind}:${toHex(sha256(canonical(settings)))}`;
