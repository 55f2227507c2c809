/** What limits the connections of a server, and how many there are. @module */
import type { Duration } from "../deps.ts";
import type { AdmissionLimit } from "../faults/errors/admission.ts";

/**
 * Limits on the connections of a server. Each is off unless given. A connection beyond one is closed before its handshake,
 * counted (`Listening.counts`), and told to `onFailure` as `AdmissionRefused`.
 */
export interface ConnectionLimits {
  /** The most handshakes at once. */
  readonly handshakes?: number | undefined;
  /** The most connections in all, in their handshake or served. */
  readonly connections?: number | undefined;
  /** The most connections at once from one address; from one network of 64 bits in IPv6, where a host has many addresses. */
  readonly connectionsPerAddress?: number | undefined;
  /** The most connections from one address, or network, within `window`. */
  readonly ratePerAddress?: number | undefined;
  /** The time in which `ratePerAddress` is counted; a minute unless given. */
  readonly window?: Duration.DurationInput | undefined;
}

/** How many connections a server has and had. */
export interface Counts {
  /** In their handshake now. */
  readonly handshakes: number;
  /** In their handshake, or served, now. */
  readonly connections: number;
  /** Admitted since the server began to listen. */
  readonly admitted: number;
  /** Refused since then, by the limit. */
  readonly refused: Readonly<Record<AdmissionLimit, number>>;
}
