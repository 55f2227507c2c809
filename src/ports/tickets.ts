/** The port to a server's session tickets, and the keys that seal them. @module */
import { Context, type Effect, type Option, Schema } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";
import { fixed, type Opaque, type Uint, uint32 } from "../wire/schema.ts";
import type { Crypto } from "./crypto.ts";
import type { Session } from "./sessions.ts";

/** A key that seals tickets. Whoever has it can decrypt the connections that were given those tickets, and those that they resume. */
export const TicketKey: Schema.Struct<{ name: Opaque; key: Opaque; createdAt: Uint }> = Schema.Struct({
  /** The key's random name, which each ticket carries unencrypted. */
  name: fixed(16),
  /** An AES-256-GCM key. */
  key: fixed(32),
  /** When the key was made, in seconds since the epoch. */
  createdAt: uint32,
});
/** The type of a key that seals tickets. */
export type TicketKey = typeof TicketKey.Type;

/** The result of opening a ticket. */
export interface OpenedTicket {
  /** The session as it was sealed: with empty `id`, `ticket` and `ticketExpiresAt`. */
  readonly session: Session;
  /** Whether the client should get a new ticket: the key no longer seals, or half the session's lifetime is over. */
  readonly renew: boolean;
}

/** Seals sessions into tickets and opens them. */
export interface SessionTicketsService {
  /** How many seconds after its full handshake a session can be resumed by tickets; at most 7 days. */
  readonly lifetime: number;
  /**
   * Seals a session with the newest key. Empty when the session is too long for a ticket, or when `open` would refuse
   * it.
   */
  readonly seal: (session: Session) => Effect.Effect<Bytes, never, Crypto>;
  /**
   * Opens a ticket. None when it is forged, unreadable, too old, dated in the future, or its key is gone; the reason
   * is not revealed.
   */
  readonly open: (ticket: Bytes) => Effect.Effect<Option.Option<OpenedTicket>, never, Crypto>;
}

/**
 * The service that seals a server's tickets. Without a layer it is `undefined`, and the server issues no tickets.
 */
export class SessionTickets extends Context.Reference<SessionTickets>()("effect-tls/1/SessionTickets", {
  defaultValue: (): SessionTicketsService | undefined => undefined,
}) {}
