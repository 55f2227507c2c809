/** The port to a session store, and the sessions in it. @module */
import { Context, type Effect, type Option, Schema } from "../deps.ts";
import type { SessionStoreError } from "../faults/errors/sessions.ts";
import { CipherSuite } from "../names/cipher_suite.ts";
import { NamedGroup } from "../names/named_group.ts";
import { CompressionMethod, ProtocolVersion } from "../names/protocol.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { fixed, label, opaque, text, uint32, uint8, vector } from "../wire/schema.ts";

/**
 * The state that both ends keep to resume a session (RFC 5246 §7.3, §F.1.4). It holds the master secret, so a session
 * store must be as secret as a private key. Like a message, it has a wire form and a JSON form
 * (`Codec.encode(Session, …)`).
 */
export class Session extends Schema.TaggedClass<Session>("effect-tls/Session")("Session", {
  /** The session ID from the server; empty when the server sent a ticket instead. */
  id: opaque(0, 32),
  version: ProtocolVersion,
  cipherSuite: CipherSuite,
  compressionMethod: CompressionMethod,
  /** The master secret, 48 bytes; in TLS 1.3 the PSK, as long as the suite's hash (RFC 8446 §4.6.1). */
  masterSecret: opaque(32, 48),
  /** 1 when the secret is bound to its handshake (RFC 7627), as in TLS 1.3 it always is; otherwise 0. */
  extendedMasterSecret: uint8,
  /**
   * The agreed code of max_fragment_length (RFC 6066 §4), which lasts as long as the session; 0 when there is none.
   */
  maxFragmentLength: uint8,
  /**
   * The peer's name; empty when there is none. At a client it is the name or address that was verified, at a server
   * the SNI.
   */
  serverName: text(0, 255),
  /** The SHA-256 of the trust settings' partition. A session is never resumed under different trust settings. */
  partition: fixed(32),
  /**
   * At a client, the SHA-256 of the credentials' partition. Empty at a server, where only `ownCertificate` counts.
   */
  credentials: opaque(0, 32),
  /** The SHA-256 of the leaf certificate that this end sent; empty when it sent none. */
  ownCertificate: opaque(0, 32),
  /** The peer's certificates as DER, leaf first, so that a resumed connection knows the peer's identity. */
  peerCertificates: vector(opaque(1, 2 ** 24 - 1), 0, 2 ** 24 - 1),
  /** The `tls-server-end-point` binding of the full handshake (RFC 5929 §4); empty where it is undefined. */
  serverEndPoint: opaque(0, 64),
  /** The group of the key exchange; 0 when there was none. */
  group: NamedGroup,
  /** The length in bits of a Diffie-Hellman prime that the server chose; otherwise 0. */
  primeBits: uint32,
  /** The signature schemes of this end and of the peer; 0 where there was no signature. */
  ownScheme: SignatureScheme,
  peerScheme: SignatureScheme,
  /** The time of the full handshake, in seconds since the epoch. */
  createdAt: uint32,
  /**
   * The last second, since the epoch, for which the peer's certificates are trusted without being judged again; 0 when the
   * verifier did not say. Then only the leaf's own validity counts.
   */
  trustedUntil: uint32,
  /**
   * The ticket that a client sends instead of a session ID (RFC 5077 §3.3); empty at a server, or without a ticket.
   */
  ticket: opaque(0, 2 ** 16 - 1),
  /** When a client stops sending the ticket, in seconds since the epoch; 0 without a ticket. */
  ticketExpiresAt: uint32,
  /** TLS 1.3: when the ticket was issued, in milliseconds after `createdAt`. */
  ticketIssuedAfter: uint32,
  /** TLS 1.3: what a client adds to the ticket's age (RFC 8446 §4.6.1). */
  ticketAgeAdd: uint32,
  /** TLS 1.3: the most bytes of early data under the ticket; 0 for none (RFC 8446 §4.2.10). */
  maxEarlyData: uint32,
  /** TLS 1.3: the application protocol that early data is for; empty when there is none. */
  alpn: label(0, 255),
}) {}

/** A session store. A server's keys are session IDs in hexadecimal; a client's keys name the peer. */
export interface SessionStoreService {
  /** Whether the store ever keeps a session. Without one, a server sends an empty session ID. */
  readonly enabled: boolean;
  /** Looks up the session under a key. */
  readonly get: (key: string) => Effect.Effect<Option.Option<Session>, SessionStoreError>;
  /** Stores a session under a key, replacing any other. */
  readonly put: (key: string, session: Session) => Effect.Effect<void, SessionStoreError>;
  /**
   * Removes the session under a key and gives it, to one caller only. TLS 1.3 uses its sessions once, and early data is as
   * safe from replay as this is. Without it, a `get` and a `remove` stand for it, between which another may come.
   */
  readonly take?: ((key: string) => Effect.Effect<Option.Option<Session>, SessionStoreError>) | undefined;
  /** Removes the session under a key, if there is one. */
  readonly remove: (key: string) => Effect.Effect<void, SessionStoreError>;
}

/** The session store, as a service. */
export class SessionStore
  extends Context.Tag("effect-tls/1/SessionStore")<SessionStore, SessionStoreService>() {}
