/** The ClientHello, with the session that it offers to resume (RFC 5246 §7.4.1.2). @module */
import { Clock, Effect, Either, Option } from "../deps.ts";
import { Refused } from "../faults/errors/connection.ts";
import { ClientHello } from "../messages/mod.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { ProtocolVersion, versionText } from "../names/protocol.ts";
import { Credentials } from "../ports/credentials.ts";
import { Crypto, type CryptoService } from "../ports/crypto.ts";
import { PreSharedKeys } from "../ports/pre_shared_keys.ts";
import { offeredFor } from "../psks/offered.ts";
import { partitionHash } from "../ports/partition.ts";
import { type Session, SessionStore } from "../ports/sessions.ts";
import { CertificateVerifier } from "../ports/trust.ts";
import type { Policy } from "../tables/policy.ts";
import { hasSuite, highest, spoken, versions as Versions } from "../tables/versions/mod.ts";
import { type Bytes, EMPTY, sameBytes, utf8 } from "../wire/bytes.ts";
import { codec, make } from "../wire/codec.ts";
import { isKem } from "../crypto/kem.ts";
import type { Again, Exporter, Renegotiable } from "./agreed/established.ts";
import type { ClientSettings } from "./base/client_settings.ts";
import { compressors } from "./hellos/compression.ts";
import { greased } from "./hellos/grease.ts";
import { type OfferedShare, sharesOf } from "./hellos/key_share.ts";
import { hashOf, type OfferedPsk, preSharedKey } from "./hellos/psk.ts";
import { changed, type Retry } from "./hellos/retry.ts";
import {
  applicationProtocols,
  extensions,
  extensions13,
  renegotiationInfo,
  sessionTicket,
  sniOf,
} from "./hellos/client_extensions.ts";
import { type Held, toOffer } from "./sessions/client_sessions.ts";
import { offeredCompression, resumesAtAll } from "./sessions/session_rules.ts";

/** A ClientHello, and what must be remembered until it is answered. */
export interface SentHello {
  readonly settings: ClientSettings;
  readonly hello: ClientHello;
  /** The highest version that is offered. */
  readonly best: ProtocolVersion;
  /** Up to TLS 1.2: the session that is offered, by `hello.sessionId`, which is made up if the session has a ticket. */
  readonly session: Option.Option<Session>;
  /** TLS 1.3: our shares, and the pre-shared keys that are offered, in the order of the hello. */
  readonly shares: ReadonlyArray<OfferedShare>;
  readonly psks: ReadonlyArray<OfferedPsk>;
  /** TLS 1.3: the session of the first of these keys, if it is one of a ticket. */
  readonly session13: Session | undefined;
  /** TLS 1.3: the early data that goes with the hello. */
  readonly early: Bytes | undefined;
  /** TLS 1.3: exports keys that go with the early data. */
  readonly earlyExporter: Exporter | undefined;
  /** TLS 1.3: what a HelloRetryRequest asked for, of which there is one at most. */
  readonly retry: Retry | undefined;
  readonly held: Held;
  /** The hash of the trust settings, as a session keeps it. */
  readonly partition: Bytes;
  readonly credentials: Bytes;
  readonly previous: Renegotiable | undefined;
}

/** The versions that a client offers; in a renegotiation, the connection's own (RFC 5246 §7.4.1.2). */
export const versionsOf = (policy: Policy, previous: Renegotiable | undefined) =>
  previous ? [previous.dialect.version] : spoken(policy);

/** Makes a ClientHello. Nothing is sent yet. */
export const offer = Effect.fnUntraced(
  function* (
    settings: ClientSettings,
    again?: Again,
  ): Effect.fn.Return<SentHello, Refused, Crypto | CertificateVerifier | Credentials | SessionStore> {
    const { policy, sessionKey } = settings;
    const previous = again?.previous;
    const crypto = yield* Crypto;
    const verifier = yield* CertificateVerifier;
    const partition = partitionHash(crypto, verifier);
    const credentials = partitionHash(crypto, yield* Credentials);
    const versions = versionsOf(policy, previous);
    const held = yield* toOffer(settings, again, versions, partition, credentials);
    const { until12: session, ticket } = offeredOf(held, yield* Clock.currentTimeMillis);
    if (versions.length === 0) {
      return yield* new Refused({
        reason: "no_common_version",
        detail: "our policy names no version that can be spoken",
      });
    }
    const best = highest(versions);
    const offers13 = best === ProtocolVersion.TLS_1_3;
    const cipherSuites = policy.cipherSuites.filter((id) =>
      versions.some((version) => hasSuite(version, id))
    );
    if (cipherSuites.length === 0) {
      return yield* new Refused({
        reason: "no_common_cipher_suite",
        detail: `our policy names no suite that ${versionText(best)} has`,
      });
    }
    const groups = policy.groups.filter((group) => crypto.groups.includes(group));
    const shares = offers13 ? yield* sharesOf(groups[0], groups, crypto) : [];
    const psks = offers13 ? [...ticket, ...(yield* externalPsks(settings, crypto))] : [];
    const early = offers13 ? earlyOf(settings, ticket[0]?.session) : undefined;
    // A server of SSL 3.0 may ignore extensions; the SCSV tells it the same (RFC 5746 §3.4).
    const scsv = !previous && versions.includes(ProtocolVersion.SSL_3_0);
    const { enabled } = yield* SessionStore;
    const asks = policy.sessionTickets && enabled && resumesAtAll(policy) && sessionKey !== undefined;
    const wanted = [
      ...renegotiationInfo(previous, scsv),
      // Not the last one, because some old servers cannot read a hello whose last extension is empty.
      ...(asks ? [sessionTicket(session)] : []),
      ...extensions(settings, offers13 ? groups : groups.filter((group) => !isKem(group))),
      ...(previous ? [] : applicationProtocols(settings)),
      ...(offers13
        ? extensions13(
          settings,
          verifier.authorities ?? [],
          versions,
          shares,
          yield* compressors(policy),
          early !== undefined,
        )
        : []),
    ].filter(({ _tag }) => versions.some((version) => Versions.get(version)?.says(_tag)));
    const hello = make(ClientHello, {
      // Later versions are offered by supported_versions alone (RFC 8446 §4.1.2).
      clientVersion: previous?.clientVersion ?? (offers13 ? ProtocolVersion.TLS_1_2 : best),
      random: crypto.random(32),
      sessionId: Option.match(session, {
        // Never empty, so that it looks like what devices on the way know (RFC 8446 §D.4).
        onNone: () => offers13 ? crypto.random(32) : EMPTY,
        // An ID that we make up: the server echoes it if it takes the ticket (RFC 5077 §3.4).
        onSome: (s) => s.ticket.length > 0 ? crypto.random(32) : s.id,
      }),
      cipherSuites: [
        ...cipherSuites,
        ...(scsv ? [CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV] : []),
        ...(settings.fallback && !previous ? [CipherSuite.TLS_FALLBACK_SCSV] : []),
      ],
      compressionMethods: offeredCompression(policy, versions),
      // No extension block if there are none, because the oldest servers cannot read an empty one.
      extensions: wanted.length > 0 ? wanted : undefined,
    });
    return {
      settings,
      hello: padded(policy.grease && !previous ? greased(hello, crypto) : hello, psks, crypto),
      best,
      session,
      shares,
      psks,
      session13: psks[0]?.session,
      early,
      earlyExporter: undefined,
      retry: undefined,
      held,
      partition,
      credentials,
      previous,
    };
  },
);

/** What is kept as each era shows it: a session by its ID or ticket, or a pre-shared key. */
const offeredOf = ({ offered }: Held, now: number) => {
  const session = Option.map(Option.fromNullable(offered), ({ shown }) => shown);
  const of13 = Option.filter(session, ({ version }) => version === ProtocolVersion.TLS_1_3);
  return {
    until12: Option.isSome(of13) ? Option.none<Session>() : session,
    ticket: Option.match(of13, { onNone: () => [], onSome: (s) => ticketPsk(s, now) }),
  };
};

/** The pre-shared key of a ticket, now in milliseconds since the epoch. */
const ticketPsk = (session: Session, now: number): ReadonlyArray<OfferedPsk> => {
  const hash = hashOf(session);
  const age = Math.max(0, now - 1000 * session.createdAt - session.ticketIssuedAfter);
  return hash === undefined
    ? []
    : [{ identity: session.ticket, secret: session.masterSecret, hash, origin: "res", session, age }];
};

/**
 * The early data, if the session allows that many bytes, and its suite and application protocol are offered again. Its name,
 * its trust and its credentials are as they were, or the session would not be offered (RFC 8446 §4.2.10).
 */
const earlyOf = (
  { alpn, earlyData, policy }: ClientSettings,
  session: Session | undefined,
): Bytes | undefined =>
  session && earlyData && earlyData.length > 0 && earlyData.length <= session.maxEarlyData &&
    policy.cipherSuites.includes(session.cipherSuite) &&
    (session.alpn.length === 0 ? alpn.length === 0 : alpn.some((name) => sameBytes(utf8(name), session.alpn)))
    ? earlyData
    : undefined;

/** The external keys that are offered, after that of a ticket: none in a hello that offers no way to use them. */
const externalPsks = Effect.fnUntraced(function* (
  { policy, serverName }: ClientSettings,
  crypto: CryptoService,
): Effect.fn.Return<ReadonlyArray<OfferedPsk>> {
  const keys = yield* PreSharedKeys;
  if (!keys || policy.pskKeyExchangeModes.length === 0) return [];
  const chosen = yield* keys.choose({ serverName: sniOf(serverName), hint: undefined });
  return chosen.flatMap((external) => offeredFor(crypto, external)).map(
    ({ identity, key, hash, origin }): OfferedPsk => ({
      identity,
      secret: key,
      hash,
      origin,
      session: undefined,
      age: 0,
    }),
  );
});

/** The offer that a HelloRetryRequest asks for. A key stays if it is of the hash of the chosen suite (RFC 8446 §4.1.4). */
export const reoffered = Effect.fnUntraced(
  function* (offer: SentHello, retry: Retry): Effect.fn.Return<SentHello, never, Crypto> {
    const crypto = yield* Crypto;
    const shares = retry.group === undefined ? offer.shares : yield* sharesOf(retry.group, [], crypto);
    const psks = offer.psks.filter(({ hash }) => hash === retry.suite.hash);
    const hello = make(ClientHello, { ...offer.hello, extensions: changed(offer.hello, retry, shares) });
    return { ...offer, hello: padded(hello, psks, crypto), shares, psks, retry };
  },
);

/** The lengths of a hello that some servers cannot read, and the length that RFC 7685 §4 pads them to. */
const AWKWARD = { from: 256, below: 512 };

/** Pads a hello of an awkward length (RFC 7685 §4). */
const padded = (
  unpadded: ClientHello,
  psks: ReadonlyArray<OfferedPsk>,
  crypto: CryptoService,
): ClientHello => {
  const { extensions } = unpadded;
  // It is the last extension (RFC 8446 §4.2.11), and counts for the length.
  const last = preSharedKey(psks, crypto);
  const hello = last.length === 0
    ? unpadded
    : make(ClientHello, { ...unpadded, extensions: [...extensions ?? [], ...last] });
  // `send` reports a value that does not fit its member.
  const length = Either.match(codec(ClientHello).encode(hello), {
    onLeft: () => 0,
    onRight: (body) => 4 + body.length,
  });
  if (!extensions || length < AWKWARD.from || length >= AWKWARD.below) return hello;
  const zeros = new Uint8Array(Math.max(AWKWARD.below - length - 4, 1));
  return make(ClientHello, {
    ...hello,
    extensions: [...extensions, { _tag: "padding", zeros }, ...last],
  });
};
