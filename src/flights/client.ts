/**
 * The client's handshake before TLS 1.3 (RFC 5246 §7.3):
 *
 *     1  ClientHello                  -->                                          clientHello
 *     2                               <--  ServerHello                             serverHello → Full | Resumed
 *        full:                        <--  Certificate … ServerHelloDone           serverFlight
 *     3  Certificate … Finished       -->                                          clientFlight
 *     4                               <--  ChangeCipherSpec, Finished              serverFinish
 *        resumed:                     <--  ChangeCipherSpec, Finished              resumedFinish
 *     3  ChangeCipherSpec, Finished   -->
 *
 * @module
 */
import { Effect, Option } from "../deps.ts";
import { authenticationOf } from "../authentications/mod.ts";
import type { Snapshot } from "../crypto/transcript.ts";
import type { Answer, ExchangeError } from "../exchanges/mod.ts";
import type { HandshakeError } from "../errors.ts";
import { type FlightOf, maybe, one, receive } from "../grammar/places.ts";
import { send } from "../grammar/send.ts";
import { Certificate, type CertificateRequest, ServerHello, ServerHelloDone } from "../messages/mod.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import { Handshakes } from "../record/handshakes.ts";
import type { Credential } from "../services/credentials.ts";
import { Credentials } from "../services/credentials.ts";
import { Crypto, type PublicKey } from "../services/crypto.ts";
import type { SessionStore } from "../services/session_store.ts";
import { CertificateVerifier } from "../services/verifier.ts";
import type { Bytes } from "../wire/bytes.ts";
import { make } from "../wire/codec.ts";
import {
  type Established,
  established,
  fromStore,
  type Full,
  type Keys,
  keysOf,
  type Resumed,
  sessionOf,
} from "./agreed.ts";
import { type ClientSettings, type Offer, offer } from "./client_hello.ts";
import { negotiate } from "./client_negotiation.ts";
import { finish, finishShape } from "./finish.ts";
import { fitsSuite, leafKey } from "./peer.ts";

/** What a client's handshake needs. */
export type ClientServices = Handshakes | Crypto | CertificateVerifier | Credentials | SessionStore;

type Step<A> = Effect.Effect<A, HandshakeError, ClientServices>;

/** An offer that was answered. */
export interface Answered<A> {
  readonly offer: Offer;
  readonly at: A;
}

/** The server's flight, when its certificate is trusted. */
export interface Authenticated extends Answered<Full> {
  readonly chain: ReadonlyArray<Bytes>;
  readonly peerKey: PublicKey;
  readonly answer: (peerKey: PublicKey) => Effect.Effect<Answer, ExchangeError, Crypto>;
  readonly request: Option.Option<CertificateRequest>;
}

/** Our flight is said; the server's end of it is due. */
export interface Keyed extends Authenticated, Keys {
  readonly ours: Bytes;
  readonly used: Answer;
}

// ---- the shapes of what comes ----

/** Flight 2 of either handshake begins so. */
export const serverHelloShape = { server: one(ServerHello) };

/** The rest of flight 2 of a full handshake. */
export const serverFlightShape = ({ exchange, terms, dialect }: Full) => ({
  certificate: one(Certificate),
  answer: exchange.answer(terms),
  request: maybe(one(dialect.messages.certificateRequest)),
  done: one(ServerHelloDone),
});

/** What ends the server's part: flight 4, or flight 2 when resumed. */
export const serverFinishShape = (at: Full | Resumed, keys: Keys) => finishShape(at, keys, "server");

// ---- flight 1 -> ----

/** Offers, and leaves the rest to whoever waits for the answer. */
export const clientHello = (settings: ClientSettings): Step<Offer> =>
  Effect.tap(offer(settings), ({ hello }) => send(hello));

// ---- flight 2 <- ----

/** The server's choice. */
export const serverHello = (offer: Offer): Step<Answered<Full | Resumed>> =>
  Effect.gen(function* () {
    const { server } = yield* receive(serverHelloShape);
    const at = yield* negotiate(offer, server, yield* Crypto);
    (yield* Handshakes).agree(at.dialect.version);
    return { offer, at };
  });

/** What the server shows, verified before anything of ours goes out. */
export const serverFlight = ({ offer, at }: Answered<Full>): Step<Authenticated> =>
  Effect.gen(function* () {
    const flight: FlightOf<ReturnType<typeof serverFlightShape>> = yield* receive(serverFlightShape(at));
    const chain = flight.certificate.certificateList;
    const peerKey = yield* fitsSuite(yield* leafKey(chain), at);
    const verifier = yield* CertificateVerifier;
    yield* verifier.verify({ chain, name: offer.settings.serverName, purpose: "serverAuth" });
    return { offer, at, chain, peerKey, answer: flight.answer, request: flight.request };
  });

// ---- flight 3 -> ----

/** Our certificate if one is wanted, our half of the keys, and our Finished. */
export const clientFlight = (from: Authenticated): Step<Keyed> =>
  Effect.gen(function* () {
    const { at, request } = from;
    const credential = Option.isNone(request) ? undefined : yield* choose(request.value, from);
    // The server's signature is verified here, before our certificate goes out.
    const used = yield* from.answer(from.peerKey);
    if (Option.isSome(request)) {
      // An empty list says that we have none (RFC 5246 §7.4.6).
      yield* send(make(Certificate, { certificateList: credential?.credential.chain ?? [] }));
    }
    const said = yield* send(used.message);
    const keyed = yield* keysOf(at, at.master(used.premaster, said));
    if (credential) yield* certificateVerify(credential, said, from);
    const ours = yield* finish(at, keyed, "client");
    return { ...from, ...keyed, ours, used };
  });

/** The credential that the request allows, and the scheme to prove it with. */
const choose = (
  request: CertificateRequest,
  { offer }: Authenticated,
): Step<Chosen | undefined> =>
  Effect.gen(function* () {
    const { certificateTypes: types, supportedSignatureAlgorithms: schemes } = request;
    const candidates = yield* (yield* Credentials).candidates({
      role: "client",
      types,
      schemes,
      authorities: request.certificateAuthorities,
    });
    for (const credential of candidates) {
      const { certificateType, makes } = authenticationOf(credential.publicKey);
      const scheme = offer.settings.policy.signatureSchemes.find((s) =>
        schemes.includes(s) && makes(s, credential.publicKey)
      );
      if (scheme !== undefined && types.includes(certificateType)) return { credential, scheme };
    }
    return undefined;
  });

interface Chosen {
  readonly credential: Credential;
  readonly scheme: SignatureScheme;
}

/** Signs all that was said up to here (RFC 5246 §7.4.8). */
const certificateVerify = ({ credential, scheme }: Chosen, said: Snapshot, { at }: Authenticated) =>
  Effect.flatMap(
    credential.sign(scheme, said.bytes),
    (signature) => send(make(at.dialect.messages.certificateVerify, { algorithm: scheme, signature })),
  );

// ---- flight 4 <- ----

/** The server's Finished; now the session may be kept. */
export const serverFinish = (from: Keyed): Step<Established> =>
  Effect.gen(function* () {
    const { at, offer, chain, master, used } = from;
    const { theirs } = yield* receive(serverFinishShape(at, from));
    const { policy, sessionKey, serverName } = offer.settings;
    const keep = at.server.sessionId.length > 0 &&
      (at.extendedMasterSecret || policy.resumeWithoutExtendedMasterSecret);
    if (sessionKey !== undefined && keep) {
      const session = yield* sessionOf(at, master, chain, serverName);
      yield* fromStore((store) => store.put(sessionKey, session), undefined);
    }
    return established(at, {
      masterSecret: master,
      verifyData: { client: from.ours, server: theirs },
      resumed: false,
      peerCertificates: chain,
      sessionKey,
      group: used.group,
      scheme: used.scheme,
    });
  });

// ---- the abbreviated handshake: the server finishes first ----

/** Both ends have the master secret already. */
export const resumedFinish = ({ offer, at }: Answered<Resumed>): Step<Established> =>
  Effect.gen(function* () {
    const { masterSecret, peerCertificates } = at.session;
    const keyed = yield* keysOf(at, masterSecret);
    const { theirs } = yield* receive(serverFinishShape(at, keyed));
    const ours = yield* finish(at, keyed, "client");
    return established(at, {
      masterSecret,
      verifyData: { client: ours, server: theirs },
      resumed: true,
      peerCertificates,
      sessionKey: offer.settings.sessionKey,
    });
  });

// ---- the handshake ----

const full = (answered: Answered<Full>): Step<Established> =>
  serverFlight(answered).pipe(Effect.flatMap(clientFlight), Effect.flatMap(serverFinish));

/** From ServerHello to Finished. */
export const afterClientHello = (offer: Offer): Step<Established> =>
  Effect.flatMap(
    serverHello(offer),
    ({ at }) => at._tag === "Resumed" ? resumedFinish({ offer, at }) : full({ offer, at }),
  );

/** The whole handshake. */
export const clientHandshake = (settings: ClientSettings): Step<Established> =>
  Effect.flatMap(clientHello(settings), afterClientHello);
