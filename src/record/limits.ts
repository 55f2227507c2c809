/** The options of the record layer, and limits on what a peer may send. @module */

/** Limits on what a peer may send in records. Beyond them the connection fails with `LimitExceeded`. */
export interface RecordLimits {
  /** The most bytes of a handshake message; many messages are shorter by their form. In `Policy.limits` 131,396, the longest ClientHello. */
  readonly handshakeMessage: number;
  /** The most bytes of a Certificate message; 256 KiB in `Policy.limits`. */
  readonly certificateMessage: number;
  /** The most empty records in a row; 32 in `Policy.limits`. */
  readonly emptyRecords: number;
  /** The most bytes in each direction under one key of a cipher with 64-bit blocks; 64 MiB in `Policy.limits`. */
  readonly shortBlockData: number;
  /** TLS 1.3: how many records this end seals under one key before it changes it (RFC 8446 §5.5); 2^24 in `Policy.limits`. */
  readonly recordsPerKey: number;
  /**
   * TLS 1.3: the most bytes of records of refused early data that are passed over, or twice a server's `earlyData` if that is
   * more; 32 KiB in `Policy.limits`.
   */
  readonly skippedEarlyData: number;
}

/** Options of the record layer. */
export interface RecordOptions {
  /** Whether application data is split 1/n-1 where an IV can be predicted (before TLS 1.1), against BEAST. */
  readonly splitRecords: boolean;
  /** TLS 1.3: the multiple of bytes that content is padded to; `undefined` for no padding (RFC 8446 §5.4). */
  readonly recordPadding?: number | undefined;
  /** TLS 1.3: how many zeros follow so many bytes of content, of so many that there is room for; in place of `recordPadding`. */
  readonly padding?: ((length: number, room: number) => number) | undefined;
  /** Whether the first record may be a ClientHello in the format of SSL 2.0 (RFC 5246 §E.2). */
  readonly sslv2Hello: boolean;
}
