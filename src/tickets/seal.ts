/** A session into a ticket and out of it, under one key. @module */
import { Either } from "../deps.ts";
import type { CryptoService } from "../ports/crypto.ts";
import { Session } from "../ports/sessions.ts";
import type { TicketKey } from "../ports/tickets.ts";
import { ascii, type Bytes, concat, EMPTY } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { MAX_TICKET, Ticket } from "./ticket.ts";

/** What a ticket is for; the number goes up when the layout of Session or Ticket changes. */
const PURPOSE = ascii("effect-tls session ticket 2");

/** What a tag vouches for beside the session. */
const additionalData = (keyName: Bytes): Bytes => concat(PURPOSE, keyName);

/** The most that a session's wire form may have, beside the ticket's own members and the tag. */
const MAX_SESSION = MAX_TICKET - (16 + 12 + 2) - 16;

const sessions = codec(Session);
const tickets = codec(Ticket);

/** The session as a ticket; `undefined` when it is too long for one. */
export const sealed = (
  crypto: CryptoService,
  { name, key }: TicketKey,
  session: Session,
): Bytes | undefined => {
  // The peer decides how long its certificates are: nothing is written of what can't fit.
  const least = session.peerCertificates.reduce((sum, der) => sum + der.length, 0);
  if (least > MAX_SESSION) return undefined;
  const plain = sessions.unsafeEncode(
    make(Session, { ...session, id: EMPTY, ticket: EMPTY, ticketExpiresAt: 0 }),
  );
  try {
    if (plain.length > MAX_SESSION) return undefined;
    const nonce = crypto.random(12);
    const sealed = crypto.aead("aes_256_gcm", key).seal(nonce, additionalData(name), plain);
    return tickets.unsafeEncode(make(Ticket, { keyName: name, nonce, sealed }));
  } finally {
    plain.fill(0); // it holds the master secret
  }
};

/** What the bytes say; `undefined` when they are no ticket of ours. */
export const readTicket = (bytes: Bytes): Ticket | undefined => Either.getOrUndefined(tickets.decode(bytes));

/** The session in a ticket that this key sealed; `undefined` when it did not. */
export const opened = (
  crypto: CryptoService,
  { name, key }: TicketKey,
  { nonce, sealed }: Ticket,
): Session | undefined => {
  const plain = crypto.aead("aes_256_gcm", key).open(nonce, additionalData(name), sealed);
  return plain && Either.getOrUndefined(sessions.decode(plain));
};
