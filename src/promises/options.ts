/** The options of programs that use no Effect: words and values instead of layers. @module */
import { Layer, Schema } from "../deps.ts";
import { alpnOption, bytesOrText, clientAuthOption, flag, functionOf, list, text, word } from "../options.ts";
import type { TrustOptions } from "../public/certificate_verifier.ts";
import type { ClientAuth, Observe } from "../public/connections.ts";
import type { PemFiles } from "../public/credentials.ts";
import { type Policy, PolicyOption } from "../public/policy.ts";
import type { SessionStoreService } from "../public/session_store.ts";

/** Bytes, or text: of a file in PEM, for example. */
type Content = string | Uint8Array;

/**
 * Whom to trust.
 *
 * - `"bundled"`: Mozilla's roots, which come with the runtime (needs `--allow-sys=ca`); `"system"`: those of the operating system (needs `--allow-read`).
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

/** An object whose members are decoded where they are used. */
export const object = <A extends object>(what: string): Schema.Schema<A> =>
  Schema.declare((u: unknown): u is A => typeof u === "object" && u !== null, { description: what });

const content = Schema.Union(bytesOrText, list(bytesOrText, 1));
const layerOf: Schema.Schema<Layer.Layer<never, unknown>> = Schema.declare(
  (u: unknown): u is Layer.Layer<never, unknown> => Layer.isLayer(u),
  { description: "a Layer" },
);

/** The Schemas of the options that both roles have. */
export const tlsOptions = {
  policy: Schema.optional(Schema.Union(word("modern", "compatible", "legacy"), PolicyOption)),
  alpnProtocols: Schema.optional(alpnOption),
  cert: Schema.optional(bytesOrText),
  key: Schema.optional(bytesOrText),
  keyFormat: Schema.optional(word("pem")),
  passphrase: Schema.optional(Schema.String),
  credentials: Schema.optional(Schema.NonEmptyArray(object<PemFiles>("paths: { certificate, privateKey }"))),
  trust: Schema.optional(
    Schema.Union(
      word("bundled", "system", "nobody checks"),
      object<Exclude<Trust, string>>("{ roots } or { pins }"),
    ),
  ),
  crypto: Schema.optional(word("native", "noble")),
  sessions: Schema.optional(
    Schema.Union(word("memory", "none"), object<SessionStoreService>("a session store")),
  ),
  keyLog: Schema.optional(Schema.Union(text(1), functionOf<(line: string) => void>())),
  layers: Schema.optional(layerOf),
};

/** The Schemas of the options that clients have besides. */
export const clientOptions = {
  ...tlsOptions,
  caCerts: Schema.optional(list(Schema.String)),
  unsafelyDisableHostnameVerification: Schema.optional(flag),
  fallback: Schema.optional(flag),
  earlyData: Schema.optional(Schema.Uint8ArrayFromSelf),
  observe: Schema.optional(functionOf<Observe>()),
  sessionKey: Schema.optional(text(0)),
};

/** The Schemas of the options that servers have besides. */
export const serverOptions = {
  ...tlsOptions,
  clientAuth: Schema.optional(clientAuthOption),
  clientCa: Schema.optional(content),
  tickets: Schema.optional(Schema.Union(flag, Schema.Struct({ file: text(1) }))),
  earlyData: Schema.optional(Schema.Number),
};

/** A signal that gives something up. */
export const signal: Schema.optional<Schema.Schema<AbortSignal>> = Schema.optional(
  Schema.declare((u: unknown): u is AbortSignal => u instanceof AbortSignal, {
    description: "an AbortSignal",
  }),
);
