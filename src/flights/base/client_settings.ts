/** The settings of a client's handshakes. @module */
import type { Policy } from "../../tables/policy.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The settings of a client's handshakes. */
export interface ClientSettings {
  readonly policy: Policy;
  /** The host name or IP address that the server's certificate must be for. A name, not an address, is sent as SNI. */
  readonly serverName: string | undefined;
  /** Application protocols, the best first (RFC 7301). */
  readonly alpn: ReadonlyArray<string>;
  /** Whether this is another attempt, at a lower version than the last one (RFC 7507 §4). */
  readonly fallback: boolean;
  /** What is sent with the first flight, where a session allows it; nothing unless given. */
  readonly earlyData?: Bytes | undefined;
  /** The key of this server's session in the store; `undefined` if nothing is resumed. */
  readonly sessionKey: string | undefined;
  /** Whether two servers may share the key. Two sessions are kept then. */
  readonly keyIsShared?: boolean | undefined;
}
