/** A connection as a Duplex. @module */
import { Schema } from "../deps.ts";
import { decodeOption, flag, given, whole } from "../options.ts";
import type { Connection } from "../public/connections.ts";
import { now } from "../promises/run.ts";
import { type Beneath, type DuplexOptions, TlsDuplex } from "./tls_duplex.ts";

const options: Schema.Schema<DuplexOptions> = Schema.Struct({
  allowHalfOpen: Schema.optional(flag),
  highWaterMark: Schema.optional(whole(0)),
  authorized: Schema.optional(flag),
  beneath: Schema.optional(
    Schema.declare((u: unknown): u is Beneath => typeof u === "object" && u !== null, {
      description: "a socket, or an object with its addresses",
    }),
  ),
});
const decode = decodeOption(options);

/**
 * A connection as a `node:stream` Duplex, for a driver or server that wants a TLSSocket. The Duplex owns the connection
 * from then on: its end is the connection's. Throws InvalidOption for an option of the wrong type.
 */
export const toDuplex = (connection: Connection, wanted?: DuplexOptions): TlsDuplex =>
  new TlsDuplex(connection, now(decode(given(wanted))));
