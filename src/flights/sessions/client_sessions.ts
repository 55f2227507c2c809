/** The sessions that a client keeps: their keys in the store, and which one is offered. @module */
import { Clock, Effect, Option } from "../../deps.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import { type Credential, Credentials } from "../../ports/credentials.ts";
import { Crypto } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import { Session, type SessionStore } from "../../ports/sessions.ts";
import type { Policy } from "../../tables/policy.ts";
import { versions } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, toHex } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Again } from "../agreed/established.ts";
import { mayResume } from "../agreed/renegotiation.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import { fromStore, taken } from "./made.ts";
import { mayOffer, offeredCompression } from "./session_rules.ts";

/** What a client has kept of a server when it sends its hello. */
export interface Held {
  /** The keys in the store, the first for the session that was used last. In TLS 1.3, a ticket in each. */
  readonly places: ReadonlyArray<string>;
  /** Whether the keys may stand for several servers. Otherwise only the first holds a session up to TLS 1.2. */
  readonly areShared: boolean;
  /** The sessions there, in that order. */
  readonly kept: ReadonlyArray<Session>;
  readonly offered: Offered | undefined;
}

/** A session that is offered. */
export interface Offered {
  readonly place: string;
  readonly kept: Session;
  /** The session without its ticket, if that is not shown. */
  readonly shown: Session;
}

/** The keys of a server's sessions in the store. They differ by credentials, so that two users do not displace each other. */
export const placesOf = (
  { sessionKey }: Pick<ClientSettings, "sessionKey">,
  partition: string,
  credentials: Bytes,
): ReadonlyArray<string> => {
  if (sessionKey === undefined) return [];
  const key = partition === "" ? sessionKey : `${sessionKey} as ${toHex(credentials.subarray(0, 8))}`;
  return [key, `${key} (before)`];
};

/**
 * The sessions that are kept, and the one to offer: the one that was used longest ago. If two servers share a key and are
 * met in turn, each gets its own session back.
 */
export const toOffer = Effect.fnUntraced(function* (
  settings: ClientSettings,
  again: Again | undefined,
  offered: ReadonlyArray<ProtocolVersion>,
  partition: Bytes,
  credentials: Bytes,
): Effect.fn.Return<Held, never, Credentials | Crypto | SessionStore> {
  const { policy } = settings;
  const places = placesOf(settings, (yield* Credentials).partition, credentials);
  const areShared = settings.keyIsShared ?? false;
  const kept: Array<{ readonly place: string; readonly session: Session }> = [];
  if (mayResume(again, policy)) {
    for (const place of places) {
      const found = yield* fromStore((store) => store.get(place), Option.none());
      if (Option.isSome(found)) kept.push({ place, session: found.value });
    }
  }
  const held = { places, areShared, kept: kept.map(({ session }) => session) };
  const crypto = yield* Crypto;
  const now = (yield* Clock.currentTimeMillis) / 1000;
  const compression = offeredCompression(policy, offered);
  for (const { place, session } of kept.toReversed()) {
    if (!offered.includes(session.version)) continue;
    if (!compression.includes(session.compressionMethod)) continue;
    const shown = showsTicket(session, policy, now) ? session : make(Session, { ...session, ticket: EMPTY });
    const own = yield* showable(session);
    const by = { policy, partition, credentials, previous: again?.previous, own, crypto, now };
    if (!mayOffer(shown, settings, by)) continue;
    if (!isUsedOnce(session)) return { ...held, offered: { place, kept: session, shown } };
    // Another connection may have taken the ticket, or replaced it.
    const ticket = Option.getOrUndefined(yield* taken(place));
    if (ticket && isUsedOnce(ticket) && mayOffer(ticket, settings, by)) {
      return { ...held, offered: { place, kept: ticket, shown: ticket } };
    }
  }
  return { ...held, offered: undefined };
});

/** Whether a session is that of a ticket of TLS 1.3, which is used once (RFC 8446 §C.4). */
const isUsedOnce = ({ version }: Session): boolean => versions.get(version)?.era === "tls13";

/** Whether the ticket of a session is shown, and not its ID. */
const showsTicket = (s: Session, policy: Policy, now: number): boolean =>
  (policy.sessionTickets || isUsedOnce(s)) && s.ticket.length > 0 && now < s.ticketExpiresAt &&
  (isUsedOnce(s) || (versions.get(s.version)?.honours.server("session_ticket") ?? false));

/** Every credential of ours that a server could be shown, if the session showed one. */
const showable = (
  { version, ownCertificate }: Session,
): Effect.Effect<ReadonlyArray<Credential>, never, Credentials> => {
  const types = versions.get(version)?.certificateTypes ?? [];
  return ownCertificate.length === 0 ? Effect.succeed([]) : Effect.flatMap(
    Credentials,
    ({ candidates }) => candidates({ role: "client", types, schemes: undefined, authorities: [] }),
  );
};

/**
 * Keeps the session that was used last, and of the others as many as there is room for. A session that was offered and not
 * resumed may be another server's.
 */
export const keep = Effect.fnUntraced(function* (
  { areShared, places, kept, offered }: Held,
  latest: Session,
  resumed: boolean,
): Effect.fn.Return<void, never, SessionStore> {
  const others = kept.filter((session) => !isUsedOnce(session) && !(resumed && session === offered?.kept));
  const list = [latest, ...others].slice(0, areShared ? places.length : 1);
  for (const [i, session] of list.entries()) {
    const place = places[i]!;
    if (session !== kept[i]) yield* fromStore((store) => store.put(place, session), undefined);
  }
});

/** Forgets a session that was offered and not resumed, if the key stands for one server. */
export const forgetOffered = (
  { areShared, places, offered }: Held,
): Effect.Effect<void, never, SessionStore> => offered && !areShared ? forgetAll(places) : Effect.void;

const forgetAll = (places: ReadonlyArray<string>): Effect.Effect<void, never, SessionStore> =>
  Effect.forEach(places, (place) => fromStore((store) => store.remove(place), undefined), { discard: true });

/** Forgets every session of a server (RFC 5246 §7.2.2). */
export const forget = (
  settings: Pick<ClientSettings, "sessionKey">,
): Effect.Effect<void, never, Credentials | Crypto | SessionStore> =>
  Effect.flatMap(
    Effect.zip(Credentials, Crypto),
    ([own, crypto]) => forgetAll(placesOf(settings, own.partition, partitionHash(crypto, own))),
  );
