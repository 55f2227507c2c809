/** The settings of a server's handshakes. @module */
import type { Policy } from "../../tables/policy.ts";
import type { ClientAuth } from "./client_auth.ts";

/** The settings of a server's handshakes. */
export interface ServerSettings {
  readonly policy: Policy;
  /** Application protocols, the best first (RFC 7301). */
  readonly alpn: ReadonlyArray<string>;
  /** Whether clients are asked for a certificate, and refused without one. */
  readonly clientAuth: ClientAuth;
  /** The most bytes of early data that are accepted; none unless given. */
  readonly earlyData?: number | undefined;
}
