/** The port to a store of sessions, and what a session is. @module */
import { Context, type Effect, type Option, Schema } from "../deps.ts";
import type { SessionStoreError } from "../faults/errors/sessions.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { fixed, opaque, text, uint32, uint8, vector } from "../wire/schema.ts";

/**
 * What two ends keep to resume (RFC 5246 §7.3, §F.1.4). It holds the master secret, so its store is as secret as a
 * private key. Like every message it has a wire form and a JSON form (`Codec.encode(Session, …)`).
 */
export class Session extends Schema.TaggedClass<Session>("effect-tls/Session")("Session", {
  /** The ID the server gave; empty when it gave a ticket instead. */
  id: opaque(0, 32),
  version: ProtocolVersion,
  cipherSuite: CipherSuite,
  compressionMethod: CompressionMethod,
  masterSecret: fixed(48),
  /** 1 when the master secret is bound to its handshake (RFC 7627). */
  extendedMasterSecret: uint8,
  /** The code of RFC 6066 §4, which lasts as long as the session; 0 when none was agreed on. */
  maxFragmentLength: uint8,
  /** Whom it is with: for a client the name or address that was verified, for a server the SNI; empty when none. */
  serverName: text(0, 255),
  /** The trust settings that it was made under, as SHA-256: a session never crosses from one to another. */
  partition: fixed(32),
  /** The same of a client's credentials; empty at a server, whose leaf alone counts. */
  credentials: opaque(0, 32),
  /** The leaf that we showed, as SHA-256; empty when we showed none. */
  ownCertificate: opaque(0, 32),
  /** The peer's certificates as DER, leaf first; so that its identity outlives the handshake. */
  peerCertificates: vector(opaque(1, 2 ** 24 - 1), 0, 2 ** 24 - 1),
  /** `tls-server-end-point` of the full handshake (RFC 5929 §4); empty where it is undefined. */
  serverEndPoint: opaque(0, 64),
  /** The group of the key exchange; 0 without one. */
  group: NamedGroup,
  /** Bits of the server's Diffie-Hellman prime, where it was the server's to choose; else 0. */
  primeBits: uint32,
  /** The schemes of our signature and of the peer's; 0 where there was none. */
  ownScheme: SignatureScheme,
  peerScheme: SignatureScheme,
  /** Seconds since the epoch, of the full handshake. */
  createdAt: uint32,
  /** What a client shows instead of an ID (RFC 5077 §3.3); empty when it has none, and at a server. */
  ticket: opaque(0, 2 ** 16 - 1),
  /** Seconds since the epoch after which the ticket is not shown any more; 0 without one. */
  ticketExpiresAt: uint32,
}) {}

/** A store of sessions: by the hexadecimal session ID for a server, by peer for a client. */
export interface SessionStoreService {
  /** Whether anything is ever kept; without a store a server gives an empty session ID. */
  readonly enabled: boolean;
  /** The session under a key, if there is one. */
  readonly get: (key: string) => Effect.Effect<Option.Option<Session>, SessionStoreError>;
  /** Keeps a session under a key, in place of what was there. */
  readonly put: (key: string, session: Session) => Effect.Effect<void, SessionStoreError>;
  /** Forgets what is under a key. */
  readonly remove: (key: string) => Effect.Effect<void, SessionStoreError>;
}

/** The store of sessions, as a service. */
export class SessionStore
  extends Context.Tag("effect-tls/1/SessionStore")<SessionStore, SessionStoreService>() {}
