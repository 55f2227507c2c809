/** The port to a key log: the NSS format, with which tshark decrypts a capture (RFC 9850). @module */
import { Context, type Effect } from "../deps.ts";

/** Takes one line, without its end: `CLIENT_RANDOM <client random> <master secret>`. */
export type KeyLogger = (line: string) => Effect.Effect<void>;

/** Who hears of secrets; nobody, unless a layer says so. */
export class KeyLog extends Context.Reference<KeyLog>()("effect-tls/1/KeyLog", {
  defaultValue: (): KeyLogger | undefined => undefined,
}) {}
