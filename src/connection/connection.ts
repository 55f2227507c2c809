/** What a user has of a connection. @module */
import type { Effect, Stream } from "../deps.ts";
import type { BindingUnavailable, ChannelBindingType } from "../faults/errors/bindings.ts";
import type { TlsError } from "../faults/tls_error.ts";
import type { Negotiated } from "../flights/agreed/negotiated.ts";
import type { ServerSettings } from "../flights/base/server_settings.ts";
import type { ConnectionEvent, EventsLost } from "../ports/observer.ts";
import type { Policy } from "../tables/policy.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { PeerCertificate } from "../x509/certificate/peer_certificate.ts";

/** An established TLS connection. All of it is safe to use from several fibers at once, and to interrupt. */
export interface Connection {
  /** What the last handshake agreed on. */
  readonly negotiated: Effect.Effect<Negotiated>;
  /**
   * The peer's certificates, leaf first, as of the last handshake; read when asked for, and once. `raw` of each is its
   * DER. A leaf can always be read; one above it that cannot is an `UnreadableCertificate` among the others.
   */
  readonly peerCertificates: Effect.Effect<ReadonlyArray<PeerCertificate>>;
  /**
   * Some application data, or `undefined` after the peer's close_notify. An interrupted `read` loses no byte. A stream
   * that ends without close_notify is `Truncated`, after the data before it was read. A `write` that fails takes nothing
   * from what can be read.
   */
  readonly read: Effect.Effect<Bytes | undefined, TlsError>;
  /**
   * As `read`, with the handshake under whose keys the data came: `negotiated.epoch` of that handshake. What came before
   * a renegotiation is thereby told from what came after, and the peer's first identity from its next.
   */
  readonly readWithEpoch: Effect.Effect<ReceivedData | undefined, TlsError>;
  /**
   * Sends application data, when no handshake is under way any more. It leaves at once (TCP waits for no more of it), so
   * gather what is small; what is large goes out in pieces of 64 KiB, each when the stream has taken the one before. It
   * ends when the stream has taken all. A `write` that the stream fails ends this half alone; an interrupted one closes
   * the stream: half a record may be on the wire. `InvalidOption`: `data` is no Uint8Array; nothing was sent.
   */
  readonly write: (data: Bytes) => Effect.Effect<void, TlsError>;
  /** `read` as a web stream. Cancelling it is `close`. */
  readonly readable: ReadableStream<Uint8Array>;
  /** `write` as a web stream. Closing it is `closeWrite`; aborting it, as a pipe does whose source fails, is `abort`. */
  readonly writable: WritableStream<Uint8Array>;
  /**
   * Another handshake on this connection, with new keys (RFC 5246 §7.4.1.1, §7.4.1.2). Ends when all data from before
   * can be read; an interruption leaves it to go on. Whoever asks meanwhile shares it. `RenegotiationRefused`: the peer
   * says no, or a client does not answer; the connection goes on. What arrives meanwhile must be read, beyond
   * `limits.renegotiationBuffer` bytes.
   */
  readonly renegotiate: Effect.Effect<Negotiated, TlsError>;
  /**
   * The same with other settings: another suite, a client's certificate asked for only now. `InvalidOption`: one of them
   * is not of its type, and nothing was asked.
   */
  readonly renegotiateWith: (changes: Renegotiation) => Effect.Effect<Negotiated, TlsError>;
  /**
   * Keys for a use of their own, `length` bytes, from the last handshake (RFC 5705 §4). Without a context the keys are
   * others than with an empty one. Unavailable in SSL 3.0, for a label of the protocol's own, and, unless policy says
   * otherwise, without the extended master secret.
   */
  readonly exportKeyingMaterial: (
    label: string,
    length: number,
    context?: Bytes,
  ) => Effect.Effect<Bytes, BindingUnavailable>;
  /** What binds an authentication above to this connection (RFC 5929, RFC 9266), as of the last handshake. */
  readonly channelBinding: (type: ChannelBindingType) => Effect.Effect<Bytes, BindingUnavailable>;
  /**
   * Handshake messages, changes of keys and alerts from now until the peer has said its last. A stream that is read too
   * slowly loses what comes when 1,024 events wait, and says how many it lost.
   */
  readonly events: Stream.Stream<ConnectionEvent | EventsLost>;
  /**
   * Half-close: sends close_notify; what the peer still sends can be read. If another fiber is still writing, the rest of
   * its data is not sent: wait for that write first.
   */
  readonly closeWrite: Effect.Effect<void, TlsError>;
  /**
   * Sends close_notify as long as the stream takes it (`limits.writeWait`), waits a moment for the peer's
   * (`limits.closeWait`), and closes the stream. What has arrived and was not read is lost, unless the peer had said its last. Never fails; may be called
   * again.
   */
  readonly close: Effect.Effect<void>;
  /**
   * Ends the connection where an answer broke off: the fatal alert internal_error instead of close_notify, so that the
   * peer does not take what it got for the whole (RFC 5246 §7.2.1). A scope that closes with a failure does this. Never
   * fails; may be called again.
   */
  readonly abort: Effect.Effect<void>;
  /** How far each half is: docs/ends.md. */
  readonly state: Effect.Effect<{ readonly reading: Reading; readonly writing: Writing }>;
}

/** Application data, and how often the peer's keys had changed when it came. */
export interface ReceivedData {
  /** The application data, at least one byte. */
  readonly data: Bytes;
  /** `negotiated.epoch` of the handshake under whose keys the data came. */
  readonly epoch: number;
}

/** What a reader can count on: data may come, the peer said its last, nobody reads it, or why nothing comes. */
export type Reading = "open" | "ended" | "discarding" | "failed" | "closed";

/** What a writer can count on. `broken`: the stream takes no more bytes, and half a record may be on it. */
export type Writing = "open" | "ended" | "broken" | "failed" | "closed";

/** What may be different in a renegotiation that this end asks for. */
export interface Renegotiation {
  /** Suites, groups and schemes of another policy, this once; version and limits stay. The connection's unless given. */
  readonly policy?: Policy | undefined;
  /** Server: whether the client is asked for a certificate, now and in later renegotiations, whoever asks for them. */
  readonly clientAuth?: ServerSettings["clientAuth"] | undefined;
  /** Whether a session with RFC 7627 may be resumed, so that there are new keys and nothing else; not unless given. */
  readonly resume?: boolean | undefined;
}
