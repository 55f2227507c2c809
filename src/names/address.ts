/** Where a peer is. @module */

/** Where a server listens or a client connects. */
export interface Address {
  readonly hostname: string;
  /** 0 lets the system choose, where something listens. */
  readonly port: number;
}
