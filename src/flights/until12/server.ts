/**
 * The server's handshake before TLS 1.3 (RFC 5246 §7.3):
 *
 *     1  <--  ClientHello                                           decided → Full | Resumed
 *     2  -->  ServerHello, Certificate … ServerHelloDone            serverFlight
 *     3  <--  Certificate, ClientKeyExchange                        clientFlight
 *        <--  CertificateVerify                                     clientProof
 *        <--  ChangeCipherSpec, Finished                            clientFinish
 *     4  -->  (NewSessionTicket) ChangeCipherSpec, Finished         serverFinish
 *        resumed:
 *     2  -->  ServerHello, (NewSessionTicket) ChangeCipherSpec, Finished   resumed
 *     3  <--  ChangeCipherSpec, Finished
 *
 * A renegotiation takes the same flights, and what the last handshake left.
 *
 * @module
 */
import { Effect } from "../../deps.ts";
import { DecryptError } from "../../faults/errors/connection.ts";
import { isFatal } from "../../faults/meaning.ts";
import { absent, type Place, receive } from "../../grammar/places.ts";
import { send } from "../../grammar/send.ts";
import { CertificateStatus, type ClientHello, ServerHelloDone } from "../../messages/mod.ts";
import { CertificateStatusType } from "../../names/protocol.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import { Crypto, type PublicKey } from "../../ports/crypto.ts";
import { SessionStore } from "../../ports/sessions.ts";
import type { Verdict } from "../../ports/trust.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import type { ServerShare } from "../../tables/exchanges/mod.ts";
import type { CertificateWish, Dialect } from "../../tables/versions/mod.ts";
import { type Bytes, EMPTY, toHex } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import { established, type Full, type Resumed } from "../agreed/agreed.ts";
import type { Again, Renegotiable } from "../agreed/established.ts";
import { type Keys, keysOf } from "../agreed/keys.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Step, Steps } from "../base/services.ts";
import { serverEndPoint } from "../bindings.ts";
import { copies, fromStore, keptVerdict, sessionOf } from "../sessions/made.ts";
import { leafHash, resumesAtAll } from "../sessions/session_rules.ts";
import { certificateWish, clientKey } from "./client_certificate.ts";
import { finish, type Finishing, finishShape } from "./finish.ts";
import { newSessionTicket } from "./new_session_ticket.ts";
import type { Choice } from "./server_choice.ts";
import { answers, decided, fullAnswers, type Heard, serverHello } from "./server_hello.ts";

/** Flight 2 is sent; the client's answer is awaited. */
export interface Sent {
  readonly settings: ServerSettings;
  readonly at: Full;
  readonly offered: ServerShare;
  /** What we ask of the client's certificate; `undefined` if we ask for none. */
  readonly request: CertificateWish | undefined;
  readonly tickets: Heard["tickets"];
  /** The leaf of our own certificate chain, if we show one. */
  readonly leaf: Bytes | undefined;
}

/** The client's key exchange has come, and its certificate, if there is one, is trusted. */
export interface Keyed extends Sent, Keys {
  readonly chain: ReadonlyArray<Bytes>;
  readonly verdict: Verdict | undefined;
  readonly peerKey: PublicKey | undefined;
  /** The scheme that the client signed with, if it signed. */
  readonly peerScheme: SignatureScheme | undefined;
}

/** The client's Finished has come and is correct. */
export interface Proven extends Keyed {
  readonly theirs: Bytes;
}

// ---- the shapes of what comes ----

/** The shape of flight 3, up to ClientKeyExchange. */
export const clientFlightShape = <P extends Place<unknown>>(
  { at, offered, request }: {
    readonly at: Pick<Full, "dialect">;
    readonly offered: { readonly premaster: P };
    readonly request: CertificateWish | undefined;
  },
) => ({
  certificate: request ? at.dialect.clientCertificate.place : noChain,
  premaster: offered.premaster,
});

const noChain: Place<ReadonlyArray<Bytes>> = absent.map(() => []);

/** The shape of the client's CertificateVerify, if it showed a certificate. */
export const clientProofShape = (
  { at, peerKey }: { readonly at: Pick<Full, "dialect">; readonly peerKey: PublicKey | undefined },
) => ({
  proof: peerKey ? at.dialect.signing.certificateVerify.place : noProof,
});

const noProof: Place<undefined> = absent;

/** The shape of the client's ChangeCipherSpec and Finished. */
export const clientFinishShape = (at: Finishing, keys: Keys) => finishShape(at, keys, "client");

// ---- flight 2 -> ----

/** Sends the whole flight 2 of a full handshake. */
export const serverFlight = Effect.fnUntraced(
  function* (heard: Extract<Heard, { _tag: "Full" }>): Steps<Sent> {
    const { settings, choice, tickets, wish } = heard;
    const { credential, suite } = choice;
    const { compressionMethod } = wish;
    const crypto = yield* Crypto;
    const store = yield* SessionStore;
    // A client that is given a ticket needs no session ID (RFC 5077 §3.4).
    const keep = store.enabled && !tickets && resumesAtAll(settings.policy) &&
      (wish.extendedMasterSecret || settings.policy.resumeWithoutExtendedMasterSecret);
    const sessionId = keep ? crypto.random(32) : EMPTY;
    const answer = [...answers(heard, suite), ...fullAnswers(wish, credential)];
    const agreed = yield* serverHello(heard, choice, { sessionId, compressionMethod }, answer);
    const { authentication, dialect, exchange, statusRequest, terms } = agreed;
    const offered = yield* exchange.serverShare(terms, credential);
    const request = authentication.certified && settings.clientAuth !== "none"
      ? yield* certificateWish(settings.policy, agreed.dialect)
      : undefined;
    yield* send(
      ...authentication.show(credential?.chain ?? []),
      ...(statusRequest ? [stapled(credential)] : []),
      ...offered.messages,
      ...(request ? [dialect.certificateRequest.make(request)] : []),
      make(ServerHelloDone, undefined),
    );
    return {
      settings,
      at: { ...agreed, _tag: "Full" },
      offered,
      request,
      tickets,
      leaf: credential?.chain[0],
    };
  },
);

const stapled = (credential: Choice["credential"]) =>
  make(CertificateStatus, {
    status: { statusType: CertificateStatusType.ocsp, response: credential?.ocspResponse ?? EMPTY },
  });

// ---- flight 3 <-, in three parts: the keys of the later two are agreed on in the first ----

/** Receives the client's certificate, if we asked for one, and its key share. */
export const clientFlight = Effect.fnUntraced(function* (asked: Sent): Steps<Keyed> {
  const { certificate: chain, premaster } = yield* receive(clientFlightShape(asked));
  const transcript = (yield* Handshakes).transcript();
  const shown = asked.request ? yield* clientKey(asked.settings, asked.request, chain) : undefined;
  const secret = yield* premaster;
  return {
    ...asked,
    ...(yield* keysOf(asked.at, asked.at.master(secret, transcript))),
    chain,
    verdict: shown?.verdict,
    peerKey: shown?.key,
    peerScheme: undefined,
  };
});

/** Receives and verifies the client's CertificateVerify. */
export const clientProof = Effect.fnUntraced(function* (from: Keyed): Steps<Keyed> {
  const { at: { dialect: { signing } }, master, peerKey, request } = from;
  const { proof } = yield* receive(clientProofShape(from));
  if (peerKey === undefined || proof === undefined) return from;
  const { message, before } = proof;
  const crypto = yield* Crypto;
  const scheme = yield* signing.schemeOf(message, peerKey, request?.schemes ?? []);
  const content = signing.proof(scheme, before, master, crypto);
  if (!(yield* crypto.verify(peerKey, scheme, content, message.signature))) {
    return yield* new DecryptError({ what: "CertificateVerify" });
  }
  return { ...from, peerScheme: scheme };
});

/** Receives the client's Finished. */
export const clientFinish = (from: Keyed): Step<Proven> =>
  Effect.map(receive(clientFinishShape(from.at, from)), ({ theirs }) => ({ ...from, theirs }));

// ---- flight 4 -> ----

/** Sends our Finished. The session is in the store before that, so that a quick client finds it there. */
export const serverFinish = Effect.fnUntraced(function* (from: Proven): Steps<Renegotiable> {
  const { at, chain, master, offered, peerScheme, theirs } = from;
  const sessionKey = at.server.sessionId.length > 0 ? toHex(at.server.sessionId) : undefined;
  const crypto = yield* Crypto;
  const endPoint = serverEndPoint(from.leaf, crypto);
  const kept = copies(chain);
  const peerVerdict = keptVerdict(from.verdict, kept);
  const session = yield* sessionOf(at, {
    masterSecret: master,
    peerCertificates: kept,
    peerVerdict,
    serverName: at.serverName,
    serverEndPoint: endPoint,
    credentials: EMPTY,
    ownCertificate: leafHash(from.leaf, crypto),
    group: offered.group,
    primeBits: undefined,
    ownScheme: offered.scheme,
    peerScheme,
  });
  if (sessionKey !== undefined) yield* fromStore((store) => store.put(sessionKey, session), undefined);
  const sessionTicket = yield* newSessionTicket(session, from);
  const ours = yield* finish(at, from, "server");
  return established(at, {
    masterSecret: master,
    serverEndPoint: endPoint,
    verifyData: { client: theirs, server: ours },
    resumed: false,
    sessionTicket,
    peerCertificates: kept,
    peerVerdict,
    sessionKey,
    group: offered.group,
    scheme: offered.scheme,
  });
});

// ---- the abbreviated handshake ----

/** Resumes a session: the server finishes first (RFC 5246 §7.3, figure 2). */
export const resumed = Effect.fnUntraced(
  function* (heard: Extract<Heard, { _tag: "Resumed" }>): Steps<Renegotiable> {
    const { byTicket, session, suite, wish } = heard;
    const { compressionMethod } = session;
    const sessionId = byTicket ? wish.hello.sessionId : session.id;
    const hello = { sessionId, compressionMethod };
    const agreed = yield* serverHello(heard, { suite, schemes: [] }, hello, answers(heard, suite));
    const at: Resumed = { ...agreed, _tag: "Resumed", session };
    const keyed = yield* keysOf(at, session.masterSecret);
    const renewed = yield* newSessionTicket(session, heard);
    const ours = yield* finish(at, keyed, "server");
    const { theirs } = yield* receive(clientFinishShape(at, keyed));
    return established(at, {
      masterSecret: session.masterSecret,
      serverEndPoint: session.serverEndPoint,
      verifyData: { client: theirs, server: ours },
      resumed: true,
      sessionTicket: byTicket || renewed,
      peerCertificates: session.peerCertificates,
      sessionKey: byTicket ? undefined : toHex(session.id),
    });
  },
);

// ---- the handshake ----

const full = (heard: Extract<Heard, { _tag: "Full" }>): Step<Renegotiable> =>
  serverFlight(heard).pipe(
    Effect.flatMap(clientFlight),
    Effect.flatMap(clientProof),
    Effect.flatMap(clientFinish),
    Effect.flatMap(serverFinish),
  );

/** Resumes a session, and forgets it if that ends in a fatal alert (RFC 5246 §7.2.2). */
const resumedOrForgotten = (heard: Extract<Heard, { _tag: "Resumed" }>): Step<Renegotiable> =>
  Effect.tapError(
    resumed(heard),
    // Only the client can forget a ticket.
    (e) =>
      isFatal(e) && !heard.byTicket
        ? fromStore((store) => store.remove(toHex(heard.session.id)), undefined)
        : Effect.void,
  );

/** The handshake of a server, from a ClientHello that chose a version up to TLS 1.2. */
export const serverHandshakeUntil12 = (
  settings: ServerSettings,
  hello: ClientHello,
  dialect: Dialect,
  again: Again | undefined,
): Step<Renegotiable> =>
  Effect.flatMap(
    decided(settings, hello, dialect, again),
    (heard) => heard._tag === "Resumed" ? resumedOrForgotten(heard) : full(heard),
  );
