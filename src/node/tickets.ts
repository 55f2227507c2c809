/** A server's session tickets, with keys as Node has them: 48 bytes. @module */
import { Context, Effect, Layer, Schema } from "../deps.ts";
import { bytes, decodeOption } from "../options.ts";
import { now } from "../promises/run.ts";
import { SessionTickets, type SessionTicketsService } from "../public/session_tickets.ts";
import * as Layers from "../public/session_tickets.ts";
import { Buffer, randomBytes } from "./deps.ts";

/** The length of keys for tickets: the name of a key, and the key. */
const LENGTH = 48;

/** Tickets whose keys can be shared with other servers of this library. */
export interface Tickets {
  /** Seals and opens tickets with the keys of the moment. */
  readonly service: () => SessionTicketsService;
  /** The keys, which change by themselves until somebody asks for them. */
  readonly keys: () => Buffer;
  /** Changes the keys. Throws InvalidOption unless they are 48 bytes. */
  readonly change: (keys: Uint8Array) => void;
}

const decodeKeys = decodeOption(Schema.Struct({ ticketKeys: bytes(LENGTH) }));

/** Makes tickets that are good for some seconds. */
export const makeTickets = (given: Uint8Array | undefined, seconds: number): Tickets => {
  const lifetime = seconds * 1000;
  let keys: Buffer | undefined;
  let service: SessionTicketsService | undefined;
  const change = (wanted: Uint8Array) => {
    const { ticketKeys } = now(decodeKeys({ ticketKeys: wanted }));
    keys = Buffer.from(ticketKeys);
    service = built(Layers.layerKeys({
      lifetime,
      keys: [{ name: keys.subarray(0, 16), key: keys.subarray(16), createdAt: 0 }],
    }));
  };
  if (given) change(given);
  return {
    service: () => service ??= Layers.makeRotating({ lifetime }),
    keys: () => {
      if (!keys) change(randomBytes(LENGTH));
      return Buffer.from(keys!);
    },
    change,
  };
};

const built = <E>(layer: Layer.Layer<never, E>): SessionTicketsService =>
  now(
    Effect.map(Effect.scoped(Layer.build(layer)), (made) =>
      Context.get(made as Context.Context<never>, SessionTickets)),
  )!;
