/** Tickets of TLS 1.3, which come after the handshake, each with a key of its own (RFC 8446 §4.6.1). @module */
import { Clock, Effect } from "../../deps.ts";
import { ticketPsk } from "../../crypto/key_schedule.ts";
import { Apart, send } from "../../grammar/send.ts";
import { findExtension, NewSessionTicket13 } from "../../messages/mod.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { CompressionMethod } from "../../names/protocol.ts";
import { Credentials } from "../../ports/credentials.ts";
import { Crypto } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import { Session, SessionStore } from "../../ports/sessions.ts";
import { SessionTickets } from "../../ports/tickets.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import { MAX_TICKET, MAX_TICKET_LIFETIME } from "../../tickets/ticket.ts";
import { type Bytes, EMPTY, sameBytes, toHex, utf8 } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Established13 } from "../agreed/established.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import type { Steps } from "../base/services.ts";
import { greaseOfTicket } from "../hellos/grease.ts";
import { placesOf } from "../sessions/client_sessions.ts";
import { fromStore } from "../sessions/made.ts";
import { STORED_TICKET } from "./server/resumption.ts";

/** What a session has of its ticket. */
interface TicketOf
  extends
    Pick<Session, "ticket" | "ticketExpiresAt" | "ticketIssuedAfter" | "ticketAgeAdd" | "maxEarlyData"> {
  readonly nonce: Bytes;
}

/** The session of a ticket. */
const sessionOf = (left: Established13, { nonce, ...ticket }: TicketOf): Session => {
  const { hash, negotiated, resumption, terms } = left;
  const {
    createdAt,
    credentials,
    ownCertificate,
    ownScheme,
    partition,
    peerScheme,
    serverName,
    trustedUntil,
  } = terms;
  return make(Session, {
    id: EMPTY,
    version: tls13.version,
    cipherSuite: left.suite.id,
    compressionMethod: CompressionMethod.null,
    masterSecret: ticketPsk(hash, resumption, nonce),
    extendedMasterSecret: 1,
    maxFragmentLength: 0,
    serverName,
    partition,
    credentials,
    ownCertificate,
    peerCertificates: left.peerCertificates,
    serverEndPoint: left.serverEndPoint,
    // Each resumption agrees on a group anew.
    group: NamedGroup.of(0),
    primeBits: 0,
    ownScheme,
    peerScheme,
    createdAt,
    trustedUntil,
    alpn: utf8(negotiated.alpn ?? ""),
    ...ticket,
  });
};

// ---- server ----

/** Sends tickets: each is the session sealed, or the name under which the store has it. */
export const newSessionTickets = Effect.fnUntraced(
  function* (left: Established13, settings: ServerSettings, count: number): Steps<void> {
    for (let i = 0; i < count; i++) yield* newSessionTicket(left, settings);
  },
);

const newSessionTicket = Effect.fnUntraced(function* (
  left: Established13,
  { earlyData = 0, policy }: ServerSettings,
): Steps<void> {
  const crypto = yield* Crypto;
  const tickets = policy.sessionTickets ? yield* SessionTickets : undefined;
  const store = yield* SessionStore;
  const { createdAt } = left.terms;
  const now = yield* Clock.currentTimeMillis;
  const ticketNonce = crypto.random(8);
  const ticketAgeAdd = new DataView(crypto.random(4).slice().buffer).getUint32(0);
  // A sealed ticket can be shown again, and the early data with it; so can one of a store that cannot take (RFC 8446 §8.1).
  const maxEarlyData = tickets || !store.take ? 0 : earlyData;
  const session = sessionOf(left, {
    nonce: ticketNonce,
    ticket: EMPTY,
    ticketExpiresAt: 0,
    ticketIssuedAfter: Math.max(0, now - 1000 * createdAt),
    ticketAgeAdd,
    maxEarlyData,
  });
  const ticket = tickets
    ? yield* tickets.seal(session)
    : store.enabled
    ? crypto.random(STORED_TICKET)
    : EMPTY;
  if (ticket.length === 0) return;
  if (!tickets) yield* fromStore((store) => store.put(toHex(ticket), session), undefined);
  const most = Math.min(
    tickets?.lifetime ?? MAX_TICKET_LIFETIME,
    MAX_TICKET_LIFETIME,
    Math.floor(policy.limits.sessionLifetime / 1000),
  );
  const ticketLifetime = Math.max(most - (Math.floor(now / 1000) - createdAt), 1);
  const extensions = [
    ...(maxEarlyData > 0 ? [{ _tag: "early_data", maxEarlyDataSize: maxEarlyData } as const] : []),
    ...(policy.grease ? [greaseOfTicket(crypto)] : []),
  ];
  const message = make(NewSessionTicket13, { ticketLifetime, ticketAgeAdd, ticketNonce, ticket, extensions });
  yield* send(new Apart(message));
});

// ---- client ----

/** Keeps a ticket in the next place. Gives whether it was one to keep. */
export const keepTicket = Effect.fnUntraced(function* (
  left: Established13,
  settings: ClientSettings,
  { extensions, ticket, ticketAgeAdd, ticketLifetime, ticketNonce }: NewSessionTicket13,
): Steps<boolean> {
  const { credentials: made, createdAt } = left.terms;
  const credentials = yield* Credentials;
  // If the credentials were replaced meanwhile, the session may be of either; it is not kept.
  const same = sameBytes(partitionHash(yield* Crypto, credentials), made);
  const places = placesOf(settings, credentials.partition, made);
  const place = places[left.nextPlace % places.length];
  // A ticket of a connection that an external key made would outlive that key.
  const isExternal = left.negotiated.psk === "external" || left.negotiated.psk === "imported";
  if (place === undefined || isExternal || !same || ticketLifetime === 0 || ticket.length > MAX_TICKET) {
    return false;
  }
  const now = yield* Clock.currentTimeMillis;
  const session = sessionOf(left, {
    nonce: ticketNonce,
    ticket: ticket.slice(),
    ticketExpiresAt: Math.floor(now / 1000) + Math.min(ticketLifetime, MAX_TICKET_LIFETIME),
    ticketIssuedAfter: Math.max(0, now - 1000 * createdAt),
    ticketAgeAdd,
    maxEarlyData: findExtension(extensions, "early_data")?.maxEarlyDataSize ?? 0,
  });
  yield* fromStore((store) => store.put(place, session), undefined);
  return true;
});
