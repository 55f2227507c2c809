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
 * assert.equal(await Effect.runPromise(Effect.provide(Effect.scoped(program), layers)), "TLS 1.2: hello");
 * ```
 *
 * @module
 */
import * as Connections_ from "./src/public/connections.ts";
import type * as Errors_ from "./src/public/errors.ts";

/** TLS in the client's role: `connect` by a Transport, `over` a stream that is open already. */
export * as Client from "./src/client.ts";
/** TLS in the server's role: `listen` by a Transport, `over` a stream that is open already. */
export * as Server from "./src/server.ts";
/** A connection, what a handshake agreed on, and what an observer is told: as types. */
export * as Connections from "./src/public/connections.ts";
/** An established TLS connection: what `Client.connect` gives, and a handler of `Server.listen` is given. */
export type Connection = Connections_.Connection;
/** What may be different in a renegotiation. */
export type Renegotiation = Connections_.Renegotiation;
/** What a handshake agreed on. */
export type Negotiated = Connections_.Negotiated;
/** What an observer is told: a message, a change of keys, an alert. */
export type ConnectionEvent = Connections_.ConnectionEvent;
/** Which way something went, seen from this end. */
export type Direction = Connections_.Direction;
/** An observer. */
export type Observe = Connections_.Observe;
/** The type of the Schema `PeerCertificate`. */
export type PeerCertificateSchema = Connections_.PeerCertificateSchema;
/** A certificate that a peer has shown, as a Schema: encode it to have JSON. */
export const PeerCertificate: PeerCertificateSchema = Connections_.PeerCertificate;
/** A certificate that a peer has shown: one that could be read, or not. */
export type PeerCertificate = Connections_.PeerCertificate;
/** What can go wrong in a connection. */
export type TlsError = Errors_.TlsError;
/** The former name of `TlsError`. @deprecated since 0.2.0, and gone in 0.4.0: use `TlsError`. */
export type HandshakeError = Errors_.TlsError;
/** The former name of a part of `TlsError`. @deprecated since 0.2.0, and gone in 0.4.0: use `TlsError`. */
export type ConnectionError = Errors_.TlsError;
/** Every error as a class, the alert of each, and how to tell people. */
export * as Errors from "./src/public/errors.ts";
/** What an end is willing to speak: `modern`, `compatible`, `legacy`, or your own. */
export * as Policy from "./src/public/policy.ts";
/** Providers of cryptography: `layerNoble`, `layerNative`, `layerDeterministic`. */
export * as Crypto from "./src/public/crypto.ts";
/** Networks: `layerTcp`, `layerMemory`. */
export * as Transport from "./src/public/transport.ts";
/** Byte streams: `fromConn`, `fromStreams`, `makePair`. */
export * as ByteStream from "./src/public/byte_stream.ts";
/** Stores of sessions: `layerMemory`, `layerNone`. */
export * as SessionStore from "./src/public/session_store.ts";
/** Session tickets: `layerRotating`, `layerKeys`, `layerFile`. */
export * as SessionTickets from "./src/public/session_tickets.ts";
/** The trust decision: `layerSystem`, `layerRoots`, `layerPinned`, `layerInsecure`. */
export * as CertificateVerifier from "./src/public/certificate_verifier.ts";
/** Our own certificates and keys: `layerPem`, `layerFiles`, `layerSelfSigned`, `layerNone`. */
export * as Credentials from "./src/public/credentials.ts";
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
/** Bytes to value and back for any of them. */
export * as Codec from "./src/public/codec.ts";
/** IANA's registries. */
export * as Names from "./src/names/mod.ts";
