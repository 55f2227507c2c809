/** A TLS connection, for a user. @module */
import type { Effect, Stream } from "../deps.ts";
import type { BindingUnavailable, ChannelBindingType } from "../faults/errors/bindings.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Negotiated } from "../flights/agreed/negotiated.ts";
import type { ClientAuth } from "../flights/base/client_auth.ts";
import type { ByteStream } from "../ports/byte_stream.ts";
import type { ConnectionEvent, EventsLost } from "../ports/observer.ts";
import type { Verdict } from "../ports/trust.ts";
import type { Policy } from "../tables/policy.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { PeerCertificate } from "../x509/certificate/peer_certificate.ts";

/** An established TLS connection. Every member may be used from several fibers at once, and interrupted. */
export interface Connection {
  /** What the last handshake agreed on. */
  readonly negotiated: Effect.Effect<Negotiated>;
  /**
   * The peer's certificates as of the last handshake, leaf first. They are parsed once, when first asked for. One
   * that cannot be read is an `UnreadableCertificate` in the list; of a leaf, the verifier has then been satisfied with its key.
   */
  readonly peerCertificates: Effect.Effect<ReadonlyArray<PeerCertificate>>;
  /**
   * What the verifier found of these certificates: the path to a root, its policies, what is known of revocation, and until
   * when that holds. `undefined` for a verifier that tells nothing, and in a resumed session, where no verifier is asked.
   */
  readonly peerVerdict: Effect.Effect<Verdict | undefined>;
  /**
   * Reads some application data, at least one byte; `undefined` after the peer's close_notify. An interrupted `read` loses
   * no byte. Fails with `Truncated` if the stream ends without close_notify, after all data before it was read. A `write`
   * that fails does not affect what can be read.
   */
  readonly read: Effect.Effect<Bytes | undefined, TlsError>;
  /**
   * Reads as `read` does, and tells which handshake made the keys that the data came under. Use it to tell data that the
   * peer sent before a renegotiation, under its earlier identity, from data after it.
   */
  readonly readWithEpoch: Effect.Effect<ReceivedData | undefined, TlsError>;
  /**
   * Sends application data, and ends when the stream has taken all of it. It waits while a handshake is under way. Data is
   * sent at once, so gather small pieces yourself; large data is sent in pieces of 64 KiB. If the stream fails, only this
   * half of the connection ends. An interrupted `write` closes the stream, because half a record may be on it. Fails with
   * `InvalidOption` if `data` is no Uint8Array; nothing is sent then.
   */
  readonly write: (data: Bytes) => Effect.Effect<void, TlsError>;
  /** `read` as a web stream. Cancelling it is `close`. */
  readonly readable: ReadableStream<Uint8Array>;
  /** `write` as a web stream. Closing it is `closeWrite`. Aborting it, as a pipe does when its source fails, is `abort`. */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Renegotiates: another handshake on this connection, with new keys (RFC 5246 §7.4.1.1, §7.4.1.2). Ends when all data
   * from before it can be read. Interrupting the caller does not stop the handshake; callers at the same time share it.
   * Fails with `RenegotiationRefused` if the peer declines, or a client does not answer; the connection goes on. Data that
   * arrives meanwhile must be read once it exceeds `limits.renegotiationBuffer`.
   */
  readonly renegotiate: Effect.Effect<Negotiated, TlsError>;
  /**
   * Renegotiates with other settings, for instance to ask for a client certificate only now. Fails as `renegotiate` does,
   * and with `InvalidOption` if a setting is not of its type; nothing is sent then.
   */
  readonly renegotiateWith: (changes: Renegotiation) => Effect.Effect<Negotiated, TlsError>;
  /**
   * Server: asks the client for its certificate only now, and refuses it without one unless `clientAuth` is `request`. Up to
   * TLS 1.2 that is a renegotiation. In TLS 1.3 the connection goes on meanwhile, and the client must have offered it
   * (RFC 8446 §4.6.2): RenegotiationRefused otherwise, or if it does not answer in time.
   */
  readonly requestClientCertificate: (
    clientAuth?: "request" | "require",
  ) => Effect.Effect<Negotiated, TlsError>;
  /**
   * TLS 1.3: changes our keys, and with `request` asks the peer to change its own (RFC 8446 §4.6.3). Ends when the stream has
   * taken the KeyUpdate. It happens by itself before a key has sealed too much; a peer may refuse many in a row without data in
   * between (ours, 32: `limits.postHandshakeMessages`). RenegotiationRefused in an older version.
   */
  readonly updateKeys: (
    options?: { readonly request?: boolean | undefined },
  ) => Effect.Effect<void, TlsError>;
  /**
   * Derives `length` bytes from the secrets of the last handshake, for a protocol of your own (RFC 5705 §4, RFC 8446 §7.5). No
   * context and an empty one give different keys up to TLS 1.2, and the same in TLS 1.3. The label is ASCII, in TLS 1.3 of at
   * most 249 bytes, and the length there at most 255 times that of the suite's hash: 8,160 bytes with SHA-256. Fails with
   * `BindingUnavailable` beyond that, in SSL 3.0, for a label that the protocol itself uses, and without the extended master
   * secret unless `policy.bindWithoutExtendedMasterSecret` allows it.
   */
  readonly exportKeyingMaterial: (
    label: string,
    length: number,
    context?: Bytes,
  ) => Effect.Effect<Bytes, BindingUnavailable>;
  /**
   * The channel binding of the last handshake (RFC 5929, RFC 9266): bytes that tie an authentication above TLS to this
   * connection. Fails with `BindingUnavailable` if the connection has no such binding.
   */
  readonly channelBinding: (type: ChannelBindingType) => Effect.Effect<Bytes, BindingUnavailable>;
  /**
   * Handshake messages, changes of keys and alerts, from when the stream is run until nothing more can come from the peer. At most 1,024
   * events wait in the stream; later ones are lost, and an `EventsLost` tells how many.
   */
  readonly events: Stream.Stream<ConnectionEvent | EventsLost>;
  /**
   * Server: waits until the client has finished the handshake. Only after early data was accepted is that later than the
   * connection itself: what was read before may be a copy that an attacker sent again. Fails as `read` does.
   */
  readonly confirmed: Effect.Effect<void, TlsError>;
  /**
   * As `exportKeyingMaterial`, from the PSK and the ClientHello alone, for a protocol that uses keys with early data
   * (RFC 8446 §7.5). Fails with `BindingUnavailable` unless early data was accepted.
   */
  readonly exportEarlyKeyingMaterial: (
    label: string,
    length: number,
    context?: Bytes,
  ) => Effect.Effect<Bytes, BindingUnavailable>;
  /**
   * Sends close_notify and ends the writing half; data that the peer still sends can be read. A `write` that is under way in
   * another fiber is cut off, so wait for it first.
   */
  readonly closeWrite: Effect.Effect<void, TlsError>;
  /**
   * Closes the connection: sends close_notify (within `limits.writeWait`), waits for the peer's (within
   * `limits.closeWait`), and closes the stream. Data that has arrived and was not read is lost, unless the peer's
   * close_notify had come. Never fails, and may be called again.
   */
  readonly close: Effect.Effect<void>;
  /**
   * Ends TLS and gives back the stream below, on which both ends go on in the clear: sends close_notify, and waits for the
   * peer's, as `read` waits for data. Bytes behind that are the first that the stream gives. The stream is the caller's from
   * then on: neither `close` nor the scope of `over` closes it (the one of `connect` does). What the peer had sent before can
   * still be read from the connection; read it first if it may be more than `limits.renegotiationBuffer`. Fails with
   * `Truncated` if the stream ends before the peer's close_notify. An interrupted `unwrap` can be called again. Since anybody
   * can change what follows in the clear, use it only where a protocol demands it (CCC of FTP, RFC 4217 §12.3).
   */
  readonly unwrap: Effect.Effect<ByteStream, TlsError>;
  /**
   * Ends the connection in the middle of something: sends the fatal alert internal_error instead of close_notify, so that
   * the peer does not take what it got for the whole (RFC 5246 §7.2.1). A scope that closes with a failure does this. Never
   * fails, and may be called again.
   */
  readonly abort: Effect.Effect<void>;
  /** The state of both halves of the connection: see `Reading` and `Writing`. */
  readonly state: Effect.Effect<{ readonly reading: Reading; readonly writing: Writing }>;
}

/** Application data, and the handshake under whose keys it came. */
export interface ReceivedData {
  /** The application data, at least one byte. */
  readonly data: Bytes;
  /** `negotiated.epoch` of the handshake under whose keys the data came. */
  readonly epoch: number;
  /**
   * Server: whether this is early data, which came before the client finished the handshake. An attacker may have sent it
   * again (RFC 8446 §8). Only a server that sets `earlyData` gets any.
   */
  readonly early: boolean;
}

/**
 * The state of the reading half. `open`: data may come. `ended`: the peer's close_notify came. `discarding`: `close` waits
 * for it, and data is thrown away. `failed`: reading fails with the reason. `closed`: reading fails with `Closed`.
 */
export type Reading = "open" | "ended" | "discarding" | "failed" | "closed";

/**
 * The state of the writing half. `open`: data can be sent. `ended`: our close_notify is sent. `broken`: the stream takes no
 * more bytes, and half a record may be on it. `failed`: writing fails with the reason. `closed`: it fails with `Closed`.
 */
export type Writing = "open" | "ended" | "broken" | "failed" | "closed";

/** Settings of a renegotiation that this end begins. */
export interface Renegotiation {
  /**
   * The suites, groups and signature schemes for this renegotiation alone; those of the connection unless given. Its
   * versions and limits have no effect.
   */
  readonly policy?: Policy | undefined;
  /** Server: whether the client is asked for a certificate, in this renegotiation and in all later ones. */
  readonly clientAuth?: ClientAuth | undefined;
  /** Whether a session with the extended master secret may be resumed, so that only the keys are new; false unless given. */
  readonly resume?: boolean | undefined;
}
