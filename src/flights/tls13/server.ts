/**
 * The server's handshake of TLS 1.3 (RFC 8446 §2), from the ClientHello on:
 *
 *     1  <--  ClientHello
 *     2  -->  HelloRetryRequest                                          asked, if there is no share to use
 *     3  <--  ClientHello
 *     4  -->  ServerHello, EncryptedExtensions                           serverHello
 *             (CertificateRequest) Certificate, CertificateVerify        unless a PSK is used
 *             Finished                                                   serverFlight
 *     5  <--  (EndOfEarlyData) (Certificate, CertificateVerify) Finished clientFlight
 *        -->  NewSessionTicket                                           newSessionTickets
 *
 * @module
 */
import { Clock, Effect } from "../../deps.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { IllegalParameter } from "../../faults/errors/connection.ts";
import { heardUnder, one, receive, type Received } from "../../grammar/places.ts";
import { Compatibility, send, under } from "../../grammar/send.ts";
import {
  type ClientHello,
  EncryptedExtensions,
  EndOfEarlyData,
  findExtension,
  ServerHello13,
} from "../../messages/mod.ts";
import { NamedGroup } from "../../names/named_group.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { Credentials } from "../../ports/credentials.ts";
import { Crypto } from "../../ports/crypto.ts";
import { partitionHash } from "../../ports/partition.ts";
import { CertificateVerifier } from "../../ports/trust.ts";
import { Handshakes } from "../../record/handshake_stream.ts";
import { phases } from "../../record/phase.ts";
import { longest } from "../../record/records.ts";
import type { Policy } from "../../tables/policy.ts";
import { tls13 } from "../../tables/versions/mod.ts";
import { EMPTY, utf8 } from "../../wire/bytes.ts";
import { make } from "../../wire/codec.ts";
import type { Established13 } from "../agreed/established.ts";
import { ourLimit } from "../base/fragments.ts";
import type { ServerSettings } from "../base/server_settings.ts";
import type { Steps } from "../base/services.ts";
import { serverEndPoint } from "../bindings.ts";
import { copies } from "../sessions/made.ts";
import { leafHash } from "../sessions/session_rules.ts";
import { agree13, type Agreed13, established13, type Finished13, finished13 } from "./agreed.ts";
import { certificateRequest, type Chosen13, finish, finishShape, show, wantedBy } from "./authentication.ts";
import {
  chainOf,
  type ClientChain,
  clientProof,
  hasContext,
  NO_CONTEXT,
  REQUESTED,
  solicitedEntries,
  unlessRequired,
} from "./peer13.ts";
import { acceptedEarlyData, type EarlyKeys, earlyKeys } from "./early.ts";
import { compressors } from "../hellos/compression.ts";
import { certificateShape, decompressed } from "./compression.ts";
import { type Accepted, answering } from "./retry.ts";
import { accepted } from "./server_hello.ts";
import { chooseCredential, givesTickets } from "./server_negotiation.ts";
import { newSessionTickets } from "./tickets.ts";

// ---- flight 4 -> ----

/** Our half of the key exchange, and the secret that both ends then have. */
const answerShare = Effect.fnUntraced(function* ({ exchange }: Accepted) {
  if (exchange._tag === "psk") return undefined;
  const { group, theirs } = exchange;
  return yield* Effect.mapError(
    (yield* Crypto).answerShare(group, theirs),
    ({ reason }) =>
      new IllegalParameter({
        subject: "ClientHello",
        field: "extensions.key_share",
        reason: `${reason} (${NamedGroup.nameOf(group)})`,
        rfc: "RFC 8446 §4.2.8",
      }),
  );
});

/** Sends ServerHello; both ends have handshake keys from here on. */
const serverHello = Effect.fnUntraced(function* (from: Accepted): Steps<Agreed13> {
  const { exchange, psk, retried, suite, wish } = from;
  const crypto = yield* Crypto;
  const answer = yield* answerShare(from);
  const group = exchange._tag === "share" ? exchange.group : undefined;
  const server = make(ServerHello13, {
    ...answering(wish.hello, suite),
    random: crypto.random(32),
    extensions: [
      { _tag: "supported_versions", selectedVersion: tls13.version },
      ...(answer && group !== undefined
        ? [{ _tag: "key_share", serverShare: { group, keyExchange: answer.publicKey } } as const]
        : []),
      ...(psk ? [{ _tag: "pre_shared_key", selectedIdentity: psk.index } as const] : []),
    ],
  });
  const transcript = yield* send(server);
  const settled = {
    hello: wish.hello,
    server,
    suite,
    serverName: wish.serverName,
    group,
    psk: psk?.psk,
    retried,
  };
  const at = yield* agree13(settled, answer?.secret, transcript, crypto);
  if (!retried) yield* send(new Compatibility());
  yield* send(under(at.keys.server));
  return at;
});

/** What EncryptedExtensions answer, each only if the client asked for it (RFC 8446 §4.3.1). */
const answers = (
  { psk, wish: { alpn, extensions, fragments, serverName } }: Accepted,
  policy: Policy,
  earlyData: boolean,
): EncryptedExtensions["extensions"] => [
  ...(earlyData ? [{ _tag: "early_data" } as const] : []),
  ...(!psk && serverName !== undefined && findExtension(extensions, "server_name")
    ? [{ _tag: "server_name" } as const]
    : []),
  ...(fragments ? [{ _tag: "record_size_limit", recordSizeLimit: ourLimit(policy, "tls13") } as const] : []),
  ...(alpn === undefined ? [] : [
    { _tag: "application_layer_protocol_negotiation", protocolNameList: [utf8(alpn)] } as const,
  ]),
];

/** Our flight is sent; the client's is awaited. */
interface Sent13 extends Accepted {
  readonly at: Agreed13;
  readonly keyed: Finished13;
  readonly shown: Chosen13 | undefined;
  /** Whether the client is asked for a certificate. */
  readonly asks: boolean;
  /** The keys of early data that is accepted. */
  readonly early: EarlyKeys | undefined;
}

/** Sends the rest of flight 4: our data may follow it. */
const serverFlight = Effect.fnUntraced(
  function* (settings: ServerSettings, from: Accepted, choice: Chosen13 | undefined): Steps<Sent13> {
    const { policy, clientAuth } = settings;
    const handshakes = yield* Handshakes;
    const most = yield* acceptedEarlyData(settings, from);
    const early = most === undefined ? undefined : yield* keysOfEarlyData(from, handshakes.transcript());
    const at = yield* serverHello(from);
    const { wish } = from;
    if (wish.fragments) handshakes.agree(tls13, wish.fragments);
    yield* send(make(EncryptedExtensions, { extensions: answers(from, policy, early !== undefined) }));
    yield* heardUnder(early?.protection ?? at.keys.client, early ? phases.early13 : phases.handshake13);
    if (most !== undefined) handshakes.earlyData("accepted", most);
    else if (wish.earlyData && !from.retried) {
      handshakes.earlyData("passed over", policy.limits.skippedEarlyData);
    }
    const asks = choice !== undefined && clientAuth !== "none";
    if (asks) yield* send(yield* certificateRequest(policy, NO_CONTEXT));
    if (choice) yield* show(at, "server", NO_CONTEXT, choice, wantedBy(wish.extensions), policy);
    yield* finish(at, at.traffic.server);
    const keyed = yield* finished13(at, handshakes.transcript(), yield* Crypto);
    yield* send(under(keyed.keys.protection("server")));
    return { ...from, at, keyed, shown: choice, asks, early };
  },
);

const keysOfEarlyData = Effect.fnUntraced(
  function* ({ psk, suite, wish }: Accepted, transcript: Snapshot): Steps<EarlyKeys> {
    // Early data is accepted only with a key.
    if (!psk) return yield* Effect.dieMessage("early data without a key");
    return yield* earlyKeys(suite, psk.psk, wish.hello, transcript, yield* Crypto);
  },
);

/** The credential to show, unless a pre-shared key stands for it. It is chosen before anything is sent. */
const choiceFor = Effect.fnUntraced(function* ({ psk, wish }: Accepted): Steps<Chosen13 | undefined> {
  if (psk) return undefined;
  const candidates = yield* (yield* Credentials).candidates({
    role: "server",
    serverName: wish.serverName,
    schemes: wish.certificateSchemes,
    authorities: wish.authorities,
  });
  return yield* chooseCredential(wish, candidates);
});

// ---- flight 5 <- ----

/** The shape of the end of early data. */
export const endOfEarlyDataShape = { end: one(EndOfEarlyData) };

/** Receives the client's certificate, which is verified before its Finished is read. */
const clientCertificate = Effect.fnUntraced(
  function* (settings: ServerSettings, at: Agreed13): Steps<ClientChain> {
    const { policy } = settings;
    const sent = yield* receive(certificateShape((yield* compressors(policy)).length > 0));
    const certificate = yield* decompressed(sent.certificate, policy);
    yield* hasContext(certificate, NO_CONTEXT);
    yield* solicitedEntries(certificate, REQUESTED);
    const chain = chainOf(certificate);
    if (chain.length === 0) return yield* unlessRequired(settings);
    return yield* clientProof(at, chain, settings.policy);
  },
);

/** Receives the client's Finished: its data may come from here on. Gives the whole transcript. */
const clientFinish = Effect.fnUntraced(function* (at: Agreed13, { keys }: Finished13): Steps<Snapshot> {
  yield* receive(finishShape(at, () => at.traffic.client));
  yield* heardUnder(keys.protection("client"), phases.application13);
  return (yield* Handshakes).transcript();
});

// ---- the handshake ----

const NO_SCHEME = SignatureScheme.of(0);

/** What the handshake leaves, given the client's chain. */
const leftBy = Effect.fnUntraced(
  function* (sent: Sent13, transcript: Snapshot, { chain, scheme }: ClientChain): Steps<Established13> {
    const { at, early, keyed, psk, shown, wish } = sent;
    const session = psk?.psk.session;
    const crypto = yield* Crypto;
    const leaf = shown?.credential.chain[0];
    return established13(at, keyed, transcript, {
      alpn: wish.alpn,
      scheme: shown?.scheme,
      peerCertificates: copies(chain),
      serverEndPoint: session?.serverEndPoint ?? serverEndPoint(leaf, crypto),
      ocspResponse: undefined,
      signedCertificateTimestamps: [],
      sessionKey: undefined,
      earlyData: wish.earlyData ? early !== undefined : undefined,
      earlyExporter: early?.exporter,
      nextPlace: 0,
      maxFragmentLength: (wish.fragments ?? longest).write,
      terms: session ?? {
        serverName: wish.serverName ?? "",
        partition: partitionHash(crypto, (yield* CertificateVerifier).partition),
        credentials: EMPTY,
        ownCertificate: leafHash(leaf, crypto),
        ownScheme: shown?.scheme ?? NO_SCHEME,
        peerScheme: scheme ?? NO_SCHEME,
        createdAt: Math.floor((yield* Clock.currentTimeMillis) / 1000),
      },
    });
  },
);

/** The chain of a client that is not asked for one: that of its session. */
const knownBefore = ({ psk }: Accepted): ClientChain => ({
  chain: psk?.psk.session?.peerCertificates ?? [],
  scheme: undefined,
});

/** Receives the client's flight, and gives it tickets. */
const clientFlight = Effect.fnUntraced(
  function* (settings: ServerSettings, sent: Sent13): Steps<Established13> {
    const { asks, at, early, keyed, psk, wish } = sent;
    if (early) {
      yield* receive(endOfEarlyDataShape);
      yield* heardUnder(at.keys.client, phases.handshake13);
    }
    const chain = asks ? yield* clientCertificate(settings, at) : knownBefore(sent);
    const left = yield* leftBy(sent, yield* clientFinish(at, keyed), chain);
    const session = psk?.psk.session;
    // Whoever has an external key needs no ticket, and would keep one beyond the key.
    if (givesTickets(wish, settings.policy) && (!psk || session)) {
      yield* newSessionTickets(left, settings, session ? 1 : 2);
    }
    return left;
  },
);

/**
 * The handshake of a server, from a ClientHello that chose TLS 1.3. If early data is accepted, it gives the connection before
 * the client's flight, and the rest with it: an answer to early data can leave with our own flight.
 */
export const serverHandshake13 = Effect.fnUntraced(
  function* (settings: ServerSettings, received: Received<ClientHello>): Steps<Established13> {
    const from = yield* accepted(settings, received);
    const sent = yield* serverFlight(settings, from, yield* choiceFor(from));
    const rest = clientFlight(settings, sent);
    if (!sent.early) return yield* rest;
    const left = yield* leftBy(sent, (yield* Handshakes).transcript(), knownBefore(from));
    return { ...left, past: undefined, rest };
  },
);
