/** The sessions that a client keeps: where they stand in the store, and which is offered. @module */
import { Clock, Effect, Option } from "../../deps.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import { type Credential, Credentials } from "../../ports/credentials.ts";
import { Crypto } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import { Session, type SessionStore } from "../../ports/sessions.ts";
import type { Policy } from "../../tables/policy.ts";
import { dialects } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, toHex } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Again } from "../agreed/established.ts";
import { mayResume } from "../agreed/renegotiation.ts";
import type { ClientSettings } from "../base/client_settings.ts";
import { fromStore } from "./made.ts";
import { mayOffer } from "./session_rules.ts";

/** What a client has of a server when it offers. */
export interface Held {
  /** Keys of the store, the first for the session that was used last. */
  readonly places: ReadonlyArray<string>;
  /** What is there, in that order. */
  readonly kept: ReadonlyArray<Session>;
  readonly offered: Offered | undefined;
}

/** A session that is offered. */
export interface Offered {
  readonly kept: Session;
  /** The same without a ticket that is not shown. */
  readonly shown: Session;
}

/** Where sessions stand: apart by credentials, so that those of two users do not push each other out. */
export const placesOf = (
  { sessionKey, keyIsShared }: Pick<ClientSettings, "sessionKey" | "keyIsShared">,
  partition: string,
  credentials: Bytes,
): ReadonlyArray<string> => {
  if (sessionKey === undefined) return [];
  const key = partition === "" ? sessionKey : `${sessionKey} as ${toHex(credentials.subarray(0, 8))}`;
  return keyIsShared ? [key, `${key} (before)`] : [key];
};

/**
 * What is kept, and which of it is offered: the one that was used longest ago. Where two servers answer to one key each
 * finds its own so when they are met in turn.
 */
export const toOffer = Effect.fnUntraced(function* (
  settings: ClientSettings,
  again: Again | undefined,
  versions: ReadonlyArray<ProtocolVersion>,
  partition: Bytes,
  credentials: Bytes,
): Effect.fn.Return<Held, never, Credentials | Crypto | SessionStore> {
  const { policy } = settings;
  const places = placesOf(settings, (yield* Credentials).partition, credentials);
  const kept: Array<Session> = [];
  if (mayResume(again, policy)) {
    for (const place of places) {
      const found = yield* fromStore((store) => store.get(place), Option.none());
      if (Option.isSome(found)) kept.push(found.value);
    }
  }
  const crypto = yield* Crypto;
  const now = (yield* Clock.currentTimeMillis) / 1000;
  for (const session of kept.toReversed()) {
    if (!versions.includes(session.version)) continue;
    const shown = showsTicket(session, policy, now) ? session : make(Session, { ...session, ticket: EMPTY });
    const own = yield* showable(session);
    const by = { policy, partition, credentials, previous: again?.previous, own, crypto, now };
    if (mayOffer(shown, settings, by)) return { places, kept, offered: { kept: session, shown } };
  }
  return { places, kept, offered: undefined };
});

/** Whether a session's ticket is shown, and not its ID. */
const showsTicket = (s: Session, policy: Policy, now: number): boolean =>
  policy.sessionTickets && s.ticket.length > 0 && now < s.ticketExpiresAt &&
  (dialects.get(s.version)?.honours.server("session_ticket") ?? false);

/** Every credential of ours that a server could be shown, where a session showed one. */
const showable = (
  { version, ownCertificate }: Session,
): Effect.Effect<ReadonlyArray<Credential>, never, Credentials> => {
  const types = dialects.get(version)?.certificateTypes ?? [];
  return ownCertificate.length === 0 ? Effect.succeed([]) : Effect.flatMap(
    Credentials,
    ({ candidates }) => candidates({ role: "client", types, schemes: undefined, authorities: [] }),
  );
};

/**
 * Keeps what was used last, and beside it what there is room for: what was offered and resumed is the same session, and
 * what was offered in vain may be another server's.
 */
export const keep = Effect.fnUntraced(function* (
  { places, kept, offered }: Held,
  latest: Session,
  resumed: boolean,
): Effect.fn.Return<void, never, SessionStore> {
  const others = resumed ? kept.filter((session) => session !== offered?.kept) : kept;
  const list = [latest, ...others].slice(0, places.length);
  for (const [i, session] of list.entries()) {
    const place = places[i]!;
    if (session !== kept[i]) yield* fromStore((store) => store.put(place, session), undefined);
  }
});

/** What was offered and not resumed is of no use any more, where the key stands for one server. */
export const forgetOffered = ({ places, offered }: Held): Effect.Effect<void, never, SessionStore> =>
  offered && places.length === 1 ? forgetAll(places) : Effect.void;

const forgetAll = (places: ReadonlyArray<string>): Effect.Effect<void, never, SessionStore> =>
  Effect.forEach(places, (place) => fromStore((store) => store.remove(place), undefined), { discard: true });

/** Forgets whatever is kept of a server (RFC 5246 §7.2.2). */
export const forget = (
  settings: Pick<ClientSettings, "sessionKey" | "keyIsShared">,
): Effect.Effect<void, never, Credentials | Crypto | SessionStore> =>
  Effect.flatMap(
    Effect.zip(Credentials, Crypto),
    ([{ partition }, crypto]) => forgetAll(placesOf(settings, partition, partitionHash(crypto, partition))),
  );
