/** The logs whose promises count (RFC 6962 §3). @module */
import { Either } from "../../deps.ts";
import type { PublicKey } from "../../ports/crypto.ts";
import type { CtLog } from "../../ports/trust.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { decodeDer } from "../der/der.ts";
import { subjectPublicKeyInfo } from "../keys/public_key.ts";
import { base64 } from "../pem.ts";

/** A log with its key read. */
export interface Log {
  readonly key: PublicKey;
  readonly description: string | undefined;
  readonly operator: string | undefined;
  /** Timestamps from here on do not count, in milliseconds since the epoch. */
  readonly until: number;
}

/** The SubjectPublicKeyInfo of a log's key, given as DER, PEM or base64; `undefined` when it is no key that is supported. */
export const keyOfLog = (
  given: string | Bytes,
): { readonly spki: Bytes; readonly key: PublicKey } | undefined => {
  const spki = typeof given === "string" ? base64(given.replace(/-----[^-]+-----|\s/g, "")) : given;
  const read = spki && Either.getOrUndefined(decodeDer("SubjectPublicKeyInfo", subjectPublicKeyInfo, spki));
  return spki && read && read._tag !== "unsupported" ? { spki, key: read } : undefined;
};

/** Logs by their IDs: the SHA-256 of their keys, in hexadecimal. */
export const logsById = (
  logs: ReadonlyArray<CtLog>,
  sha256: (bytes: Bytes) => Bytes,
): ReadonlyMap<string, Log> =>
  new Map(logs.flatMap(({ key: given, description, operator, until = Infinity }) => {
    const read = keyOfLog(given);
    return read ? [[toHex(sha256(read.spki)), { key: read.key, description, operator, until }]] : [];
  }));
