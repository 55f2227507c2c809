/** The canonical form of settings, so that two partition names are equal only when all their settings are. @module */
import { type Bytes, utf8 } from "../wire/bytes.ts";
import type { CryptoService } from "./crypto.ts";

/**
 * Encodes settings as bytes to hash. JSON marks where one setting ends and the next begins, and it escapes lone
 * surrogates, which UTF-8 cannot encode.
 */
export const canonical = (settings: ReadonlyArray<string>): Bytes => utf8(JSON.stringify(settings));

/** Something with settings that sessions go by: credentials, or trust. */
interface Partitioned {
  readonly partition: string;
}

/** Settings seldom change, and every handshake asks for their hash. */
const known = new WeakMap<Partitioned, readonly [partition: string, hash: Bytes]>();

/** The hash of a service's partition as a session stores it: 32 bytes, however long the name is. */
export const partitionHash = ({ hash }: Pick<CryptoService, "hash">, service: Partitioned): Bytes => {
  const { partition } = service;
  const [former, made] = known.get(service) ?? [];
  if (made && former === partition) return made;
  const digest = hash("sha256").digest([canonical([partition])]);
  known.set(service, [partition, digest]);
  return digest;
};
