/** What the record layer is told: its options, and what a peer may send at most. @module */

/** What a peer may send at most; more is a `LimitExceeded`. */
export interface RecordLimits {
  /** Bytes in a handshake message; what its own form bounds may be less. The longest ClientHello's, 131,396, by default. */
  readonly handshakeMessage: number;
  /** Bytes in a Certificate message; 256 KiB by default. */
  readonly certificateMessage: number;
  /** Records in a row that carry nothing; 32 by default. */
  readonly emptyRecords: number;
  /** Bytes of records each way under one key of a cipher whose blocks have 64 bits; 64 MiB by default. */
  readonly shortBlockData: number;
}

/** What is spoken, as far as records know of it. */
export interface RecordOptions {
  /** Whether application data is split 1/n-1 where IVs can be predicted, against BEAST. */
  readonly splitRecords: boolean;
  /** Whether the first record may be a ClientHello in the format of SSL 2.0 (RFC 5246 §E.2). */
  readonly sslv2Hello: boolean;
}
