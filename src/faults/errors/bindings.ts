/** Errors of exported keys and channel bindings. @module */
import { Data } from "../../deps.ts";
import { printable } from "../../wire/printable.ts";

/** The bindings there are (RFC 5929 §3, §4; RFC 9266 §2). */
export type ChannelBindingType = "tls-unique" | "tls-server-end-point" | "tls-exporter";

/** The connection has no such thing. It goes on. */
export class BindingUnavailable extends Data.TaggedError("BindingUnavailable")<{
  readonly what: ChannelBindingType | "channelBinding" | "exportKeyingMaterial";
  readonly reason: string;
  readonly rfc: string;
}> {
  /** What happened, in a sentence. */
  override get message(): string {
    return printable(`${this.what}: ${this.reason} (${this.rfc})`);
  }
}
