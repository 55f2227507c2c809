/** NewSessionTicket in both roles (RFC 5077 §3.3). @module */
import { Clock, Effect } from "../../deps.ts";
import { send } from "../../grammar/send.ts";
import { NewSessionTicket } from "../../messages/mod.ts";
import { Session } from "../../ports/sessions.ts";
import { MAX_TICKET, MAX_TICKET_LIFETIME } from "../../tickets/ticket.ts";
import { EMPTY } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Steps } from "../base/services.ts";
import type { Heard } from "./server_hello.ts";

/** A session with the new ticket instead of its ID, if one came that can be shown (RFC 5077 §3.3, §3.4). */
export const withTicket = (session: Session, sent: NewSessionTicket | undefined): Effect.Effect<Session> =>
  sent === undefined || sent.ticket.length === 0 || sent.ticket.length > MAX_TICKET
    ? Effect.succeed(session)
    : Effect.map(Clock.currentTimeMillis, (now) => {
      const lifetime = Math.min(sent.ticketLifetimeHint || MAX_TICKET_LIFETIME, MAX_TICKET_LIFETIME);
      return make(Session, {
        ...session,
        id: EMPTY,
        ticket: sent.ticket.slice(),
        ticketExpiresAt: Math.floor(now / 1000) + lifetime,
      });
    });

/** Sends NewSessionTicket if one was promised, empty if the session is too long (RFC 5077 §3.3). Gives whether it sent a ticket. */
export const newSessionTicket = Effect.fnUntraced(
  function* (
    session: Session,
    { settings: { policy }, tickets }: Pick<Heard, "settings" | "tickets">,
  ): Steps<boolean> {
    if (!tickets) return false;
    const ticket = yield* tickets.seal(session);
    const age = Math.floor((yield* Clock.currentTimeMillis) / 1000) - session.createdAt;
    const lifetime = Math.min(tickets.lifetime, Math.floor(policy.limits.sessionLifetime / 1000));
    const ticketLifetimeHint = ticket.length > 0 ? Math.max(lifetime - age, 1) : 0;
    yield* send(make(NewSessionTicket, { ticketLifetimeHint, ticket }));
    return ticket.length > 0;
  },
);
