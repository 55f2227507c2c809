/** Seals a session into a ticket and opens it again, under one key. @module */
import { Either } from "../deps.ts";
import type { CryptoService } from "../ports/crypto.ts";
import { Session } from "../ports/sessions.ts";
import type { TicketKey } from "../ports/tickets.ts";
import { ascii, type Bytes, concat, EMPTY } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { MAX_TICKET, Ticket } from "./ticket.ts";

/** The purpose in each ticket's additional data. Its number goes up when the layout of Session or Ticket changes. */
const PURPOSE = ascii("effect-tls session ticket 3");

/** The additional data that the tag authenticates along with the session. */
const additionalData = (keyName: Bytes): Bytes => concat(PURPOSE, keyName);

/** The longest wire form of a session that fits a ticket, after the ticket's other members and the tag. */
const MAX_SESSION = MAX_TICKET - (16 + 12 + 2) - 16;

const sessions = codec(Session);
const tickets = codec(Ticket);

/** Seals a session into a ticket; `undefined` when the session is too long for one. */
export const sealed = (
  crypto: CryptoService,
  { name, key }: TicketKey,
  session: Session,
): Bytes | undefined => {
  // The peer decides how long its certificates are, so a session that cannot fit is not even encoded.
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

/** Parses a ticket; `undefined` when the bytes are not a ticket of this library. */
export const readTicket = (bytes: Bytes): Ticket | undefined => Either.getOrUndefined(tickets.decode(bytes));

/** Opens a ticket with the key that sealed it; `undefined` when this key did not. */
export const opened = (
  crypto: CryptoService,
  { name, key }: TicketKey,
  { nonce, sealed }: Ticket,
): Session | undefined => {
  const plain = crypto.aead("aes_256_gcm", key).open(nonce, additionalData(name), sealed);
  return plain && Either.getOrUndefined(sessions.decode(plain));
};
