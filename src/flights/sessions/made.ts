/** The session that a handshake leaves in a store. @module */
import { Clock, Effect, Option } from "../../deps.ts";
import type { SessionStoreError } from "../../faults/errors/sessions.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { Session, SessionStore } from "../../ports/sessions.ts";
import type { Verdict } from "../../ports/trust.ts";
import { type Bytes, EMPTY, sameBytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Agreed } from "../agreed/agreed.ts";

/** Copies a certificate chain, so that it can outlive its handshake: views would keep whole records alive. */
export const copies = (chain: ReadonlyArray<Bytes>): ReadonlyArray<Bytes> => chain.map((der) => der.slice());

/** A verdict whose path has these copies of the chain, instead of views of what was received. */
export const keptVerdict = (
  verdict: Verdict | undefined,
  kept: ReadonlyArray<Bytes>,
): Verdict | undefined =>
  verdict && { ...verdict, path: verdict.path.map((der) => kept.find((one) => sameBytes(one, der)) ?? der) };

/** Until when a session lasts by the verdict on its peer, in seconds since the epoch; 0 without a verdict. */
export const trustedUntil = (verdict: Verdict | undefined): number =>
  verdict ? Math.max(1, Math.min(Math.floor(verdict.until), 2 ** 32 - 1)) : 0;

/** What a session keeps of a full handshake beside `Agreed`. */
export interface Made {
  readonly masterSecret: Bytes;
  /** The peer's certificates as DER, copied. */
  readonly peerCertificates: ReadonlyArray<Bytes>;
  /** What the verifier found of them. */
  readonly peerVerdict: Verdict | undefined;
  readonly serverName: string | undefined;
  readonly serverEndPoint: Bytes;
  /** The hash of a client's credentials. */
  readonly credentials: Bytes;
  /** The hash of the leaf that we showed; empty if we showed none. */
  readonly ownCertificate: Bytes;
  readonly group: NamedGroup | undefined;
  readonly primeBits: number | undefined;
  readonly ownScheme: SignatureScheme | undefined;
  readonly peerScheme: SignatureScheme | undefined;
}

/** Makes the session of a full handshake. */
export const sessionOf = (at: Agreed, { peerVerdict, ...made }: Made): Effect.Effect<Session> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    make(Session, {
      ...made,
      // A copy, because a stored view would keep a whole record alive.
      id: at.server.sessionId.slice(),
      version: at.dialect.version,
      cipherSuite: at.suite.id,
      compressionMethod: at.server.compressionMethod,
      extendedMasterSecret: at.extendedMasterSecret ? 1 : 0,
      maxFragmentLength: at.maxFragmentLength ?? 0,
      serverName: made.serverName ?? "",
      partition: at.partition,
      group: made.group ?? NamedGroup.of(0),
      primeBits: made.primeBits ?? 0,
      ownScheme: made.ownScheme ?? SignatureScheme.of(0),
      peerScheme: made.peerScheme ?? SignatureScheme.of(0),
      createdAt: Math.floor(now / 1000),
      trustedUntil: trustedUntil(peerVerdict),
      ticket: EMPTY,
      ticketExpiresAt: 0,
      ticketIssuedAfter: 0,
      ticketAgeAdd: 0,
      maxEarlyData: 0,
      alpn: EMPTY,
    }));

/** Takes a session out of the store: it is used once. */
export const taken = (key: string): Effect.Effect<Option.Option<Session>, never, SessionStore> =>
  fromStore(
    (store) =>
      store.take
        ? store.take(key)
        : Effect.tap(store.get(key), (kept) => Option.isSome(kept) ? store.remove(key) : Effect.void),
    Option.none(),
  );

/** Asks the session store. If it fails, that is logged, and the handshake goes on without it. */
export const fromStore = <A, B>(
  ask: (store: SessionStore["Type"]) => Effect.Effect<A, SessionStoreError>,
  otherwise: B,
): Effect.Effect<A | B, never, SessionStore> =>
  Effect.flatMap(SessionStore, ask).pipe(
    Effect.catchAll((e) => Effect.as(Effect.logWarning(e.message), otherwise)),
  );
