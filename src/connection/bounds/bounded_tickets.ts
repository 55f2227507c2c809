/** Tickets of a user's own service, which can neither delay a handshake for long nor end it. @module */
import { Effect, Option } from "../../deps.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { Session } from "../../ports/sessions.ts";
import type { SessionTicketsService } from "../../ports/tickets.ts";
import { type Bytes, EMPTY, isBytes } from "../../wire/bytes.ts";
import { answered } from "./answered.ts";

/** A service with a deadline in milliseconds. If the given one takes longer, or throws, there is no ticket, or none is opened. */
export const boundedTickets = (
  tickets: SessionTicketsService,
  milliseconds: number,
): SessionTicketsService => {
  const asked = <A>(ask: () => Effect.Effect<A, never, Crypto>) =>
    answered("session tickets", milliseconds, ask);
  return {
    lifetime: tickets.lifetime,
    seal: (session) =>
      Effect.map(
        asked(() => tickets.seal(session)),
        (given): Bytes => Option.getOrElse(Option.filter(given, isBytes), () => EMPTY),
      ),
    open: (ticket) =>
      Effect.map(
        asked(() => tickets.open(ticket)),
        (given) =>
          Option.isSome(given) && Option.isOption(given.value)
            ? Option.filter(given.value, (opened) => opened?.session instanceof Session)
            : Option.none(),
      ),
  };
};
