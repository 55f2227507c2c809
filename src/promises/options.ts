/** The options of programs that use no Effect: words and values instead of layers. @module */
import type { Layer } from "../deps.ts";
import type { TrustOptions } from "../public/certificate_verifier.ts";
import type { ClientAuth, Observe } from "../public/connections.ts";
import type { PemFiles } from "../public/credentials.ts";
import type { Policy } from "../public/policy.ts";
import type { SessionStoreService } from "../public/session_store.ts";

/** Bytes, or text: of a file in PEM, for example. */
type Content = string | Uint8Array;

/**
 * Whom to trust.
 *
 * - `"bundled"`: Mozilla's roots, which come with the runtime (needs `--allow-sys`); `"system"`: those of the operating system (needs `--allow-read`).
 * - `{ roots, … }`: these roots and no others (PEM, DER or PKCS#7), with the options of `CertificateVerifier.layerRoots` beside
 *   them: `sha1`, `commonName`, `crls` and so on.
 * - `{ pins }`: whoever has one of these keys, by the SHA-256 of the SubjectPublicKeyInfo, in base64 or hexadecimal; with `roots`
 *   beside them, both must hold.
 * - `"nobody checks"`: everybody. The connection is encrypted, but the peer could be anybody.
 */
export type Trust =
  | "bundled"
  | "system"
  | "nobody checks"
  | ({
    readonly roots: Content | ReadonlyArray<Content>;
    readonly pins?: ReadonlyArray<string> | undefined;
  } & TrustOptions)
  | { readonly pins: ReadonlyArray<string>; readonly roots?: undefined };

/** The options of both roles. */
export interface TlsOptions {
  /**
   * What to speak: `"modern"` (TLS 1.3 and 1.2; unless given), `"compatible"` (TLS 1.0 and 1.1, CBC, RSA key transport as well),
   * `"legacy"` (also SSL 3.0, RC4, 3DES), or a policy of your own.
   */
  readonly policy?: "modern" | "compatible" | "legacy" | Policy | undefined;
  /** The application protocols, the preferred first (ALPN, RFC 7301); none unless given. */
  readonly alpnProtocols?: ReadonlyArray<string> | undefined;
  /** The certificate chain of this end: PEM, or the bytes of a file in PEM, DER, PKCS#7 or PKCS#12. With `key`. */
  readonly cert?: Content | undefined;
  /** The private key of `cert`. */
  readonly key?: Content | undefined;
  /** The form of `cert` and `key`, which Deno's options have: it is found out, whatever this says. */
  readonly keyFormat?: "pem" | undefined;
  /** The passphrase of an encrypted `key`. */
  readonly passphrase?: string | undefined;
  /** Instead of `cert` and `key`: the files of one or more certificates, which are read again when they change. */
  readonly credentials?: readonly [PemFiles, ...ReadonlyArray<PemFiles>] | undefined;
  /** Whom to trust; for a client `"bundled"` unless given. */
  readonly trust?: Trust | undefined;
  /** Who does the cryptography: `"native"` (the runtime where it is faster; unless given), or `"noble"` (JavaScript alone). */
  readonly crypto?: "native" | "noble" | undefined;
  /**
   * Where sessions are kept for resumption: `"memory"` (unless given; all clients of a process share one, and never each other's
   * trust or certificates), `"none"`, or a store of your own.
   */
  readonly sessions?: "memory" | "none" | SessionStoreService | undefined;
  /** The file to append the secrets of each connection to, or a function that gets each line. Wireshark reads it. */
  readonly keyLog?: string | ((line: string) => void) | undefined;
  /**
   * Layers to use instead of those that the other options choose: of Crypto, SessionStore, CertificateVerifier, Credentials,
   * Transport or any other service, merged into one.
   */
  readonly layers?: Layer.Layer<never, unknown> | undefined;
}

/** The options of a client. */
export interface ClientOptions extends TlsOptions {
  /** More roots to trust (PEM), beside those of `trust`; alone where those cannot be read. */
  readonly caCerts?: ReadonlyArray<string> | undefined;
  /**
   * If true, the server's certificate may be for any name, as long as a trusted root vouches for it. Anybody with a certificate
   * can then pretend to be the server.
   */
  readonly unsafelyDisableHostnameVerification?: boolean | undefined;
  /** Whether this is a retry at a lower version than before (RFC 7507). */
  readonly fallback?: boolean | undefined;
  /** Bytes to send with the first flight, if a session allows it: see `Client.connect`. */
  readonly earlyData?: Uint8Array | undefined;
  /** Called with each message, change of keys and alert as it happens. */
  readonly observe?: Observe | undefined;
  /** The key of the server's session in the store: see `Client.over`. */
  readonly sessionKey?: string | undefined;
}

/** The options of a server. */
export interface ServerOptions extends TlsOptions {
  /** Whether to ask clients for a certificate (`request`) and to refuse those without one (`require`); `none` unless given. */
  readonly clientAuth?: ClientAuth | undefined;
  /** The roots of client certificates to trust (PEM, DER or PKCS#7); short for `trust: { roots }`. */
  readonly clientCa?: Content | ReadonlyArray<Content> | undefined;
  /** Whether to make session tickets, under keys of this process, or with keys in a file that survive it; no unless given. */
  readonly tickets?: boolean | { readonly file: string } | undefined;
  /** The most bytes of early data to accept (TLS 1.3); 0 unless given: see `Server.listen`. */
  readonly earlyData?: number | undefined;
}
