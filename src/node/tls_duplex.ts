/** A TLS connection as programs for Node know it: a Duplex with the members of `tls.TLSSocket` that tell facts. @module */
import type { Connection, Negotiated } from "../public/connections.ts";
import { type NodeCertificate, nodeCertificate, nodeChain } from "./certificate.ts";
import { ConnectionDuplex } from "./connection_duplex.ts";
import { Closed } from "../public/errors.ts";
import { Buffer } from "./deps.ts";
import {
  type CipherInfo,
  cipherInfo,
  type EphemeralKeyInfo,
  ephemeralKeyInfo,
  protocolName,
} from "./names.ts";
import { now } from "../promises/run.ts";

/** What is known of the socket below TLS, and can be asked of it. A `net.Socket` is one. */
export interface Beneath {
  /** The peer's IP address. */
  readonly remoteAddress?: string | undefined;
  /** The peer's port. */
  readonly remotePort?: number | undefined;
  /** `IPv4` or `IPv6`. */
  readonly remoteFamily?: string | undefined;
  /** This end's IP address. */
  readonly localAddress?: string | undefined;
  /** This end's port. */
  readonly localPort?: number | undefined;
  /** `IPv4` or `IPv6`. */
  readonly localFamily?: string | undefined;
  /** Turns Nagle's algorithm off. */
  readonly setNoDelay?: ((noDelay?: boolean) => unknown) | undefined;
  /** Turns the probes of TCP on, after some milliseconds without data. */
  readonly setKeepAlive?: ((enable?: boolean, initialDelay?: number) => unknown) | undefined;
  /** Keeps the program alive while the socket is open. */
  readonly ref?: (() => unknown) | undefined;
  /** Does not keep the program alive. */
  readonly unref?: (() => unknown) | undefined;
}

/** Options of a connection as a Duplex. */
export interface DuplexOptions {
  /** Whether this end may go on writing after the peer's end; no unless given, as in `net.Socket`. */
  readonly allowHalfOpen?: boolean | undefined;
  /** How many bytes may wait, in each direction, before reading stops and `write` gives `false`; Node's default unless given. */
  readonly highWaterMark?: number | undefined;
  /** The socket below, or what is known of it. Without it, addresses are `undefined`, and `setNoDelay` and the like do nothing. */
  readonly beneath?: Beneath | undefined;
  /**
   * Whether the peer counts as authorized where the connection itself cannot tell: in a resumed session, and with a verifier
   * that tells no verdict. No unless given. Say yes only if the verifier refuses everybody who is not.
   */
  readonly authorized?: boolean | undefined;
}

/** A TLS connection as a Duplex, with the members of Node's `tls.TLSSocket` that drivers and servers ask for. */
export class TlsDuplex extends ConnectionDuplex {
  /** Always true: it tells a TLS connection from a `net.Socket`. */
  readonly encrypted = true;
  readonly #beneath: Beneath;
  readonly #presumed: boolean;

  /** Makes a Duplex over a connection that is there. */
  constructor(connection: Connection | undefined, options: DuplexOptions) {
    super(options);
    this.#beneath = options.beneath ?? {};
    this.#presumed = options.authorized ?? false;
    if (connection) this.attach(connection);
  }

  /** What the last handshake agreed on; `undefined` while the first is under way. */
  get negotiated(): Negotiated | undefined {
    return this.connection && now(this.connection.negotiated);
  }

  /** Whether the verifier trusts the peer's certificate. False without a certificate, and where nobody says that it does. */
  get authorized(): boolean {
    const { connection } = this;
    if (!connection || now(connection.peerCertificates).length === 0) return false;
    return this.#presumed || now(connection.peerVerdict) !== undefined;
  }

  /** Why the peer is not authorized; `null` if it is. */
  get authorizationError(): Error | string | null {
    if (this.authorized || !this.connection) return null;
    return now(this.connection.peerCertificates).length === 0
      ? "the peer showed no certificate"
      : "nobody says that the peer's certificate is trusted";
  }

  /** The application protocol; `false` if none was agreed on, `null` while the handshake is under way. */
  get alpnProtocol(): string | false | null {
    const { negotiated } = this;
    return negotiated ? negotiated.alpn ?? false : null;
  }

  /** The host name that the client asked for; `false` if it named none. */
  get servername(): string | false {
    return this.negotiated?.serverName ?? false;
  }

  /** The version as Node writes it, such as `TLSv1.2`; `null` while the handshake is under way. */
  getProtocol(): string | null {
    const { negotiated } = this;
    return negotiated ? protocolName(negotiated.version) : null;
  }

  /** The cipher suite; `undefined` while the handshake is under way. */
  getCipher(): CipherInfo | undefined {
    const { negotiated } = this;
    return negotiated && cipherInfo(negotiated.cipherSuite);
  }

  /** The group of the key exchange; empty if it has none. */
  getEphemeralKeyInfo(): EphemeralKeyInfo {
    return ephemeralKeyInfo(this.negotiated?.group);
  }

  /** Whether the handshake resumed a session. */
  isSessionReused(): boolean {
    return this.negotiated?.resumed ?? false;
  }

  /**
   * The peer's certificate, and with `detailed` its issuers up to the trusted root, or as the peer sent them; empty without a
   * certificate, `null` once the Duplex is destroyed.
   */
  getPeerCertificate(detailed = false): NodeCertificate | Record<string, never> | null {
    if (this.destroyed) return null;
    const [leaf, ...issuers] = this.connection ? now(this.connection.peerCertificates) : [];
    if (!leaf) return {};
    if (!detailed) return nodeCertificate(leaf);
    return nodeChain([leaf, ...issuers], now(this.established.peerVerdict)?.path) ?? {};
  }

  /**
   * Derives bytes from the secrets of the handshake (RFC 5705, RFC 8446 §7.5). Throws BindingUnavailable where they cannot
   * be had, and Closed without a connection.
   */
  exportKeyingMaterial(length: number, label: string, context?: Uint8Array): Buffer {
    return Buffer.from(now(this.established.exportKeyingMaterial(label, length, context)));
  }

  /** Whether the handshake is under way. */
  get connecting(): boolean {
    return !this.connection && !this.destroyed;
  }

  /** Whether there is no connection yet. */
  get pending(): boolean {
    return this.connecting;
  }

  /** Which halves are open, in Node's words. */
  get readyState(): "opening" | "open" | "readOnly" | "writeOnly" | "closed" {
    if (this.connecting) return "opening";
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  /** How many bytes wait to be written. */
  get bufferSize(): number {
    return this.writableLength;
  }

  /** The address of the peer, where it is known. */
  get remoteAddress(): string | undefined {
    return this.#beneath.remoteAddress;
  }
  /** The port of the peer, where it is known. */
  get remotePort(): number | undefined {
    return this.#beneath.remotePort;
  }
  /** `IPv4` or `IPv6`, where it is known. */
  get remoteFamily(): string | undefined {
    return this.#beneath.remoteFamily;
  }
  /** The address of this end, where it is known. */
  get localAddress(): string | undefined {
    return this.#beneath.localAddress;
  }
  /** The port of this end, where it is known. */
  get localPort(): number | undefined {
    return this.#beneath.localPort;
  }
  /** `IPv4` or `IPv6`, where it is known. */
  get localFamily(): string | undefined {
    return this.#beneath.localFamily;
  }

  /** This end's address; empty where it is not known. */
  address(): { readonly address?: string; readonly family?: string; readonly port?: number } {
    const { localAddress: address, localFamily: family, localPort: port } = this.#beneath;
    return address === undefined ? {} : { address, ...(family && { family }), ...(port && { port }) };
  }

  /** Turns Nagle's algorithm off or on, in the socket below. */
  setNoDelay(noDelay = true): this {
    this.#beneath.setNoDelay?.(noDelay);
    return this;
  }

  /** Turns the probes of TCP on or off, in the socket below. */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#beneath.setKeepAlive?.(enable, initialDelay);
    return this;
  }

  /** Keeps the program alive while the socket below is open. */
  ref(): this {
    this.#beneath.ref?.();
    return this;
  }

  /** Does not keep the program alive. */
  unref(): this {
    this.#beneath.unref?.();
    return this;
  }

  /** The connection, where there must be one. */
  protected get established(): Connection {
    if (this.connection) return this.connection;
    throw new Closed();
  }
}
