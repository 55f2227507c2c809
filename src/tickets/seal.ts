/** Seals what only this end may read again into a ticket, and opens it, under one key. @module */
import { Either, type Schema } from "../deps.ts";
import type { CryptoService } from "../ports/crypto.ts";
import { RetryState } from "../ports/retry_cookies.ts";
import { Session } from "../ports/sessions.ts";
import type { TicketKey } from "../ports/tickets.ts";
import { ascii, type Bytes, concat, EMPTY } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { MAX_TICKET, Ticket } from "./ticket.ts";

/** The longest wire form that fits a ticket, after the ticket's other members and the tag. */
const MAX_SEALED = MAX_TICKET - (16 + 12 + 2) - 16;

const tickets = codec(Ticket);

/** Seals and opens what one Schema describes. */
export interface Box<A> {
  /** Seals a value into a ticket; `undefined` when it is too long for one. */
  readonly seal: (crypto: CryptoService, key: TicketKey, value: A) => Bytes | undefined;
  /** Opens a ticket with the key that sealed it; `undefined` when this key did not, or not for this purpose. */
  readonly open: (crypto: CryptoService, key: TicketKey, ticket: Ticket) => A | undefined;
}

/** A box for one purpose, which the tag authenticates along with the key's name. */
const boxFor = <A, I>(purpose: string, schema: Schema.Schema<A, I>): Box<A> => {
  const { decode, unsafeEncode } = codec(schema);
  const additionalData = (keyName: Bytes): Bytes => concat(ascii(purpose), keyName);
  return {
    seal: ({ aead, random }, { name, key }, value) => {
      const plain = unsafeEncode(value);
      try {
        if (plain.length > MAX_SEALED) return undefined;
        const nonce = random(12);
        const sealed = aead("aes_256_gcm", key).seal(nonce, additionalData(name), plain);
        return tickets.unsafeEncode(make(Ticket, { keyName: name, nonce, sealed }));
      } finally {
        plain.fill(0); // it may hold secrets
      }
    },
    open: ({ aead }, { name, key }, { nonce, sealed }) => {
      const plain = aead("aes_256_gcm", key).open(nonce, additionalData(name), sealed);
      return plain && Either.getOrUndefined(decode(plain));
    },
  };
};

// The numbers go up when the layout of what is sealed, or that of Ticket, changes.
const sessions = boxFor("effect-tls session ticket 4", Session);

/** Session tickets. */
export const sessionBox: Box<Session> = {
  ...sessions,
  seal: (crypto, key, session) => {
    // The peer decides how long its certificates are, so a session that cannot fit is not even encoded.
    const least = session.peerCertificates.reduce((sum, der) => sum + der.length, 0);
    return least > MAX_SEALED ? undefined : sessions.seal(
      crypto,
      key,
      make(Session, { ...session, id: EMPTY, ticket: EMPTY, ticketExpiresAt: 0 }),
    );
  },
};

/** The cookies of HelloRetryRequests. */
export const retryBox: Box<RetryState> = boxFor("effect-tls retry cookie 1", RetryState);

/** Parses a ticket; `undefined` when the bytes are not a ticket of this library. */
export const readTicket = (bytes: Bytes): Ticket | undefined => Either.getOrUndefined(tickets.decode(bytes));
