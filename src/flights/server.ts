/**
 * The server's handshake before TLS 1.3 (RFC 5246 §7.3):
 *
 *     1  <--  ClientHello                                           clientHello → Full | Resumed
 *     2  -->  ServerHello, Certificate … ServerHelloDone            serverFlight
 *     3  <--  ClientKeyExchange                                     clientFlight
 *        <--  ChangeCipherSpec, Finished                            clientFinish
 *     4  -->  ChangeCipherSpec, Finished                            finish
 *        resumed:
 *     2  -->  ServerHello, ChangeCipherSpec, Finished               resumed
 *     3  <--  ChangeCipherSpec, Finished
 *
 * @module
 */
import { Effect, Option } from "../deps.ts";
import { downgradeSentinel, highest, spoken } from "../dialects/mod.ts";
import type { Offered } from "../exchanges/mod.ts";
import { type HandshakeError, isFatal } from "../errors.ts";
import { one, receive } from "../grammar/places.ts";
import { send } from "../grammar/send.ts";
import {
  Certificate,
  ClientHello,
  ServerHello,
  ServerHelloDone,
  type ServerHelloExtension,
} from "../messages/mod.ts";
import { CompressionMethod, ECPointFormat } from "../names/protocol.ts";
import { Handshakes } from "../record/handshakes.ts";
import { Credentials } from "../services/credentials.ts";
import { Crypto } from "../services/crypto.ts";
import { type Session, SessionStore } from "../services/session_store.ts";
import { CertificateVerifier } from "../services/verifier.ts";
import { type Bytes, EMPTY, toHex } from "../wire/bytes.ts";
import { make } from "../wire/codec.ts";
import {
  agree,
  type Agreed,
  type Established,
  established,
  fromStore,
  type Full,
  type Keys,
  keysOf,
  type Resumed,
  sessionOf,
} from "./agreed.ts";
import { finish, finishShape } from "./finish.ts";
import {
  type Choice,
  chooseSuite,
  resumable,
  type ServerSettings,
  type Wish,
  wishOf,
} from "./server_negotiation.ts";

/** What a server's handshake needs. */
export type ServerServices = Handshakes | Crypto | CertificateVerifier | Credentials | SessionStore;

type Step<A> = Effect.Effect<A, HandshakeError, ServerServices>;

/** A ClientHello that will do. */
export type Heard =
  & { readonly settings: ServerSettings; readonly wish: Wish }
  & (
    | { readonly _tag: "Full"; readonly choice: Choice }
    | { readonly _tag: "Resumed"; readonly session: Session; readonly suite: Choice["suite"] }
  );

/** Flight 2 is said; the client's answer is due. */
export interface Asked {
  readonly at: Full;
  readonly offered: Offered;
}

/** The client's key exchange has come. */
export interface Keyed extends Asked, Keys {}

/** The client's Finished has come and holds. */
export interface Proven extends Keyed {
  readonly theirs: Bytes;
}

// ---- the shapes of what comes ----

/** Flight 1. */
export const clientHelloShape = { hello: one(ClientHello) };

/** Flight 3 up to where the keys are known. */
export const clientKeyExchangeShape = ({ offered }: Asked) => ({ premaster: offered.premaster });

/** What ends the client's part. */
export const clientFinishShape = (at: Full | Resumed, keys: Keys) => finishShape(at, keys, "client");

// ---- flight 1 <- ----

/** What the client wants, and whether it can have it. */
export const clientHello = (settings: ServerSettings): Step<Heard> =>
  Effect.gen(function* () {
    const { policy } = settings;
    const { hello } = yield* receive(clientHelloShape);
    const wish = yield* wishOf(settings, hello);
    const { partition } = yield* CertificateVerifier;
    const kept: Option.Option<Session> = hello.sessionId.length === 0
      ? Option.none()
      : yield* fromStore((store) => store.get(toHex(hello.sessionId)), Option.none());
    if (Option.isSome(kept)) {
      const suite = yield* resumable(policy, wish, kept.value, partition);
      if (suite) return { _tag: "Resumed", settings, wish, session: kept.value, suite };
    }
    const candidates = yield* (yield* Credentials).candidates({
      role: "server",
      serverName: wish.serverName,
    });
    return { _tag: "Full", settings, wish, choice: yield* chooseSuite(policy, wish, candidates) };
  });

// ---- flight 2 -> ----

/** Answers the hello, and settles what follows from both. */
const serverHello = (
  { settings: { policy }, wish }: Heard,
  suite: Choice["suite"],
  schemes: Choice["schemes"],
  sessionId: Bytes,
  resumed: boolean,
): Step<Agreed> =>
  Effect.gen(function* () {
    const crypto = yield* Crypto;
    const { partition } = yield* CertificateVerifier;
    const handshakes = yield* Handshakes;
    const { hello, dialect, serverName, alpn, secureRenegotiation, groups } = wish;
    const random = crypto.random(32);
    const sentinel = downgradeSentinel(dialect.version, highest(spoken(policy.versions)));
    if (sentinel) random.set(sentinel, random.length - sentinel.length);
    const server = make(ServerHello, {
      serverVersion: dialect.version,
      random,
      sessionId,
      cipherSuite: suite.id,
      compressionMethod: CompressionMethod.null,
      extensions: extensions(wish, suite, resumed),
    });
    handshakes.agree(dialect.version);
    yield* send(server);
    return agree({
      hello,
      server,
      dialect,
      suite,
      crypto,
      serverName,
      alpn,
      partition,
      secureRenegotiation,
      groups,
      schemes,
    });
  });

const text = new TextEncoder();

/** Each only where the client asked for it (RFC 5246 §7.4.1.4); absent rather than empty, for the oldest clients. */
const extensions = (
  wish: Wish,
  suite: Choice["suite"],
  resumed: boolean,
): ReadonlyArray<ServerHelloExtension> | undefined => {
  const asked = new Set(wish.hello.extensions?.map((e) => e._tag));
  const list: ReadonlyArray<ServerHelloExtension> = [
    // An SCSV asks for it too (RFC 5746 §3.6).
    ...(wish.secureRenegotiation
      ? [{ _tag: "renegotiation_info", renegotiatedConnection: EMPTY } as const]
      : []),
    // Not when resumed (RFC 6066 §3).
    ...(wish.serverName !== undefined && !resumed ? [{ _tag: "server_name" } as const] : []),
    ...(asked.has("ec_point_formats") && suite.exchange === "ecdhe"
      ? [{ _tag: "ec_point_formats", ecPointFormatList: [ECPointFormat.uncompressed] } as const]
      : []),
    ...(wish.extendedMasterSecret ? [{ _tag: "extended_master_secret" } as const] : []),
    ...(wish.alpn === undefined ? [] : [
      {
        _tag: "application_layer_protocol_negotiation",
        protocolNameList: [text.encode(wish.alpn)],
      } as const,
    ]),
  ];
  return list.length > 0 ? list : undefined;
};

/** The whole of flight 2 of a full handshake. */
export const serverFlight = (heard: Extract<Heard, { _tag: "Full" }>): Step<Asked> =>
  Effect.gen(function* () {
    const { settings, choice: { suite, credential, schemes }, wish } = heard;
    const crypto = yield* Crypto;
    const store = yield* SessionStore;
    const keep = store.enabled &&
      (wish.extendedMasterSecret || settings.policy.resumeWithoutExtendedMasterSecret);
    const sessionId = keep ? crypto.random(32) : EMPTY;
    const agreed = yield* serverHello(heard, suite, schemes, sessionId, false);
    const offered = yield* agreed.exchange.offer(agreed.terms, credential);
    yield* send(
      make(Certificate, { certificateList: credential.chain }),
      ...offered.messages,
      make(ServerHelloDone, undefined),
    );
    return { at: { ...agreed, _tag: "Full" }, offered };
  });

// ---- flight 3 <-, in two parts: the keys of the second are agreed on in the first ----

/** The client's half of the keys. */
export const clientFlight = (asked: Asked): Step<Keyed> =>
  Effect.gen(function* () {
    const { premaster } = yield* receive(clientKeyExchangeShape(asked));
    const said = (yield* Handshakes).transcript();
    const secret = yield* premaster;
    return { ...asked, ...(yield* keysOf(asked.at, asked.at.master(secret, said))) };
  });

/** The client's Finished. */
export const clientFinish = (from: Keyed): Step<Proven> =>
  Effect.map(receive(clientFinishShape(from.at, from)), ({ theirs }) => ({ ...from, theirs }));

// ---- flight 4 -> ----

/** Our Finished. The session is in the store before it leaves, so that a quick client finds it there. */
export const serverFinish = (from: Proven): Step<Established> =>
  Effect.gen(function* () {
    const { at, master, offered, theirs } = from;
    const sessionKey = at.server.sessionId.length > 0 ? toHex(at.server.sessionId) : undefined;
    if (sessionKey !== undefined) {
      const session = yield* sessionOf(at, master, [], at.serverName);
      yield* fromStore((store) => store.put(sessionKey, session), undefined);
    }
    const ours = yield* finish(at, from, "server");
    return established(at, {
      masterSecret: master,
      verifyData: { client: theirs, server: ours },
      resumed: false,
      peerCertificates: [],
      sessionKey,
      group: offered.group,
      scheme: offered.scheme,
    });
  });

// ---- the abbreviated handshake ----

/** We finish first (RFC 5246 §7.3, figure 2). */
export const resumed = (heard: Extract<Heard, { _tag: "Resumed" }>): Step<Established> =>
  Effect.gen(function* () {
    const { session, suite } = heard;
    const agreed = yield* serverHello(heard, suite, [], session.id, true);
    const at: Resumed = { ...agreed, _tag: "Resumed", session };
    const keyed = yield* keysOf(at, session.masterSecret);
    const ours = yield* finish(at, keyed, "server");
    const { theirs } = yield* receive(clientFinishShape(at, keyed));
    return established(at, {
      masterSecret: session.masterSecret,
      verifyData: { client: theirs, server: ours },
      resumed: true,
      peerCertificates: session.peerCertificates,
      sessionKey: toHex(session.id),
    });
  });

// ---- the handshake ----

const full = (heard: Extract<Heard, { _tag: "Full" }>): Step<Established> =>
  serverFlight(heard).pipe(
    Effect.flatMap(clientFlight),
    Effect.flatMap(clientFinish),
    Effect.flatMap(serverFinish),
  );

/** A session that can't be resumed is none any more (RFC 5246 §7.2.2). */
const resumedOrForgotten = (heard: Extract<Heard, { _tag: "Resumed" }>): Step<Established> =>
  Effect.tapError(
    resumed(heard),
    (e) => isFatal(e) ? fromStore((store) => store.remove(toHex(heard.session.id)), undefined) : Effect.void,
  );

/** The whole handshake. */
export const serverHandshake = (settings: ServerSettings): Step<Established> =>
  Effect.flatMap(
    clientHello(settings),
    (heard) => heard._tag === "Resumed" ? resumedOrForgotten(heard) : full(heard),
  );
