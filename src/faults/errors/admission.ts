/** The refusal of a connection before its handshake. @module */
import { Data } from "../../deps.ts";
import type { Address } from "../../names/address.ts";

/** The limits of a server on the connections that it admits. */
export type AdmissionLimit = "handshakes" | "connections" | "connectionsPerAddress" | "ratePerAddress";

const words: Readonly<Record<AdmissionLimit, string>> = {
  handshakes: "handshakes are under way",
  connections: "connections are open",
  connectionsPerAddress: "connections from its address are open",
  ratePerAddress: "connections from its address have come too lately",
};

/** A server closed a connection before its handshake, because a limit of its `onConnection` is reached. */
export class AdmissionRefused extends Data.TaggedError("AdmissionRefused")<{
  /** The limit. */
  readonly limit: AdmissionLimit;
  /** How many it allows. */
  readonly allowed: number;
  /** The address of the peer. */
  readonly remote: Address;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    const { limit, allowed, remote } = this;
    return `a connection from ${remote.hostname} was refused: ${allowed} ${
      words[limit]
    } (onConnection.${limit})`;
  }
}
