/**
 * The client's handshake before TLS 1.3 (RFC 5246 §7.3):
 *
 *     1  ClientHello                  -->
 *     2                               <--  ServerHello                             serverHello → Full | Resumed
 *        full:                        <--  Certificate … ServerHelloDone           serverFlight
 *     3  Certificate … Finished       -->                                          clientFlight
 *     4                               <--  (NewSessionTicket) ChangeCipherSpec, Finished   serverFinish
 *        resumed:                     <--  (NewSessionTicket) ChangeCipherSpec, Finished   resumedFinish
 *     3  ChangeCipherSpec, Finished   -->
 *
 * A renegotiation takes the same flights, and what the last handshake left.
 *
 * @module
 */
import { Effect, Option } from "../../deps.ts";
import { absent, type FlightOf, maybe, one, type Place, receive } from "../../grammar/places.ts";
import { send } from "../../grammar/send.ts";
import {
  Certificate,
  CertificateStatus,
  NewSessionTicket,
  type ServerHello,
  ServerHelloDone,
} from "../../messages/mod.ts";
import { Credentials } from "../../ports/credentials.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import { CertificateVerifier, type Verdict } from "../../ports/trust.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import type { ClientShare, ExchangeError } from "../../tables/exchanges/mod.ts";
import { type CertificateWish, dialects } from "../../tables/versions/mod.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { established, type Full, type Resumed, timestamps } from "../agreed/agreed.ts";
import type { Renegotiable } from "../agreed/established.ts";
import { type Keys, keysOf } from "../agreed/keys.ts";
import { sameServer } from "../agreed/renegotiation.ts";
import type { Step, Steps } from "../base/services.ts";
import { unansweredOf } from "../base/unanswered.ts";
import { serverEndPoint } from "../bindings.ts";
import type { SentHello } from "../client_hello.ts";
import { fitsSuite, judged, leafKey } from "../peer.ts";
import { forgetOffered, keep } from "../sessions/client_sessions.ts";
import { copies, keptVerdict, sessionOf } from "../sessions/made.ts";
import { leafHash } from "../sessions/session_rules.ts";
import { certificateVerify, choose, type Chosen } from "./client_certificate.ts";
import { negotiate } from "./client_negotiation.ts";
import { finish, type Finishing, finishShape } from "./finish.ts";
import { withTicket } from "./new_session_ticket.ts";

/** Our ClientHello is answered. */
export interface Answered<A> {
  readonly offer: SentHello;
  readonly at: A;
}

/** The server's flight has come, and its certificate is trusted. */
export interface Authenticated extends Answered<Full> {
  /** The server's certificate chain; empty from an anonymous server. */
  readonly chain: ReadonlyArray<Bytes>;
  readonly verdict: Verdict | undefined;
  readonly peerKey: PublicKey | undefined;
  readonly ocspResponse: Bytes | undefined;
  readonly clientShare: (peerKey: PublicKey | undefined) => Effect.Effect<ClientShare, ExchangeError, Crypto>;
  readonly request: Option.Option<CertificateWish>;
}

/** Our flight is sent; the server's Finished is awaited. */
export interface Keyed extends Authenticated, Keys {
  readonly ours: Bytes;
  readonly used: ClientShare;
  /** The credential that we showed, if any. */
  readonly shown: Chosen | undefined;
}

// ---- the shapes of what comes ----

/** The shape of the rest of flight 2 in a full handshake. */
export const serverFlightShape = (
  { authentication, exchange, terms, dialect, statusRequest }: Pick<
    Full,
    "authentication" | "exchange" | "terms" | "dialect" | "statusRequest"
  >,
) => ({
  certificate: authentication.certificate,
  status: statusRequest && authentication.certified ? certificateStatus : noStatus,
  clientShare: exchange.clientShare(terms),
  request: authentication.request(dialect),
  done: one(ServerHelloDone),
});

/** The place of CertificateStatus, which may be missing even if it was promised (RFC 6066 §8). */
const certificateStatus: Place<Bytes | undefined> = maybe(one(CertificateStatus)).map((stapled) =>
  Option.getOrUndefined(stapled)?.status.response
);
const noStatus: Place<Bytes | undefined> = absent;

/** The shape of the server's end of the handshake: flight 4, or flight 2 in a resumption. */
export const serverFinishShape = (at: Finishing & Pick<Full, "newSessionTicket">, keys: Keys) => ({
  ticket: at.newSessionTicket ? newSessionTicket : noTicket,
  ...finishShape(at, keys, "server"),
});

const newSessionTicket: Place<NewSessionTicket | undefined> = one(NewSessionTicket);
const noTicket: Place<NewSessionTicket | undefined> = absent;

// ---- flight 2 <- ----

/** Holds ServerHello against our offer, and settles what follows from both hellos. */
export const serverHello = Effect.fnUntraced(function* (
  offer: SentHello,
  server: ServerHello,
): Steps<Answered<Full | Resumed>> {
  const handshakes = yield* Handshakes;
  // A refusal must go out in the version that the server says it speaks.
  const theirs = dialects.get(server.serverVersion);
  if (theirs) handshakes.sayUntilAgreed(theirs);
  const at = yield* negotiate(offer, server, yield* Crypto);
  handshakes.agree(at.dialect, at.fragments);
  return { offer, at };
});

/** Receives the server's flight. Its certificate is verified before anything of ours is sent. */
export const serverFlight = Effect.fnUntraced(
  function* ({ offer, at }: Answered<Full>): Steps<Authenticated> {
    const flight: FlightOf<ReturnType<typeof serverFlightShape>> = yield* receive(serverFlightShape(at));
    const { certificate: chain, status: ocspResponse, clientShare, request } = flight;
    const from = { offer, at, ocspResponse, clientShare, request };
    yield* sameServer(offer.previous, chain ?? [], offer.settings.policy);
    if (chain === undefined) return { ...from, chain: [], verdict: undefined, peerKey: undefined };
    const { policy, serverName } = offer.settings;
    const peerKey = yield* fitsSuite(yield* leafKey(chain, policy), at);
    const verifier = yield* CertificateVerifier;
    const asked = verifier.verify({
      chain,
      name: serverName,
      purpose: "serverAuth",
      ocspResponse,
      signedCertificateTimestamps: timestamps(at),
      unanswered: unansweredOf(offer.hello.extensions, at.server.extensions, () => true),
    });
    return { ...from, chain, verdict: yield* judged(asked, policy), peerKey };
  },
);

// ---- flight 3 -> ----

/** Sends our certificate, if one is asked for, our key share, and our Finished. */
export const clientFlight = Effect.fnUntraced(function* (from: Authenticated): Steps<Keyed> {
  const { at, request } = from;
  const shown = Option.isNone(request)
    ? undefined
    : yield* choose(request.value, at.dialect, from.offer.settings.policy);
  // This verifies the server's signature, before our certificate is sent.
  const used = yield* from.clientShare(from.peerKey);
  if (Option.isSome(request)) {
    yield* send(
      shown
        ? make(Certificate, { certificateList: shown.credential.chain })
        : at.dialect.clientCertificate.none,
    );
  }
  const transcript = yield* send(used.message);
  const keyed = yield* keysOf(at, at.master(used.premaster, transcript));
  if (shown) yield* certificateVerify(shown, transcript, keyed.master, at.dialect);
  const ours = yield* finish(at, keyed, "client");
  return { ...from, ...keyed, ours, used, shown };
});

// ---- flight 4 <- ----

/** Receives the server's Finished, and keeps the session. */
export const serverFinish = Effect.fnUntraced(function* (from: Keyed): Steps<Renegotiable> {
  const { at, offer, chain, master, shown, used } = from;
  const { theirs, ticket } = yield* receive(serverFinishShape(at, from));
  const { policy, sessionKey, serverName } = offer.settings;
  const crypto = yield* Crypto;
  const kept = copies(chain);
  const peerVerdict = keptVerdict(from.verdict, kept);
  const endPoint = serverEndPoint(chain[0], crypto);
  const made = yield* sessionOf(at, {
    masterSecret: master,
    peerCertificates: kept,
    peerVerdict,
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
  // If the credentials were replaced meanwhile, the session may be of either; it is not kept.
  const same = sameBytes(partitionHash(crypto, yield* Credentials), offer.credentials);
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
    peerVerdict,
    sessionKey,
    group: used.group,
    scheme: used.scheme,
    ocspResponse: from.ocspResponse,
  });
});

// ---- the abbreviated handshake: the server finishes first ----

/** Resumes a session: both ends have its master secret, and the server finishes first. */
export const resumedFinish = Effect.fnUntraced(
  function* ({ offer, at }: Answered<Resumed>): Steps<Renegotiable> {
    const { masterSecret, peerCertificates } = at.session;
    const { sessionKey } = offer.settings;
    const keyed = yield* keysOf(at, masterSecret);
    const { theirs, ticket } = yield* receive(serverFinishShape(at, keyed));
    const session = yield* withTicket(at.session, ticket);
    const { offered } = offer.held;
    // Kept as it was, with its ticket, which may be shown another time.
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

const full = (answered: Answered<Full>): Step<Renegotiable> =>
  serverFlight(answered).pipe(Effect.flatMap(clientFlight), Effect.flatMap(serverFinish));

/** The handshake of a client, from a ServerHello up to TLS 1.2 to Finished. */
export const afterServerHello = (offer: SentHello, server: ServerHello): Step<Renegotiable> =>
  Effect.flatMap(
    serverHello(offer, server),
    ({ at }) => at._tag === "Resumed" ? resumedFinish({ offer, at }) : full({ offer, at }),
  );
