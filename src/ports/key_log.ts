/** The port to a key log, in the NSS format with which tshark and Wireshark decrypt a capture (RFC 9850). @module */
import { Context, type Effect } from "../deps.ts";

/** Writes one line, given without its line end: `CLIENT_RANDOM <client random> <master secret>`. */
export type KeyLogger = (line: string) => Effect.Effect<void>;

/** The key log; `undefined` unless a layer sets one. */
export class KeyLog extends Context.Reference<KeyLog>()("effect-tls/1/KeyLog", {
  defaultValue: (): KeyLogger | undefined => undefined,
}) {}
