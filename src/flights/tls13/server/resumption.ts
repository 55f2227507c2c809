/** Which pre-shared key a server of TLS 1.3 takes (RFC 8446 §4.2.11). @module */
import { Clock, Effect, Option } from "../../../deps.ts";
import { equal } from "../../../crypto/equal.ts";
import type { Snapshot } from "../../../crypto/transcript.ts";
import { DecryptError } from "../../../faults/errors/connection.ts";
import { Credentials } from "../../../ports/credentials.ts";
import { lookedUpFor, namedBy } from "../../../psks/offered.ts";
import { PreSharedKeys } from "../../../ports/pre_shared_keys.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { partitionHash } from "../../../ports/partition.ts";
import { type Session, SessionStore } from "../../../ports/sessions.ts";
import { SessionTickets } from "../../../ports/tickets.ts";
import { CertificateVerifier } from "../../../ports/trust.ts";
import type { Suite13 } from "../../../tables/suites13.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import { type Bytes, toHex } from "../../../wire/bytes.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Step, Steps } from "../../base/services.ts";
import { binderOf, hashOf, type Psk } from "../../hellos/psk.ts";
import { taken } from "../../sessions/made.ts";
import { resumable13, type Standing } from "../../sessions/session_rules.ts";
import { suiteFor, type Wish13 } from "./negotiation.ts";

/** The most identities of a client that are looked at: each may be a question to the store. */
const MAX_IDENTITIES = 8;

/** The length of a ticket that names a session in the store, in bytes. */
export const STORED_TICKET = 32;

/** A pre-shared key that the server takes. */
export interface Taken {
  readonly psk: Psk;
  readonly suite: Suite13;
  /** Its place in the client's list. */
  readonly index: number;
  /** Whether nobody can use it again: it came out of the store. */
  readonly once: boolean;
}

/** A ClientHello as it came, and the transcript before it. */
export interface Heard13 {
  readonly wish: Wish13;
  readonly raw: Bytes;
  readonly before: Snapshot;
}

/**
 * The first of the client's keys that can be used now. Its binder must hold: a wrong one ends the handshake, and no other
 * key is tried (RFC 8446 §4.2.11.2). `undefined` for a full handshake.
 */
export const takePsk = Effect.fnUntraced(
  function* (settings: ServerSettings, { before, raw, wish }: Heard13): Steps<Taken | undefined> {
    const { psks } = wish;
    if (!psks || wish.modes.length === 0) return undefined;
    const crypto = yield* Crypto;
    for (const [index, { identity }] of psks.identities.slice(0, MAX_IDENTITIES).entries()) {
      const found = yield* lookedUp(settings, wish, identity);
      if (!found) continue;
      const { psk } = found;
      if (!equal(binderOf(psk, crypto, before, raw, psks.binders), psks.binders[index]!)) {
        return yield* new DecryptError({ what: "binder" });
      }
      return { ...found, index };
    }
    return undefined;
  },
);

/** The key of an identity, if it can be used now: an external one, or that of a ticket. */
const lookedUp = (
  settings: ServerSettings,
  wish: Wish13,
  identity: Bytes,
): Step<Omit<Taken, "index"> | undefined> =>
  Effect.flatMap(
    external(settings, wish, identity),
    (found) => found ? Effect.succeed(found) : ofTicket(settings, wish, identity),
  );

/**
 * An external key. A server that requires a certificate takes none, for whoever has the key shows none; and it may not ask
 * for one (RFC 8446 §4.3.2).
 */
const external = Effect.fnUntraced(
  function* (
    { clientAuth }: ServerSettings,
    wish: Wish13,
    identity: Bytes,
  ): Steps<Omit<Taken, "index"> | undefined> {
    const keys = yield* PreSharedKeys;
    if (!keys || clientAuth === "require") return undefined;
    const crypto = yield* Crypto;
    for (const named of lookedUpFor(identity)) {
      const found = Option.getOrUndefined(yield* keys.lookup(named));
      const of = found && namedBy(crypto, found, identity);
      const suite = of && suiteFor(wish, of.hash);
      if (of && suite) {
        const psk: Psk = { identity, secret: of.key, hash: of.hash, origin: of.origin, session: undefined };
        return { psk, suite, once: false };
      }
    }
    return undefined;
  },
);

/** The key of a ticket. */
const ofTicket = Effect.fnUntraced(
  function* (
    settings: ServerSettings,
    wish: Wish13,
    identity: Bytes,
  ): Steps<Omit<Taken, "index"> | undefined> {
    const { session, once } = yield* sessionOf(settings, identity);
    const hash = session && hashOf(session);
    const suite = hash && suiteFor(wish, hash);
    if (!session || !hash || !suite || session.version !== tls13.version) return undefined;
    if (!resumable13(settings, wish, session, yield* standing(settings, wish))) return undefined;
    const psk: Psk = { identity, secret: session.masterSecret, hash, origin: "res", session };
    return { psk, suite, once };
  },
);

/** The session of a ticket: it is sealed in it, or in the store under its name, and taken out. */
const sessionOf = Effect.fnUntraced(function* (
  { policy }: ServerSettings,
  identity: Bytes,
): Steps<{ readonly session: Session | undefined; readonly once: boolean }> {
  const tickets = policy.sessionTickets ? yield* SessionTickets : undefined;
  if (tickets) {
    const opened = yield* tickets.open(identity);
    return { session: Option.getOrUndefined(opened)?.session, once: false };
  }
  if (identity.length !== STORED_TICKET) return { session: undefined, once: true };
  // A store without `take` of its own may give a session twice.
  const once = (yield* SessionStore).take !== undefined;
  return { session: Option.getOrUndefined(yield* taken(toHex(identity))), once };
});

const standing = Effect.fnUntraced(
  function* ({ policy }: ServerSettings, wish: Wish13): Steps<Standing> {
    const crypto = yield* Crypto;
    const partition = partitionHash(crypto, yield* CertificateVerifier);
    const own = yield* (yield* Credentials).candidates({
      role: "server",
      serverName: wish.serverName,
      schemes: wish.certificateSchemes,
      authorities: wish.authorities,
    });
    return { policy, partition, own, crypto, now: (yield* Clock.currentTimeMillis) / 1000 };
  },
);
