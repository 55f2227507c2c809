/**
 * The client's handshake before TLS 1.3 (RFC 5246 §7.3):
 *
 *     1  ClientHello                  -->                                          clientHello
 *     2                               <--  ServerHello                             serverHello → Full | Resumed
 *        full:                        <--  Certificate … ServerHelloDone           serverFlight
 *     3  Certificate … Finished       -->                                          clientFlight
 *     4                               <--  (NewSessionTicket) ChangeCipherSpec, Finished   serverFinish
 *        resumed:                     <--  (NewSessionTicket) ChangeCipherSpec, Finished   resumedFinish
 *     3  ChangeCipherSpec, Finished   -->
 *
 * A renegotiation is the same, with what the connection's last handshake left.
 *
 * @module
 */
import { Clock, Effect, Option } from "../deps.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import type { HandshakeError } from "../faults/errors.ts";
import { absent, type FlightOf, maybe, one, type Place, receive } from "../grammar/places.ts";
import { send } from "../grammar/send.ts";
import {
  Certificate,
  CertificateStatus,
  NewSessionTicket,
  ServerHello,
  ServerHelloDone,
} from "../messages/mod.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import { type Credential, Credentials, signedWith } from "../ports/credentials.ts";
import { Crypto, type PublicKey } from "../ports/crypto.ts";
import { partitionHash } from "../ports/partition.ts";
import { Session, type SessionStore } from "../ports/sessions.ts";
import { MAX_TICKET } from "../ports/tickets.ts";
import { CertificateVerifier } from "../ports/trust.ts";
import { Handshakes } from "../record/handshake_stream.ts";
import type { Answer, ExchangeError } from "../tables/exchanges/mod.ts";
import { isAskedFor } from "../tables/key_kinds.ts";
import { type CertificateWish, dialects, spokenFirst } from "../tables/versions/mod.ts";
import { type Bytes, EMPTY, sameBytes } from "../wire/bytes.ts";
import { make } from "../wire/codec.ts";
import {
  type Again,
  copies,
  type Established,
  established,
  fragmentBytes,
  type Full,
  type Keys,
  keysOf,
  type Resumed,
  sessionOf,
  timestamps,
} from "./agreed.ts";
import { serverEndPoint } from "./bindings.ts";
import { type ClientSettings, type Offer, offer } from "./client_hello.ts";
import { negotiate } from "./client_negotiation.ts";
import { forgetOffered, keep } from "./client_sessions.ts";
import { finish, type Finishing, finishShape } from "./finish.ts";
import { fitsSuite, judged, leafKey } from "./peer.ts";
import { sameServer } from "./renegotiation.ts";
import { leafHash } from "./session_rules.ts";

/** What a client's handshake needs. */
export type ClientServices = Handshakes | Crypto | CertificateVerifier | Credentials | SessionStore;

type Step<A> = Effect.Effect<A, HandshakeError, ClientServices>;
/** The same as a generator, which `Effect.fnUntraced` takes. */
type Steps<A> = Effect.fn.Return<A, HandshakeError, ClientServices>;

/** An offer that was answered. */
export interface Answered<A> {
  readonly offer: Offer;
  readonly at: A;
}

/** The server's flight, when its certificate is trusted. */
export interface Authenticated extends Answered<Full> {
  /** Empty from an anonymous server, which has no key either. */
  readonly chain: ReadonlyArray<Bytes>;
  readonly peerKey: PublicKey | undefined;
  readonly ocspResponse: Bytes | undefined;
  readonly answer: (peerKey: PublicKey | undefined) => Effect.Effect<Answer, ExchangeError, Crypto>;
  readonly request: Option.Option<CertificateWish>;
}

/** Our flight is said; the server's end of it is due. */
export interface Keyed extends Authenticated, Keys {
  readonly ours: Bytes;
  readonly used: Answer;
  /** What we showed, if anything. */
  readonly shown: Chosen | undefined;
}

// ---- the shapes of what comes ----

/** Flight 2 of either handshake begins so. */
export const serverHelloShape = { server: one(ServerHello) };

/** The rest of flight 2 of a full handshake. */
export const serverFlightShape = (
  { authentication, exchange, terms, dialect, statusRequest }: Pick<
    Full,
    "authentication" | "exchange" | "terms" | "dialect" | "statusRequest"
  >,
) => ({
  certificate: authentication.certificate,
  status: statusRequest && authentication.certified ? certificateStatus : noStatus,
  answer: exchange.answer(terms),
  request: authentication.request(dialect),
  done: one(ServerHelloDone),
});

/** A stapled response may be missing even where it was promised (RFC 6066 §8). */
const certificateStatus: Place<Bytes | undefined> = maybe(one(CertificateStatus)).map((stapled) =>
  Option.getOrUndefined(stapled)?.status.response
);
const noStatus: Place<Bytes | undefined> = absent;

/** What ends the server's part: flight 4, or flight 2 when resumed. */
export const serverFinishShape = (at: Finishing & Pick<Full, "newSessionTicket">, keys: Keys) => ({
  ticket: at.newSessionTicket ? newSessionTicket : noTicket,
  ...finishShape(at, keys, "server"),
});

const newSessionTicket: Place<NewSessionTicket | undefined> = one(NewSessionTicket);
const noTicket: Place<NewSessionTicket | undefined> = absent;

// ---- flight 1 -> ----

/** Offers, and leaves the rest to whoever waits for the answer. */
export const clientHello = Effect.fnUntraced(
  function* (settings: ClientSettings, again?: Again): Steps<Offer> {
    const offered = yield* offer(settings, again);
    (yield* Handshakes).open(spokenFirst(offered.dialect.version));
    yield* send(offered.hello);
    return offered;
  },
);

// ---- flight 2 <- ----

/** The server's choice. */
export const serverHello = Effect.fnUntraced(function* (offer: Offer): Steps<Answered<Full | Resumed>> {
  const { server } = yield* receive(serverHelloShape);
  const handshakes = yield* Handshakes;
  // A refusal goes out in the version that the server says it speaks.
  const theirs = dialects.get(server.serverVersion);
  if (theirs) handshakes.open(theirs);
  const at = yield* negotiate(offer, server, yield* Crypto);
  handshakes.agree(at.dialect, fragmentBytes(at.maxFragmentLength));
  return { offer, at };
});

/** What the server shows, verified before anything of ours goes out. */
export const serverFlight = Effect.fnUntraced(
  function* ({ offer, at }: Answered<Full>): Steps<Authenticated> {
    const flight: FlightOf<ReturnType<typeof serverFlightShape>> = yield* receive(serverFlightShape(at));
    const { certificate: chain, status: ocspResponse, answer, request } = flight;
    const from = { offer, at, ocspResponse, answer, request };
    yield* sameServer(offer.previous, chain ?? [], offer.settings.policy);
    if (chain === undefined) return { ...from, chain: [], peerKey: undefined };
    const { policy, serverName } = offer.settings;
    const peerKey = yield* fitsSuite(yield* leafKey(chain, policy), at);
    const verifier = yield* CertificateVerifier;
    const verdict = verifier.verify({
      chain,
      name: serverName,
      purpose: "serverAuth",
      ocspResponse,
      signedCertificateTimestamps: timestamps(at),
    });
    yield* judged(verdict, policy);
    return { ...from, chain, peerKey };
  },
);

// ---- flight 3 -> ----

/** Our certificate if one is wanted, our half of the keys, and our Finished. */
export const clientFlight = Effect.fnUntraced(function* (from: Authenticated): Steps<Keyed> {
  const { at, request } = from;
  const shown = Option.isNone(request) ? undefined : yield* choose(request.value, from);
  // The server's signature is verified here, before our certificate goes out.
  const used = yield* from.answer(from.peerKey);
  if (Option.isSome(request)) {
    yield* send(
      shown
        ? make(Certificate, { certificateList: shown.credential.chain })
        : at.dialect.clientCertificate.none,
    );
  }
  const said = yield* send(used.message);
  const keyed = yield* keysOf(at, at.master(used.premaster, said));
  if (shown) yield* certificateVerify(shown, said, keyed, from);
  const ours = yield* finish(at, keyed, "client");
  return { ...from, ...keyed, ours, used, shown };
});

/** The credential that the request allows, and the scheme to prove it with. */
const choose = Effect.fnUntraced(
  function* (wish: CertificateWish, { offer, at }: Authenticated): Steps<Chosen | undefined> {
    const candidates = yield* (yield* Credentials).candidates({ role: "client", ...wish });
    const common = offer.settings.policy.signatureSchemes.filter((s) => wish.schemes?.includes(s) ?? true);
    for (const credential of candidates) {
      const [scheme] = signedWith(
        credential,
        at.dialect.signing.schemesOf(credential.publicKey, common),
      );
      if (scheme !== undefined && isAskedFor(credential.publicKey, wish.types)) return { credential, scheme };
    }
    return undefined;
  },
);

/** A credential to show, and the scheme to prove it with. */
export interface Chosen {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

/** Signs all that was said up to here (RFC 5246 §7.4.8). */
const certificateVerify = Effect.fnUntraced(
  function* (
    { credential, scheme }: Chosen,
    said: Snapshot,
    { master }: Keys,
    { at: { dialect: { signing } } }: Authenticated,
  ): Steps<Snapshot> {
    const content = signing.proof(scheme, said, master, yield* Crypto);
    const signature = yield* credential.sign(scheme, content);
    return yield* send(signing.certificateVerify.make(signing.members(scheme, signature)));
  },
);

// ---- flight 4 <- ----

/** The server's Finished; now the session may be kept. */
export const serverFinish = Effect.fnUntraced(function* (from: Keyed): Steps<Established> {
  const { at, offer, chain, master, shown, used } = from;
  const { theirs, ticket } = yield* receive(serverFinishShape(at, from));
  const { policy, sessionKey, serverName } = offer.settings;
  const crypto = yield* Crypto;
  const kept = copies(chain);
  const endPoint = serverEndPoint(chain[0], crypto);
  const made = yield* sessionOf(at, {
    masterSecret: master,
    peerCertificates: kept,
    serverName,
    serverEndPoint: endPoint,
    credentials: offer.credentials,
    ownCertificate: leafHash(shown?.credential.chain[0], crypto),
    group: used.group,
    primeBits: used.primeBits,
    ownScheme: shown?.scheme,
    peerScheme: used.scheme,
  });
  const session = yield* withTicket(made, ticket);
  const bound = at.extendedMasterSecret || policy.resumeWithoutExtendedMasterSecret;
  // Whoever was replaced meanwhile may have been shown, and under the other's name.
  const same = sameBytes(partitionHash(crypto, (yield* Credentials).partition), offer.credentials);
  yield* bound && same && session.id.length + session.ticket.length > 0
    ? keep(offer.held, session, false)
    : forgetOffered(offer.held);
  return established(at, {
    masterSecret: master,
    serverEndPoint: endPoint,
    verifyData: { client: from.ours, server: theirs },
    resumed: false,
    sessionTicket: session.ticket.length > 0,
    peerCertificates: kept,
    sessionKey,
    group: used.group,
    scheme: used.scheme,
    ocspResponse: from.ocspResponse,
  });
});

/** Seconds: a week, the most that a ticket is shown (RFC 8446 §4.6.1 has it so; RFC 5077 leaves it open). */
const MAX_TICKET_LIFETIME = 604_800;

/** The session with a new ticket, in place of its ID, if one came that can be shown (RFC 5077 §3.3, §3.4). */
const withTicket = (session: Session, sent: NewSessionTicket | undefined): Effect.Effect<Session> =>
  sent === undefined || sent.ticket.length === 0 || sent.ticket.length > MAX_TICKET
    ? Effect.succeed(session)
    : Effect.map(Clock.currentTimeMillis, (now) => {
      const lifetime = Math.min(sent.ticketLifetimeHint || MAX_TICKET_LIFETIME, MAX_TICKET_LIFETIME);
      return make(Session, {
        ...session,
        id: EMPTY,
        ticket: sent.ticket.slice(),
        ticketExpiresAt: Math.floor(now / 1000) + lifetime,
      });
    });

// ---- the abbreviated handshake: the server finishes first ----

/** Both ends have the master secret already. */
export const resumedFinish = Effect.fnUntraced(
  function* ({ offer, at }: Answered<Resumed>): Steps<Established> {
    const { masterSecret, peerCertificates } = at.session;
    const { sessionKey } = offer.settings;
    const keyed = yield* keysOf(at, masterSecret);
    const { theirs, ticket } = yield* receive(serverFinishShape(at, keyed));
    const session = yield* withTicket(at.session, ticket);
    const { offered } = offer.held;
    // As it was kept, with a ticket that may be shown another time.
    yield* keep(offer.held, offered?.shown === session ? offered.kept : session, true);
    const ours = yield* finish(at, keyed, "client");
    return established(at, {
      masterSecret,
      serverEndPoint: session.serverEndPoint,
      verifyData: { client: ours, server: theirs },
      resumed: true,
      sessionTicket: session.ticket.length > 0,
      peerCertificates,
      sessionKey,
    });
  },
);

// ---- the handshake ----

const full = (answered: Answered<Full>): Step<Established> =>
  serverFlight(answered).pipe(Effect.flatMap(clientFlight), Effect.flatMap(serverFinish));

/** From ServerHello to Finished. */
export const afterClientHello = (offer: Offer): Step<Established> =>
  Effect.flatMap(
    serverHello(offer),
    ({ at }) => at._tag === "Resumed" ? resumedFinish({ offer, at }) : full({ offer, at }),
  );
