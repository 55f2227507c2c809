/** What a client is told of how to connect. @module */
import type { Policy } from "../../tables/policy.ts";

/** How a client wants to connect. */
export interface ClientSettings {
  readonly policy: Policy;
  /** The host name or IP address that the server's certificate must be for; the name, not the address, goes out as SNI. */
  readonly serverName: string | undefined;
  /** Application protocols, the best first (RFC 7301). */
  readonly alpn: ReadonlyArray<string>;
  /** Whether this is another attempt, at a lower version than the last one (RFC 7507 §4). */
  readonly fallback: boolean;
  /** Under which key the store keeps this server's session; `undefined`: nothing is resumed. */
  readonly sessionKey: string | undefined;
  /** The key may stand for two servers, of which one can't know the other: two sessions are kept. */
  readonly keyIsShared?: boolean | undefined;
}
