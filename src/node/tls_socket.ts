/** A TLS connection over any Duplex, in either role, as Node's `tls.TLSSocket`. @module */
import { Effect, Schema } from "../deps.ts";
import { decodeOption } from "../options.ts";
import { type Living, living, now } from "../promises/run.ts";
import type { Connection, ConnectionEvent, Renegotiation } from "../public/connections.ts";
import { CertificateError, InvalidOption, RenegotiationRefused, TransportError } from "../public/errors.ts";
import type { Session } from "../public/session_store.ts";
import { type NodeCertificate, nodeChain, platformCertificate } from "./certificate.ts";
import { clientEnd } from "./client_end.ts";
import { codeOf } from "./codes.ts";
import { Buffer, Duplex, X509Certificate } from "./deps.ts";
import type { End, Hooks } from "./ends.ts";
import { fromDuplex } from "./from_duplex.ts";
import { asTold, errorOf, run } from "./running.ts";
import { serverEnd } from "./server_end.ts";
import { bytesOf, sessionIn } from "./services.ts";
import { type SocketOptions, socketOptions, type TLSSocketOptions } from "./socket_options.ts";
import { type Beneath, TlsDuplex } from "./tls_duplex.ts";

/**
 * TLS over a Duplex, which belongs to the TLSSocket from then on. The handshake begins by itself once the Duplex is
 * connected, and what is written before waits. At its end `secure` is emitted, and at a client `secureConnect`.
 *
 * Unlike Node's, a client also checks the certificate, for its `servername` or `host`, if `connect` did not make it.
 */
export class TLSSocket extends TlsDuplex {
  readonly #below: Duplex & Beneath & { readonly connecting?: boolean; readonly pending?: boolean };
  readonly #options: SocketOptions;
  readonly #hooks: Hooks;
  #end: End | undefined;
  #session: Session | undefined;
  #servername: string | undefined;
  #cancel: (() => void) | undefined;
  #hasFailed = false;
  #fault: Error | undefined;
  /** Whether the peer was asked for a certificate. */
  #asked = false;
  #refusesRenegotiation = false;

  /** Throws InvalidOption, and what `createSecureContext` throws. */
  constructor(socket: Duplex, options: TLSSocketOptions = {}) {
    if (!(socket instanceof Duplex)) {
      throw new InvalidOption({ option: "socket", expected: "a Duplex", got: "something else" });
    }
    const decoded = socketOptions(options);
    super(undefined, { ...decoded, beneath: socket as Beneath });
    this.#below = socket;
    this.#options = decoded;
    this.#servername = decoded.servername;
    if (decoded.session) this.setSession(decoded.session);
    this.#hooks = {
      options: decoded,
      session: () => this.#session,
      keep: (session) => {
        this.#session = session;
        this.#tell("session", bytesOf(session));
      },
      keylog: (line) => this.#tell("keylog", line),
      stapled: (response) => {
        if (decoded.requestOCSP) this.#tell("OCSPResponse", Buffer.from(response));
      },
      observe: (event) => this.#observe(event),
    };
    queueMicrotask(() => this.#whenConnected());
  }

  /** Emits outside of the fiber, so that what a listener throws reaches the program. */
  #tell(event: string, ...about: ReadonlyArray<unknown>): void {
    if (this.listenerCount(event) > 0) queueMicrotask(() => this.emit(event, ...about));
  }

  /** Begins once the socket below is connected, and tells if it never is. */
  #whenConnected(): void {
    if (this.destroyed) return;
    const below = this.#below;
    const willConnect = below.connecting || below.pending && !below.destroyed;
    if (!willConnect) return this.#handshake();
    const failed = (cause: unknown) => this.destroy(asTold(new TransportError({ operation: "open", cause })));
    const closed = () => failed("the socket was closed before it was connected");
    below.once("error", failed).once("close", closed).once("connect", () => {
      below.removeListener("error", failed).removeListener("close", closed);
      if (this.destroyed) return;
      this.emit("connect");
      this.emit("ready");
      this.#handshake();
    });
  }

  #handshake(): void {
    const { isServer, pskCallback } = this.#options;
    const pskOf = pskCallback as ((socket: TLSSocket, identity: string) => Uint8Array | null) | undefined;
    const end = this.#end = isServer
      ? serverEnd(this.#hooks, pskOf && ((identity) => pskOf(this, identity)))
      : clientEnd(this.#hooks, this.#servername);
    this.#cancel = run(living(end.open(fromDuplex(this.#below))), (error, made) => {
      this.#hasFailed = error !== null;
      if (!made) this.destroy(error ?? undefined);
      else if (this.destroyed) run(made.close, () => {});
      else this.#established(owned(made));
    });
  }

  #established(connection: Connection): void {
    const { isServer, requestCert, rejectUnauthorized } = this.#options;
    this.#asked = !isServer || requestCert;
    this.#fault = this.#end!.fault() ?? this.#otherServer(connection);
    if (this.#asked && rejectUnauthorized && !this.#trusts(connection)) {
      run(connection.abort, () => {});
      this.destroy(asTold(this.#fault ?? noCertificate()));
      return;
    }
    this.attach(connection);
    this.emit("secure");
    if (!isServer && !this.destroyed) this.emit("secureConnect");
    // As net.Socket, it reads some data before somebody wants it, so that the peer's end is heard by who only writes.
    this.read(0);
  }

  /** What the program's own comparison of names says. */
  #otherServer(connection: Connection): Error | undefined {
    const { checkServerIdentity, host } = this.#options;
    const leaf = checkServerIdentity && nodeChain(now(connection.peerCertificates));
    if (!leaf) return undefined;
    try {
      const wrong: unknown = checkServerIdentity(this.#servername || host, leaf);
      return wrong ? errorOf(wrong) : undefined;
    } catch (thrown) {
      return errorOf(thrown);
    }
  }

  /** A session with a peer that is not trusted is never kept, so who is resumed was trusted. */
  #trusts(connection: Connection): boolean {
    if ((this.#fault ?? this.#end!.fault()) !== undefined) return false;
    const { psk } = now(connection.negotiated);
    return psk === "external" || psk === "imported" || now(connection.peerCertificates).length > 0;
  }

  /** Calls off a handshake that is under way. */
  protected override abandon(): void {
    // A handshake that has failed closes the stream by itself, and says to the peer why.
    if (this.#hasFailed) return;
    this.#cancel?.();
    this.#below.destroy();
  }

  /** Whether the peer is trusted: its certificate and, at a client, the name in it; or because both ends have the same key. */
  override get authorized(): boolean {
    return this.connection !== undefined && this.#trusts(this.connection);
  }

  /** Why the peer is not trusted: a code of Node's or OpenSSL's, such as `CERT_HAS_EXPIRED`, or a sentence; `null` if it is, or if nobody asked. */
  override get authorizationError(): string | null {
    if (!this.connection || !this.#asked || this.authorized) return null;
    const fault = this.#fault ?? this.#end?.fault() ?? noCertificate();
    return codeOf(fault) ?? fault.message;
  }

  /** Whether the socket below is being connected. */
  override get connecting(): boolean {
    return !this.destroyed && (this.#below.connecting ?? false);
  }

  /** The host name that this client asks for, or that the client asked this server for; `false` if there is none. */
  override get servername(): string | false {
    return super.servername || (!this.#options.isServer && this.#servername) || false;
  }

  /** Client: the session to be resumed by a later connection, as bytes, which hold its secret; `undefined` if there is none yet. */
  getSession(): Buffer | undefined {
    return this.#session && bytesOf(this.#session);
  }

  /**
   * Client: the session to resume, before the handshake. One of another version of this library is forgotten. Throws
   * InvalidOption for what is no Uint8Array.
   */
  setSession(session: Uint8Array): void {
    this.#session = sessionIn(now(decodeSession({ session })).session);
  }

  /** Client: the ticket of the session; `undefined` if it has none. */
  getTLSTicket(): Buffer | undefined {
    const ticket = this.#session?.ticket;
    return ticket && ticket.length > 0 ? Buffer.from(ticket) : undefined;
  }

  /** Client: the name to ask for, before the handshake. */
  setServername(servername: string): void {
    if (this.#end) throw tooLate("servername");
    this.#servername = servername;
  }

  /** The peer's certificate as Node's class; `undefined` without one, or if Node's class cannot read it. */
  getPeerX509Certificate(): X509Certificate | undefined {
    return asClass(this.connection && now(this.connection.peerCertificates)[0]?.raw);
  }

  /** This end's certificate; empty if there is none, `null` once the TLSSocket is destroyed. */
  getCertificate(): NodeCertificate | Record<string, never> | null {
    const raw = this.#end?.shown();
    return this.destroyed ? null : raw ? platformCertificate(raw) : {};
  }

  /** This end's certificate as Node's class; `undefined` without one. */
  getX509Certificate(): X509Certificate | undefined {
    return asClass(this.#end?.shown());
  }

  /** Ends the connection with an error if the peer wants to renegotiate from now on. */
  disableRenegotiation(): void {
    this.#refusesRenegotiation = true;
  }

  #observe(event: ConnectionEvent): void {
    if (!this.#refusesRenegotiation || !this.connection || event._tag !== "message") return;
    const asks = event.message._tag === (this.#options.isServer ? "ClientHello" : "HelloRequest");
    if (asks && event.direction === "received") {
      queueMicrotask(() => this.destroy(asTold(new RenegotiationRefused({ by: "policy" }))));
    }
  }

  /**
   * Renegotiates, and calls back at the end. A server's `requestCert` asks the client for its certificate, in TLS 1.3 as well,
   * which has no renegotiation otherwise. Gives `false` where that is impossible.
   */
  renegotiate(
    options: { readonly requestCert?: boolean; readonly rejectUnauthorized?: boolean },
    callback: (error: Error | null) => void = () => {},
  ): boolean {
    const { connection } = this;
    if (!connection || this.destroyed) return false;
    const { isServer, rejectUnauthorized } = this.#options;
    const { requestCert = this.#options.requestCert } = options ?? {};
    const how = options?.rejectUnauthorized ?? rejectUnauthorized ? "require" : "request";
    this.#asked ||= requestCert;
    const changes: Renegotiation = isServer ? { clientAuth: requestCert ? how : "none" } : {};
    const asking = isServer && requestCert
      ? Effect.zipRight(this.#end!.prepare, connection.requestClientCertificate(how))
      : connection.renegotiateWith(changes);
    run<unknown, unknown>(asking, (failed) => {
      const refused = isServer && requestCert && how === "require" && !this.authorized;
      const error = failed ?? (refused ? asTold(this.#end!.fault() ?? noCertificate()) : null);
      if (!failed && error) this.destroy(error);
      else if (!error) this.emit("secure");
      callback(error);
    });
    return true;
  }
}

const decodeSession = decodeOption(Schema.Struct({ session: Schema.Uint8ArrayFromSelf }), "setSession");

const asClass = (raw: Uint8Array | undefined): X509Certificate | undefined => {
  try {
    return raw && new X509Certificate(raw);
  } catch {
    return undefined; // Node's class is stricter than this library in some things
  }
};

const noCertificate = () =>
  new CertificateError({
    reason: "unknown_ca",
    index: 0,
    subject: "",
    detail: "the peer has shown none",
    rfc: "RFC 5246 §7.4.2",
  });

const tooLate = (option: string): InvalidOption =>
  new InvalidOption({ option, expected: "", got: "", fault: "the handshake has begun" });

/** A connection that ends what it lives in. */
const owned = ({ value, close }: Living<Connection>): Connection =>
  Object.create(value, {
    close: { enumerable: true, value: close },
    abort: { enumerable: true, value: Effect.zipRight(value.abort, close) },
  });
