/** Tickets and cookies of a user's own service, which can neither delay a handshake for long nor end it. @module */
import { Effect, Option } from "../../deps.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { type RetryCookiesService, RetryState } from "../../ports/retry_cookies.ts";
import { Session } from "../../ports/sessions.ts";
import type { OpenedTicket, SessionTicketsService } from "../../ports/tickets.ts";
import { MAX_TICKET } from "../../tickets/ticket.ts";
import { type Bytes, EMPTY, isBytes } from "../../wire/bytes.ts";
import { answered } from "./answered.ts";

/** What seals a value, and opens what it sealed. */
interface Seals<Sealed, Opened> {
  readonly seal: (value: Sealed) => Effect.Effect<Bytes, never, Crypto>;
  readonly open: (sealed: Bytes) => Effect.Effect<Option.Option<Opened>, never, Crypto>;
}

/** What every such service has in common: where it gives nothing that counts, what is sealed is empty, and none is opened. */
const bounded = <Sealed, Opened>(
  what: string,
  milliseconds: number,
  given: Seals<Sealed, Opened>,
  longest: number,
  counts: (opened: Opened) => boolean,
): Seals<Sealed, Opened> => ({
  seal: (value) =>
    Effect.map(
      answered(what, milliseconds, () => given.seal(value)),
      (sealed) => {
        const bytes: unknown = Option.getOrUndefined(sealed);
        return isBytes(bytes) && bytes.length <= longest ? bytes : EMPTY;
      },
    ),
  open: (sealed) =>
    Effect.map(
      answered(what, milliseconds, () => given.open(sealed)),
      (opened) => Option.filter(Option.flatten(Option.filter(opened, (one) => Option.isOption(one))), counts),
    ),
});

/** A service with a deadline in milliseconds. If the given one takes longer, or throws, there is no ticket, or none is opened. */
export const boundedTickets = (
  tickets: SessionTicketsService,
  milliseconds: number,
): SessionTicketsService => ({
  lifetime: tickets.lifetime,
  ...bounded(
    "session tickets",
    milliseconds,
    tickets,
    MAX_TICKET,
    (opened: OpenedTicket) => opened?.session instanceof Session,
  ),
});

/** A service with a deadline in milliseconds. If the given one takes longer, or throws, the handshake goes on without a cookie. */
export const boundedCookies = (cookies: RetryCookiesService, milliseconds: number): RetryCookiesService =>
  bounded("retry cookies", milliseconds, cookies, 2 ** 16 - 1, (state) => state instanceof RetryState);
