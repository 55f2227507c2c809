/** A network address. @module */

/** Where a server listens or a client connects. */
export interface Address {
  /** A host name or an IP address. An IPv6 address has no brackets. */
  readonly hostname: string;
  /** The port. A listener may give 0, and the system chooses one. */
  readonly port: number;
}
