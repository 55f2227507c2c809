/** A TLS connection in the shape of Deno's own. @module */
import { Effect } from "../deps.ts";
import type { Connection, Negotiated, PeerCertificate, Renegotiation } from "../public/connections.ts";
import type { ByteStream, StreamsLike } from "../public/byte_stream.ts";
import type { Verdict } from "../public/certificate_verifier.ts";
import type { ChannelBindingType } from "../public/errors.ts";
import type { Address } from "../public/transport.ts";
import { moving } from "../promises/moving.ts";
import { now, promised } from "../promises/run.ts";

/**
 * A TLS connection: a `Deno.TlsConn`, and what its handshake has agreed on. Whatever fails rejects with a typed error of this
 * library, whose message says what to do.
 */
export interface TlsConn extends Deno.TlsConn, AsyncDisposable {
  /** What the last handshake agreed on: version, cipher suite, application protocol and so on. */
  readonly negotiated: Negotiated;
  /** The peer's certificates, leaf first; none if it showed none. */
  readonly peerCertificates: ReadonlyArray<PeerCertificate>;
  /** What the trust decision found: see `Connection.peerVerdict`. */
  readonly peerVerdict: Verdict | undefined;
  /** The connection for programs on Effect. It closes with this one; read from one of them only. */
  readonly connection: Connection;
  /** Another handshake, up to TLS 1.2: see `Connection.renegotiateWith`. */
  readonly renegotiate: (changes?: Renegotiation) => Promise<Negotiated>;
  /** Server: asks the client for its certificate now, and refuses it without one unless `clientAuth` is `request`. */
  readonly requestClientCertificate: (clientAuth?: "request" | "require") => Promise<Negotiated>;
  /** TLS 1.3: changes our keys, and with `request` asks the peer to change its own. */
  readonly updateKeys: (options?: { readonly request?: boolean | undefined }) => Promise<void>;
  /** Server: waits until the client has finished the handshake, which is later than the connection if it sent early data. */
  readonly confirmed: () => Promise<void>;
  /** Derives bytes from the secrets of the handshake, for a protocol of your own (RFC 5705). Throws `BindingUnavailable`. */
  readonly exportKeyingMaterial: (label: string, length: number, context?: Uint8Array) => Uint8Array;
  /** The channel binding of the last handshake (RFC 5929, RFC 9266). Throws `BindingUnavailable`. */
  readonly channelBinding: (type: ChannelBindingType) => Uint8Array;
  /** Ends TLS with close_notify on both sides, and gives the stream below, which goes on in the clear. Read all data first. */
  readonly unwrap: () => Promise<StreamsLike & { readonly close: () => Promise<void> }>;
  /** Ends the connection at once, so that the peer does not take what it got for the whole. */
  readonly abort: () => Promise<void>;
}

/** What a `TlsConn` is made of, besides its connection. */
export interface Below {
  readonly local: Address | undefined;
  readonly remote: Address | undefined;
  /** Ends what the connection lives in, once it is closed. */
  readonly release: Effect.Effect<void>;
  /** The connection of the operating system, if there is one. */
  readonly conn?: { readonly ref?: () => void; readonly unref?: () => void } | undefined;
}

const netAddr = (address: Address | undefined): Deno.NetAddr => ({
  transport: "tcp",
  hostname: address?.hostname ?? "",
  port: address?.port ?? 0,
});

/** A connection as a `TlsConn`. */
export const toTlsConn = (connection: Connection, { local, remote, release, conn }: Below): TlsConn => {
  let [ended, saidAll] = [false, false];
  let closing: Promise<void> | undefined;
  const close = (how: Effect.Effect<void> = connection.close): Promise<void> =>
    closing ??= promised(Effect.zipRight(how, release));
  /** The connection, whose end is also ours. */
  const owned: Connection = Object.create(connection, {
    close: { enumerable: true, value: Effect.promise(() => close()) },
    abort: { enumerable: true, value: Effect.promise(() => close(connection.abort)) },
  });
  /** Once both ends have said all, nothing can come: a program that only pipes never calls `close`. */
  const whenDone = (): void => {
    if (ended && saidAll) void close();
  };
  const closeWrite = async (): Promise<void> => {
    await promised(connection.closeWrite);
    saidAll = true;
    whenDone();
  };
  const { read, write, readable, writable } = moving({
    take: async () => {
      const data = await promised(connection.read);
      ended = data === undefined;
      whenDone();
      return data;
    },
    write: (bytes) => promised(connection.write(bytes)),
    closeWrite,
    close: () => close(),
    abort: () => close(connection.abort),
  });
  return {
    read,
    write,
    close: () => void close(),
    closeWrite,
    get readable() {
      return readable();
    },
    get writable() {
      return writable();
    },
    localAddr: netAddr(local),
    remoteAddr: netAddr(remote),
    ref: () => conn?.ref?.(),
    unref: () => conn?.unref?.(),
    handshake: () => Promise.resolve({ alpnProtocol: now(connection.negotiated).alpn ?? null }),
    [Symbol.dispose]: () => void close(),
    [Symbol.asyncDispose]: () => close(),
    connection: owned,
    get negotiated() {
      return now(connection.negotiated);
    },
    get peerCertificates() {
      return now(connection.peerCertificates);
    },
    get peerVerdict() {
      return now(connection.peerVerdict);
    },
    renegotiate: (changes = {}) => promised(connection.renegotiateWith(changes)),
    requestClientCertificate: (clientAuth) => promised(connection.requestClientCertificate(clientAuth)),
    updateKeys: (options) => promised(connection.updateKeys(options)),
    confirmed: () => promised(connection.confirmed),
    exportKeyingMaterial: (label, length, context) =>
      now(connection.exportKeyingMaterial(label, length, context)),
    channelBinding: (type) => now(connection.channelBinding(type)),
    unwrap: async () => inTheClear(await promised(connection.unwrap), release),
    abort: () => close(connection.abort),
  };
};

/** A byte stream as web streams. */
const inTheClear = (stream: ByteStream, release: Effect.Effect<void>) => {
  const close = () => promised(Effect.zipRight(stream.close, release));
  const { readable, writable } = moving({
    take: () => promised(stream.read),
    write: (bytes) => promised(stream.write(bytes)),
    closeWrite: close,
    close,
    abort: close,
  });
  return { readable: readable(), writable: writable(), close };
};
