/** The port to a server's session tickets, and what a ticket and its key are. @module */
import { Context, type Effect, type Option, Schema } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";
import { fixed, type Opaque, type Uint, uint32 } from "../wire/schema.ts";
import type { Crypto } from "./crypto.ts";
import type { Session } from "./sessions.ts";

/** A key that seals tickets; whoever has it reads the connections that they resume. */
export const TicketKey: Schema.Struct<{ name: Opaque; key: Opaque; createdAt: Uint }> = Schema.Struct({
  /** Random, and in the clear in each ticket. */
  name: fixed(16),
  /** Of AES-256-GCM. */
  key: fixed(32),
  /** Seconds since the epoch. */
  createdAt: uint32,
});
/** A key that seals tickets, as a type. */
export type TicketKey = typeof TicketKey.Type;

/** What a ticket gave. */
export interface OpenedTicket {
  /** As it was sealed, without `id`, `ticket` and `ticketExpiresAt`. */
  readonly session: Session;
  /** Whether a new ticket should replace it: a key sealed it that seals no more, or half its life is over. */
  readonly renew: boolean;
}

/** What seals and opens tickets. */
export interface SessionTicketsService {
  /** Seconds that a session can be resumed by tickets, from its full handshake on; at most 7 days. */
  readonly lifetime: number;
  /** A session as a ticket under the newest key; empty when it is too long for one, or when `open` would refuse it. */
  readonly seal: (session: Session) => Effect.Effect<Bytes, never, Crypto>;
  /**
   * The session in a ticket; none when it is forged, of a key that is gone, too old, from the future or unreadable:
   * which of these is told nobody.
   */
  readonly open: (ticket: Bytes) => Effect.Effect<Option.Option<OpenedTicket>, never, Crypto>;
}

/** Who seals a server's tickets; nobody, unless a layer says so, and then none are given. */
export class SessionTickets extends Context.Reference<SessionTickets>()("effect-tls/1/SessionTickets", {
  defaultValue: (): SessionTicketsService | undefined => undefined,
}) {}
