/** Where a peer is. @module */

/** Where a server listens or a client connects. */
export interface Address {
  /** A host name, or an IP address; an IPv6 address has no brackets. */
  readonly hostname: string;
  /** 0 lets the system choose, where something listens. */
  readonly port: number;
}
