/** The canonical form of settings, so that two partition names are equal only when all their settings are. @module */
import { type Bytes, utf8 } from "../wire/bytes.ts";
import type { CryptoService } from "./crypto.ts";

/**
 * Encodes settings as bytes to hash. JSON marks where one setting ends and the next begins, and it escapes lone
 * surrogates, which UTF-8 cannot encode.
 */
export const canonical = (settings: ReadonlyArray<string>): Bytes => utf8(JSON.stringify(settings));

/** The hash of a partition's name as a session stores it: 32 bytes, however long the name is. */
export const partitionHash = ({ hash }: Pick<CryptoService, "hash">, partition: string): Bytes =>
  hash("sha256").digest([canonical([partition])]);
