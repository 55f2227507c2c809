/**
 * The client's handshake of TLS 1.3 (RFC 8446 §2), from the server's answer on:
 *
 *     2                               <--  HelloRetryRequest                       retried
 *     3  ClientHello                  -->
 *     4                               <--  ServerHello                             serverHello
 *                                     <--  EncryptedExtensions                     encryptedExtensions
 *        without a PSK:               <--  (CertificateRequest) Certificate, CertificateVerify   serverProof
 *                                     <--  Finished                                serverFinish
 *     5  (Certificate, CertificateVerify) Finished   -->                           clientFlight
 *
 * @module
 */
import { Clock, Effect } from "../../../deps.ts";
import type { Snapshot } from "../../../crypto/transcript.ts";
import { IllegalParameter } from "../../../faults/errors/connection.ts";
import { heardUnder, one, receive } from "../../../grammar/places.ts";
import { Compatibility, Early, send, under } from "../../../grammar/send.ts";
import {
  type CertificateRequest13,
  EncryptedExtensions,
  EndOfEarlyData,
  findExtension,
  type HelloRetryRequest,
  type ServerHello13,
} from "../../../messages/mod.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import { phases } from "../../../record/phase.ts";
import { plaintext } from "../../../record/protection/protection.ts";
import { type FragmentLimits, longest } from "../../../record/records.ts";
import { suites13 } from "../../../tables/suites13.ts";
import { tls13 } from "../../../tables/versions/mod.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { make } from "../../../wire/codec.ts";
import type { Established13 } from "../../agreed/established.ts";
import { agreedFragments } from "../../base/fragments.ts";
import type { Steps } from "../../base/services.ts";
import { serverEndPoint } from "../../bindings.ts";
import { reoffered, type SentHello } from "../../client_hello.ts";
import { sniOf } from "../../hellos/client_extensions.ts";
import { bound } from "../../hellos/psk.ts";
import { copies, keptVerdict, trustedUntil } from "../../sessions/made.ts";
import { leafHash } from "../../sessions/session_rules.ts";
import { agree13, type Agreed13, established13, type Finished13, finished13 } from "../agreed.ts";
import { answerRequest, type Chosen13, finish, finishShape } from "../authentication.ts";
import { knownBefore, serverProof } from "./server_proof.ts";
import { acceptsEarlyData, applicationProtocol, chosenBy, retryOf } from "./negotiation.ts";
import { type EarlyKeys, earlyKeys } from "../early.ts";
import { solicited } from "../extensions.ts";

// ---- flight 1 -> ----

/** Sends early data behind the ClientHello, under keys of the first PSK, and gives them. */
export const sendEarly = Effect.fnUntraced(function* (
  { hello, psks: [psk], session13 }: SentHello,
  data: Bytes,
  transcript: Snapshot,
): Steps<EarlyKeys> {
  const suite = session13 && suites13.get(session13.cipherSuite);
  // Early data is offered only with such a session.
  if (!psk || !suite) return yield* Effect.dieMessage("early data without a session");
  const keys = yield* earlyKeys(suite, psk, hello, transcript, yield* Crypto);
  yield* send(new Compatibility(), under(keys.protection), new Early(data));
  return keys;
});

// ---- flights 2 <- and 3 ->, if the server wants another ClientHello ----

/** Answers a HelloRetryRequest with another ClientHello (RFC 8446 §4.1.4). */
export const retried = Effect.fnUntraced(
  function* (offer: SentHello, request: HelloRetryRequest): Steps<SentHello> {
    const crypto = yield* Crypto;
    const handshakes = yield* Handshakes;
    const retry = yield* retryOf(offer, request);
    handshakes.agree(tls13, longest);
    handshakes.retry(crypto.hash(retry.suite.hash));
    const again = yield* reoffered(offer, retry);
    // Early data was given up with the first hello, and came behind a ChangeCipherSpec of its own.
    yield* send(offer.early === undefined ? new Compatibility() : under(plaintext));
    // The first hello fitted: what is too long now is the cookie.
    const tooLong = () =>
      new IllegalParameter({
        subject: "HelloRetryRequest",
        field: "extensions.cookie",
        reason: "leaves no room for the rest of a ClientHello",
        rfc: "RFC 8446 §4.2.2",
      });
    const hello = yield* Effect.mapError(
      bound(again.hello, again.psks, handshakes.transcript(), crypto),
      tooLong,
    );
    yield* Effect.catchTag(send(hello), "EncodeError", tooLong);
    return { ...again, hello };
  },
);

// ---- flight 4 <- ----

/** Holds ServerHello against our offer; both ends have handshake keys from here on. */
const serverHello = Effect.fnUntraced(function* (offer: SentHello, server: ServerHello13): Steps<Agreed13> {
  const crypto = yield* Crypto;
  const handshakes = yield* Handshakes;
  const { exchange, psk, suite } = yield* chosenBy(offer, server);
  handshakes.agree(tls13, longest);
  const transcript = handshakes.transcript();
  const shared = exchange && (yield* Effect.mapError(
    exchange.share.agree(exchange.theirs),
    ({ reason }) =>
      new IllegalParameter({
        subject: "ServerHello",
        field: "extensions.key_share",
        reason: `${reason} (${NamedGroup.nameOf(exchange.group)})`,
        rfc: "RFC 8446 §4.2.8",
      }),
  ));
  const settled = {
    hello: offer.hello,
    server,
    suite,
    serverName: sniOf(offer.settings.serverName),
    group: exchange?.group,
    psk,
    retried: offer.retry !== undefined,
  };
  const at = yield* agree13(settled, shared, transcript, crypto);
  yield* heardUnder(at.keys.server, phases.handshake13);
  // Our alerts are sealed from here on. While early data may still be accepted, they are under its key.
  if (offer.early === undefined && !offer.retry) handshakes.oweCompatibility();
  if (offer.early === undefined || offer.retry) yield* send(under(at.keys.client));
  return at;
});

/** Where there was no signature. */
const NO_SCHEME = SignatureScheme.of(0);

/** The shape of EncryptedExtensions. */
export const encryptedExtensionsShape = { answer: one(EncryptedExtensions) };

interface Encrypted {
  readonly extensions: EncryptedExtensions["extensions"];
  readonly alpn: string | undefined;
  readonly fragments: FragmentLimits;
  /** Whether our early data was accepted; `undefined` if none was sent. */
  readonly earlyData: boolean | undefined;
}

/** Receives what the server need not say in the clear. */
const encryptedExtensions = Effect.fnUntraced(function* (offer: SentHello, at: Agreed13): Steps<Encrypted> {
  const { answer: { extensions } } = yield* receive(encryptedExtensionsShape);
  yield* solicited("EncryptedExtensions", offer.hello.extensions ?? [], extensions);
  const alpn = yield* applicationProtocol(offer, extensions);
  const limit = findExtension(extensions, "record_size_limit")?.recordSizeLimit;
  const { policy } = offer.settings;
  const fragments = limit === undefined
    ? longest
    : yield* agreedFragments(policy, "tls13", limit, "EncryptedExtensions");
  (yield* Handshakes).agree(tls13, fragments);
  const accepted = yield* acceptsEarlyData(
    offer,
    extensions,
    { suite: at.suite, psk: offer.psks.find((psk) => psk === at.psk) },
    alpn,
  );
  if (offer.early === undefined) return { extensions, alpn, fragments, earlyData: undefined };
  if (!accepted && !offer.retry) yield* send(under(at.keys.client));
  return { extensions, alpn, fragments, earlyData: accepted };
});

/** Receives the server's Finished: its data may come from here on. */
const serverFinish = Effect.fnUntraced(function* (at: Agreed13): Steps<Finished13> {
  yield* receive(finishShape(at, () => at.traffic.server));
  const keyed = yield* finished13(at, (yield* Handshakes).transcript(), yield* Crypto);
  yield* heardUnder(keyed.keys.protection("server"), phases.application13);
  return keyed;
});

// ---- flight 5 -> ----

/** Sends our certificate, if one is asked for, and our Finished. Gives what we showed. */
const clientFlight = Effect.fnUntraced(function* (
  offer: SentHello,
  at: Agreed13,
  { keys }: Finished13,
  request: CertificateRequest13 | undefined,
  earlyData: boolean | undefined,
): Steps<Chosen13 | undefined> {
  if (earlyData) yield* send(make(EndOfEarlyData, undefined), under(at.keys.client));
  else if (earlyData === undefined && !offer.retry) yield* send(new Compatibility());
  const shown = request && (yield* answerRequest(at, request, offer.settings.policy));
  yield* finish(at, at.traffic.client);
  yield* send(under(keys.protection("client")));
  return shown;
});

// ---- the handshake ----

/** The handshake of a client, from ServerHello to Finished. */
export const afterServerHello = Effect.fnUntraced(
  function* (offer: SentHello, server: ServerHello13): Steps<Established13> {
    const at = yield* serverHello(offer, server);
    const { alpn, earlyData, extensions, fragments } = yield* encryptedExtensions(offer, at);
    const shown = at.psk ? knownBefore(at) : yield* serverProof(offer, at, extensions);
    const keyed = yield* serverFinish(at);
    const ours = yield* clientFlight(offer, at, keyed, shown.request, earlyData);
    const crypto = yield* Crypto;
    const session = at.psk?.session;
    const { serverName, sessionKey } = offer.settings;
    const peerCertificates = session ? shown.chain : copies(shown.chain);
    return established13(at, keyed, (yield* Handshakes).transcript(), {
      alpn,
      scheme: shown.scheme,
      peerCertificates,
      peerVerdict: keptVerdict(shown.verdict, peerCertificates),
      serverEndPoint: session?.serverEndPoint ?? serverEndPoint(shown.chain[0], crypto),
      ocspResponse: shown.ocspResponse,
      signedCertificateTimestamps: shown.signedCertificateTimestamps,
      sessionKey,
      earlyData,
      earlyExporter: offer.earlyExporter,
      nextPlace: Math.max(offer.held.places.indexOf(offer.held.offered?.place ?? ""), 0),
      maxFragmentLength: fragments.write,
      terms: session ?? {
        serverName: serverName ?? "",
        partition: offer.partition,
        credentials: offer.credentials,
        ownCertificate: leafHash(ours?.credential.chain[0], crypto),
        ownScheme: ours?.scheme ?? NO_SCHEME,
        peerScheme: shown.scheme ?? NO_SCHEME,
        createdAt: Math.floor((yield* Clock.currentTimeMillis) / 1000),
        trustedUntil: trustedUntil(shown.verdict),
      },
    });
  },
);
