/** The port to a key log, in the NSS format with which tshark and Wireshark decrypt a capture (RFC 9850). @module */
import { Context, type Effect } from "../deps.ts";

/**
 * Writes one line, given without its line end: a label, the client random and a secret, both in hexadecimal. Up to TLS 1.2 the
 * label is `CLIENT_RANDOM`; TLS 1.3 has one for each secret, such as `CLIENT_TRAFFIC_SECRET_0`.
 */
export type KeyLogger = (line: string) => Effect.Effect<void>;

/** The key log; `undefined` unless a layer sets one. */
export class KeyLog extends Context.Reference<KeyLog>()("effect-tls/1/KeyLog", {
  defaultValue: (): KeyLogger | undefined => undefined,
}) {}
