/** Errors of exported keying material and channel bindings. @module */
import { Data } from "../../deps.ts";
import { printable } from "../../wire/printable.ts";

/** The types of channel bindings (RFC 5929 §3, §4; RFC 9266 §2). */
export type ChannelBindingType = "tls-unique" | "tls-server-end-point" | "tls-exporter";

/** The connection has no such channel binding or exported key. The connection goes on. */
export class BindingUnavailable extends Data.TaggedError("BindingUnavailable")<{
  readonly what: ChannelBindingType | "channelBinding" | "exportKeyingMaterial" | "exportEarlyKeyingMaterial";
  readonly reason: string;
  readonly rfc: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return printable(`${this.what}: ${this.reason} (${this.rfc})`);
  }
}
