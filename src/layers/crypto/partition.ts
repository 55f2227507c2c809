/** Partition names for the settings of layers. @module */
import { canonical } from "../../ports/partition.ts";
import { toHex } from "../../wire/bytes.ts";
import { sha256 } from "./noble/deps.ts";

/** A short name for settings: their hash. */
export const partitionOf = (kind: string, ...settings: ReadonlyArray<string>): string =>
  `${kind}:${toHex(sha256(canonical(settings)))}`;
