/** Flight 5 of TLS 1.3, which a server receives, and the tickets that follow it (RFC 8446 §2, §4.6.1). @module */
import { Clock, Effect } from "../../../deps.ts";
import type { Snapshot } from "../../../crypto/transcript.ts";
import { encodeMessage } from "../../../grammar/message_kind.ts";
import { heardUnder, one, receive } from "../../../grammar/places.ts";
import { EndOfEarlyData, Finished } from "../../../messages/mod.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { partitionHash } from "../../../ports/partition.ts";
import { CertificateVerifier } from "../../../ports/trust.ts";
import { Handshakes } from "../../../record/handshake_stream.ts";
import { phases } from "../../../record/phase.ts";
import { longest } from "../../../record/records.ts";
import { EMPTY } from "../../../wire/bytes.ts";
import { make } from "../../../wire/codec.ts";
import type { Established13 } from "../../agreed/established.ts";
import type { ServerSettings } from "../../base/server_settings.ts";
import type { Steps } from "../../base/services.ts";
import { serverEndPoint } from "../../bindings.ts";
import { copies, keptVerdict, trustedUntil } from "../../sessions/made.ts";
import { leafHash } from "../../sessions/session_rules.ts";
import { type Agreed13, established13, type Finished13, type Whole } from "../agreed.ts";
import { finishShape } from "../authentication.ts";
import {
  chainOf,
  type ClientChain,
  clientProof,
  hasContext,
  NO_CONTEXT,
  REQUESTED,
  solicitedEntries,
  unlessRequired,
} from "../peer13.ts";
import { compressors } from "../../hellos/compression.ts";
import { certificateShape, decompressed } from "../compression.ts";
import type { Accepted } from "./retry.ts";
import { givesTickets } from "./negotiation.ts";
import { newSessionTickets } from "../tickets.ts";
import type { Sent13 } from "./server_flight.ts";

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

const NO_SCHEME = SignatureScheme.of(0);

/** What the handshake leaves, given the client's chain. */
export const leftBy = Effect.fnUntraced(
  function* (sent: Sent13, transcript: Whole, { chain, scheme, verdict }: ClientChain): Steps<Established13> {
    const { at, early, keyed, psk, shown, wish } = sent;
    const session = psk?.psk.session;
    const crypto = yield* Crypto;
    const leaf = shown?.credential.chain[0];
    const peerCertificates = copies(chain);
    return established13(at, keyed, transcript, {
      alpn: wish.alpn,
      scheme: shown?.scheme,
      peerCertificates,
      peerVerdict: keptVerdict(verdict, peerCertificates),
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
        partition: partitionHash(crypto, yield* CertificateVerifier),
        credentials: EMPTY,
        ownCertificate: leafHash(leaf, crypto),
        ownScheme: shown?.scheme ?? NO_SCHEME,
        peerScheme: scheme ?? NO_SCHEME,
        createdAt: Math.floor((yield* Clock.currentTimeMillis) / 1000),
        trustedUntil: trustedUntil(verdict),
      },
    });
  },
);

/** The chain of a client that is not asked for one: that of its session. */
export const knownBefore = ({ psk }: Accepted): ClientChain => ({
  chain: psk?.psk.session?.peerCertificates ?? [],
  verdict: undefined,
  scheme: undefined,
});

/** Receives the client's flight, and gives it tickets. */
export const clientFlight = Effect.fnUntraced(
  function* (settings: ServerSettings, sent: Sent13): Steps<Established13> {
    const { asks, at, early, keyed } = sent;
    if (early) {
      yield* receive(endOfEarlyDataShape);
      yield* heardUnder(at.keys.client, phases.handshake13);
    }
    const chain = asks ? yield* clientCertificate(settings, at) : knownBefore(sent);
    const left = yield* leftBy(sent, yield* clientFinish(at, keyed), chain);
    // Whoever sent early data has them already.
    if (!early) yield* giveTickets(settings, sent, left);
    return left;
  },
);

/** Gives tickets, if the policy allows them: two after a full handshake, one after a resumed one. */
export const giveTickets = Effect.fnUntraced(
  function* (settings: ServerSettings, { psk, wish }: Sent13, left: Established13): Steps<void> {
    const session = psk?.psk.session;
    // Whoever has an external key needs no ticket, and would keep one beyond the key.
    if (givesTickets(wish, settings.policy) && (!psk || session)) {
      yield* newSessionTickets(left, settings, session ? 1 : 2);
    }
  },
);

/**
 * The transcript through the client's Finished that follows early data, before that has come: nothing in the client's flight is
 * unknown if no certificate is asked for (RFC 8446 §4.6.1).
 */
export const foreseen = ({ at }: Sent13, transcript: Snapshot): Whole => {
  const end = encodeMessage(make(EndOfEarlyData, undefined));
  const verifyData = at.traffic.client.finished(transcript.digest(at.hash, end));
  const finished = encodeMessage(make(Finished, { verifyData }));
  return { digest: (hash) => transcript.digest(hash, end, finished) };
};
