/** The limits of a policy, and those that our policies have. @module */
import type { RecordLimits } from "../record/limits.ts";

/** Limits on what a peer may send, and on how long things may take. */
export interface Limits extends RecordLimits {
  /** The most warning alerts in a row; 4 in `Policy.limits`. */
  readonly warningAlerts: number;
  /** The most requests to renegotiate in a row that this end ignores or declines; 4 in `Policy.limits`. */
  readonly helloRequests: number;
  /** TLS 1.3: the most messages in a row after the handshake, without data in between; 32 in `Policy.limits`. */
  readonly postHandshakeMessages: number;
  /** The most bytes of unread application data during a renegotiation; 128 KiB in `Policy.limits`. */
  readonly renegotiationBuffer: number;
  /** How long a handshake may take, in milliseconds; 30,000 in `Policy.limits`. */
  readonly handshakeTimeout: number;
  /** How long a server waits for the first byte of a client, in milliseconds; 5,000 in `Policy.limits`. */
  readonly firstByteTimeout: number;
  /** How long `close` waits for the peer's close_notify, in milliseconds; 1,000 in `Policy.limits`. */
  readonly closeWait: number;
  /**
   * How long sending may stall at the end of a connection before it is given up, in milliseconds; 5,000 in `Policy.limits`.
   */
  readonly writeWait: number;
  /**
   * How long a session store may take for an answer, in milliseconds; 200 in `Policy.limits`. After that the connection
   * goes on without it.
   */
  readonly storeWait: number;
  /**
   * The most renegotiations that the peer may begin within a `renegotiationWindow`, or in TLS 1.3 requests for a certificate; 8
   * in `Policy.limits`.
   */
  readonly renegotiations: number;
  /** The time in which the peer's renegotiations are counted, in milliseconds; 60,000 in `Policy.limits`. */
  readonly renegotiationWindow: number;
  /** How long a server waits for the answer to a HelloRequest, in milliseconds; 10,000 in `Policy.limits`. */
  readonly renegotiationWait: number;
  /**
   * How long a session can be resumed after its full handshake, in milliseconds, whatever its store or ticket allows
   * (RFC 5246 §F.1.4); 0 for never. A day in `Policy.limits`.
   */
  readonly sessionLifetime: number;
}

/** The limits of the three policies: generous to any honest peer. */
export const limits: Limits = {
  // The longest possible ClientHello.
  handshakeMessage: 131_396,
  certificateMessage: 256 * 1024,
  emptyRecords: 32,
  warningAlerts: 4,
  helloRequests: 4,
  postHandshakeMessages: 32,
  // 2^23 blocks of 64 bits: far from the 2^32 where they begin to repeat (Sweet32, RFC 9325 §4.4).
  shortBlockData: 64 * 1024 * 1024,
  recordsPerKey: 2 ** 24,
  skippedEarlyData: 32 * 1024,
  handshakeTimeout: 30_000,
  firstByteTimeout: 5_000,
  closeWait: 1_000,
  writeWait: 5_000,
  storeWait: 200,
  renegotiationBuffer: 128 * 1024,
  renegotiations: 8,
  renegotiationWindow: 60_000,
  renegotiationWait: 10_000,
  sessionLifetime: 86_400_000,
};
