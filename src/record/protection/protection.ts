/** What stands between a record's content and the wire, in one direction. @module */
import type { ContentType } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** An opened record. */
export interface Opened {
  readonly type: ContentType;
  readonly fragment: Bytes;
}

/**
 * One direction under one key, made anew at each change of keys, its sequence number inside (RFC 5246 §6.1). `seal`
 * gives the fragment in parts, so that no part is copied before the whole flight is; `open` throws `BadRecordMac`.
 */
export interface Protection {
  /** The longest sealed fragment that may come (RFC 5246 §6.2.3). */
  readonly limit: number;
  /** Whether the next record's IV is on the wire already, so that who chooses a plaintext can test a guess (BEAST). */
  readonly predictableIv: boolean;
  /** Whether the cipher's blocks have 64 bits and so begin to repeat after some 2^32 of them (Sweet32). */
  readonly shortBlocks: boolean;
  readonly seal: (type: ContentType, fragment: Bytes) => ReadonlyArray<Bytes>;
  readonly open: (type: ContentType, sealed: Bytes) => Opened;
}

/** The most that a record carries (RFC 5246 §6.2.1). */
export const MAX_PLAINTEXT = 2 ** 14;

/** No protection: the connection's first state, TLS_NULL_WITH_NULL_NULL (RFC 5246 §6.1). */
export const plaintext: Protection = {
  limit: MAX_PLAINTEXT,
  predictableIv: false,
  shortBlocks: false,
  seal: (_, fragment) => [fragment],
  open: (type, fragment) => ({ type, fragment }),
};
