/** What the two hellos of TLS 1.3 settle, its keys, and what its handshake leaves. @module */
import { Effect } from "../../deps.ts";
import {
  exportKeys,
  type HandshakeSecret,
  keySchedule,
  type Said,
  type Traffic,
} from "../../crypto/key_schedule.ts";
import type { Snapshot } from "../../crypto/transcript.ts";
import { type ClientHello, findExtension, type ServerHello13 } from "../../messages/mod.ts";
import type { NamedGroup } from "../../names/named_group.ts";
import { CompressionMethod } from "../../names/protocol.ts";
import type { OfBoth } from "../../names/side.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import type { CryptoService, Hash } from "../../ports/crypto.ts";
import type { Verdict } from "../../ports/trust.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Suite13 } from "../../tables/suites13.ts";
import { protection13, tls13 } from "../../tables/versions/mod.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { type ApplicationKeys, applicationKeys } from "../agreed/application_keys.ts";
import type { Established13, Exporter, SessionTerms } from "../agreed/established.ts";
import { logged } from "../agreed/key_log.ts";
import type { Psk } from "../hellos/psk.ts";

/** What the two hellos settle without any key. */
export interface Settled13 {
  readonly hello: ClientHello;
  readonly server: ServerHello13;
  readonly suite: Suite13;
  /** The host name that the client asked for. */
  readonly serverName: string | undefined;
  /** The group of the key exchange; `undefined` if a pre-shared key is used alone (psk_ke). */
  readonly group: NamedGroup | undefined;
  /** The pre-shared key that is used; `undefined` if a certificate is shown. */
  readonly psk: Psk | undefined;
  /** Whether a HelloRetryRequest came first. */
  readonly retried: boolean;
}

/** What both ends know after the two hellos. */
export interface Agreed13 extends Settled13 {
  readonly hash: Hash;
  readonly secret: HandshakeSecret;
  /** The handshake traffic secrets, and the protection of handshake messages under them. */
  readonly traffic: OfBoth<Traffic>;
  readonly keys: OfBoth<Protection>;
}

/** Derives the keys of the handshake from the shared secret, `undefined` for psk_ke, and the transcript through ServerHello. */
export const agree13 = Effect.fnUntraced(function* (
  settled: Settled13,
  shared: Bytes | undefined,
  transcript: Snapshot,
  crypto: CryptoService,
): Effect.fn.Return<Agreed13> {
  const { hello: { random }, psk, suite } = settled;
  const hash = crypto.hash(suite.hash);
  const secret = keySchedule(hash, psk?.secret).handshake(shared);
  const traffic = secret.traffic(transcript);
  yield* logged("CLIENT_HANDSHAKE_TRAFFIC_SECRET", random, traffic.client.secret);
  yield* logged("SERVER_HANDSHAKE_TRAFFIC_SECRET", random, traffic.server.secret);
  const keys = {
    client: protection13(suite, crypto, traffic.client),
    server: protection13(suite, crypto, traffic.server),
  };
  return { ...settled, hash, secret, traffic, keys };
});

/** The keys of application data, and what else follows from the server's Finished. */
export interface Finished13 {
  readonly keys: ApplicationKeys;
  readonly exporter: Bytes;
  /** The resumption master secret of the transcript through the client's Finished. */
  readonly resumption: (transcript: Said) => Bytes;
}

/** Derives the keys of application data from the transcript through the server's Finished. */
export const finished13 = Effect.fnUntraced(function* (
  { hello: { random }, secret, suite }: Agreed13,
  transcript: Snapshot,
  crypto: CryptoService,
): Effect.fn.Return<Finished13> {
  const master = secret.master();
  const traffic = master.traffic(transcript);
  const exporter = master.exporter(transcript);
  yield* logged("CLIENT_TRAFFIC_SECRET_0", random, traffic.client.secret);
  yield* logged("SERVER_TRAFFIC_SECRET_0", random, traffic.server.secret);
  yield* logged("EXPORTER_SECRET", random, exporter);
  const keys = applicationKeys(suite, crypto, traffic);
  return { keys, exporter, resumption: master.resumption };
});

/** What a handshake leaves beside what the hellos settled. */
export interface Left13 {
  readonly alpn: string | undefined;
  /** The scheme of the server's signature. */
  readonly scheme: SignatureScheme | undefined;
  readonly peerCertificates: ReadonlyArray<Bytes>;
  readonly peerVerdict: Verdict | undefined;
  readonly serverEndPoint: Bytes;
  readonly ocspResponse: Bytes | undefined;
  readonly signedCertificateTimestamps: ReadonlyArray<Bytes>;
  readonly sessionKey: string | undefined;
  readonly earlyData: boolean | undefined;
  readonly earlyExporter: Exporter | undefined;
  readonly nextPlace: number;
  /** The most content in bytes of our records. */
  readonly maxFragmentLength: number;
  readonly terms: SessionTerms;
}

const origins = { res: "ticket", ext: "external", imp: "imported" } as const;

/** The transcript of a whole handshake; `past` is missing where it is only foreseen. */
export type Whole = Said & Partial<Pick<Snapshot, "past">>;

/** What a finished handshake leaves; the transcript is that of all of it. */
export const established13 = (
  { group, hash, hello, psk, retried, server, serverName, suite }: Agreed13,
  { exporter, keys, resumption }: Finished13,
  transcript: Whole,
  left: Left13,
): Established13 => ({
  era: "tls13",
  dialect: tls13,
  suite,
  hash,
  keys,
  resumption: resumption(transcript),
  past: findExtension(hello.extensions, "post_handshake_auth") && transcript.past?.(hash),
  nextPlace: left.nextPlace,
  earlyExporter: left.earlyData ? left.earlyExporter : undefined,
  rest: undefined,
  terms: left.terms,
  exporter: (label, context, length) => exportKeys(hash, exporter, label, context, length),
  serverEndPoint: left.serverEndPoint,
  peerCertificates: left.peerCertificates,
  peerVerdict: left.peerVerdict,
  sessionKey: left.sessionKey,
  negotiated: {
    epoch: 1,
    version: tls13.version,
    cipherSuite: suite.id,
    compressionMethod: CompressionMethod.null,
    sessionId: server.sessionId,
    sessionTicket: psk?.origin === "res",
    resumed: psk?.origin === "res",
    clientRandom: hello.random,
    serverRandom: server.random,
    serverName,
    alpn: left.alpn,
    group,
    signatureScheme: left.scheme,
    extendedMasterSecret: true,
    encryptThenMac: false,
    maxFragmentLength: left.maxFragmentLength,
    ocspResponse: left.ocspResponse,
    signedCertificateTimestamps: left.signedCertificateTimestamps,
    secureRenegotiation: true,
    psk: psk && origins[psk.origin],
    helloRetried: retried,
    earlyData: left.earlyData,
  },
});
