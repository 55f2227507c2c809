/**
 * The SSL/TLS handshake on Effect: every message is a Schema, every flight a typed workflow, and crypto, session
 * store, trust and transport are layers.
 *
 * A server and a client over a network in memory. The server signs its own certificate; the client trusts exactly that
 * one.
 *
 * ```ts
 * import { CertificateVerifier, Client, Credentials, Crypto, Names, Server, SessionStore, Transport } from "./mod.ts";
 * import { Effect, Layer } from "npm:effect@^3.22.4";
 * import assert from "node:assert/strict";
 *
 * const program = Effect.gen(function* () {
 *   const { credential, certificatePem } = yield* Credentials.makeSelfSigned({ names: ["localhost"] });
 *   const { address } = yield* Server.listen(
 *     { hostname: "localhost", port: 0 },
 *     (connection) => connection.write(new TextEncoder().encode("hello")),
 *   ).pipe(Effect.provide([Credentials.layer([credential]), CertificateVerifier.layerNone]));
 *
 *   const connection = yield* Client.connect(address).pipe(
 *     Effect.provide([Credentials.layerNone, CertificateVerifier.layerRoots(certificatePem)]),
 *   );
 *   const { version } = yield* connection.negotiated;
 *   const data = yield* connection.read;
 *   return `${Names.versionText(version)}: ${new TextDecoder().decode(data)}`;
 * });
 *
 * const layers = Layer.mergeAll(Transport.layerMemory, Crypto.layerNoble, SessionStore.layerMemory());
 * assert.equal(await Effect.runPromise(Effect.provide(Effect.scoped(program), layers)), "TLS 1.3: hello");
 * ```
 *
 * @module
 */
import * as Connections_ from "./src/public/connections.ts";
import type * as Errors_ from "./src/public/errors.ts";

/**
 * The client's side of TLS: `connect` opens a stream through the Transport, `over` uses a stream that is already
 * open.
 */
export * as Client from "./src/client.ts";
/**
 * The server's side of TLS: `listen` accepts connections through the Transport, `over` uses a stream that is already
 * open.
 */
export * as Server from "./src/server.ts";
/**
 * The types of a connection: the connection itself, what its handshake agreed on, and the events its observer
 * receives.
 */
export * as Connections from "./src/public/connections.ts";
/** An established TLS connection. `Client.connect` returns one, and `Server.listen` passes one to its handler. */
export type Connection = Connections_.Connection;
/** Settings of a renegotiation that this end begins. */
export type Renegotiation = Connections_.Renegotiation;
/** What a handshake agreed on. */
export type Negotiated = Connections_.Negotiated;
/** An event on a connection: a handshake message, a change of keys or an alert. */
export type ConnectionEvent = Connections_.ConnectionEvent;
/** Whether this end sent or received something. */
export type Direction = Connections_.Direction;
/** A function that is called with each event on a connection. */
export type Observe = Connections_.Observe;
/** The type of the Schema `PeerCertificate`. */
export type PeerCertificateSchema = Connections_.PeerCertificateSchema;
/** The Schema of a certificate that a peer sent. Encode a value with it to get JSON. */
export const PeerCertificate: PeerCertificateSchema = Connections_.PeerCertificate;
/** A certificate that a peer sent, whether or not it could be parsed. */
export type PeerCertificate = Connections_.PeerCertificate;
/** Every error that a connection can fail with. */
export type TlsError = Errors_.TlsError;
/**
 * The former name of `TlsError`.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `TlsError`.
 */
export type HandshakeError = Errors_.TlsError;
/**
 * Formerly the errors of an open connection; all errors are `TlsError` now.
 *
 * @deprecated since 0.1.0, removed in 0.3.0: use `TlsError`.
 */
export type ConnectionError = Errors_.TlsError;
/** Every error class, the alert that each one sends, and `explain`, which describes an error to people. */
export * as Errors from "./src/public/errors.ts";
/** What a client or server is willing to speak: `modern`, `compatible`, `legacy`, or a policy of your own. */
export * as Policy from "./src/public/policy.ts";
/** Providers of cryptography: `layerNoble`, `layerNative`, `layerDeterministic`. */
export * as Crypto from "./src/public/crypto.ts";
/** Networks: `layerTcp`, `layerMemory`. */
export * as Transport from "./src/public/transport.ts";
/** Byte streams: `fromConn`, `fromStreams`, `makePair`; `buffered` and `prepend` for what is said before TLS. */
export * as ByteStream from "./src/public/byte_stream.ts";
/** Session stores: `layerMemory`, `layerNone`. */
export * as SessionStore from "./src/public/session_store.ts";
/** Session tickets: `layerRotating`, `layerKeys`, `layerFile`. */
export * as SessionTickets from "./src/public/session_tickets.ts";
/** External pre-shared keys: `layerFixed`, `layerFile`, `layerNone`. */
export * as PreSharedKeys from "./src/public/pre_shared_keys.ts";
/** The cookies of a server's HelloRetryRequests: `layerRotating`, `layerKeys`. */
export * as RetryCookies from "./src/public/retry_cookies.ts";
/** The trust decision: `layerSystem`, `layerRoots`, `layerPinned`, `layerInsecure`. */
export * as CertificateVerifier from "./src/public/certificate_verifier.ts";
/** CRLs for the trust decision that change or are fetched: `layerFiles`, `layerReloading`, `layerCrls`, `layer`. */
export * as RevocationSource from "./src/public/revocation_source.ts";
/** Our own certificates and keys: `layerPem`, `layerFiles`, `layerSelfSigned`, `layerNone`. */
export * as Credentials from "./src/public/credentials.ts";
/** Compression of certificate chains: `layerNative`, or an algorithm of your own. */
export * as CertificateCompression from "./src/public/certificate_compression.ts";
/** Padding of records by a rule of your own: `layerBy`. */
export * as RecordPadding from "./src/public/record_padding.ts";
/** Key logs: `layerFile`, `layerTo`. */
export * as KeyLog from "./src/public/key_log.ts";
/** Every handshake message, alert and extension, as a Schema. */
export * as Messages from "./src/messages/mod.ts";
/**
 * The handshakes as a state machine: each course, what is awaited where, and where each message leads.
 *
 * @experimental
 */
export * as States from "./src/flights/states.ts";
/** Encodes and decodes any message, and shows which bytes hold which member. */
export * as Codec from "./src/public/codec.ts";
/** IANA's registries: the numbers of the protocol by name. */
export * as Names from "./src/names/mod.ts";
