/** The one form in which settings are named, so that two names are the same only where all that they say is. @module */
import { type Bytes, utf8 } from "../wire/bytes.ts";
import type { CryptoService } from "./crypto.ts";

/**
 * Some settings as bytes to hash. JSON tells where one ends and the next begins, and escapes half a surrogate pair, which
 * UTF-8 has no form for.
 */
export const canonical = (settings: ReadonlyArray<string>): Bytes => utf8(JSON.stringify(settings));

/** A partition as a session keeps it: 32 bytes, however long its name. */
export const partitionHash = ({ hash }: Pick<CryptoService, "hash">, partition: string): Bytes =>
  hash("sha256").digest([canonical([partition])]);
