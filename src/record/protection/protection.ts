/** The protection of records in one direction. @module */
import type { ContentType } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** A record after it was opened. */
export interface Opened {
  readonly type: ContentType;
  readonly fragment: Bytes;
  /** The bytes that count as content, if padding counts as well (RFC 8449 §4); otherwise the fragment's. */
  readonly size?: number;
}

/**
 * The protection of one direction under one key, with its sequence number (RFC 5246 §6.1); each change of keys makes a new
 * one. `seal` gives the fragment in parts, which are copied once, with the whole flight. `open` throws `BadRecordMac`.
 */
export interface Protection {
  /** The most bytes of a sealed fragment (RFC 5246 §6.2.3). */
  readonly limit: number;
  /** Whether the IV of the next record is on the wire already: an attacker who chooses plaintext can test guesses (BEAST). */
  readonly predictableIv: boolean;
  /** Whether the cipher has 64-bit blocks, which begin to repeat after some 2^32 of them (Sweet32). */
  readonly shortBlocks: boolean;
  /** The content type of a sealed record's header, where its own is sealed with it (RFC 8446 §5.2). */
  readonly outer?: ContentType;
  /** The most records that the key may seal (RFC 8446 §5.5); any number unless given. */
  readonly records?: number;
  /** Seals a fragment. Where the content type is sealed with it, so many zeros may follow (RFC 8446 §5.4). */
  readonly seal: (type: ContentType, fragment: Bytes, zeros?: number) => ReadonlyArray<Bytes>;
  readonly open: (type: ContentType, sealed: Bytes) => Opened;
}

/** The most content in bytes of a record (RFC 5246 §6.2.1). */
export const MAX_PLAINTEXT = 2 ** 14;

/** No protection, as a connection begins: TLS_NULL_WITH_NULL_NULL (RFC 5246 §6.1). */
export const plaintext: Protection = {
  limit: MAX_PLAINTEXT,
  predictableIv: false,
  shortBlocks: false,
  seal: (_, fragment) => [fragment],
  open: (type, fragment) => ({ type, fragment }),
};
