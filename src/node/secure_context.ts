/** What a TLS connection needs that is the same for many: certificates, trust, and what to speak. @module */
import { Context, Effect, Layer, Schema } from "../deps.ts";
import { bytes, bytesOrText, decodeOption, limit, list, whole } from "../options.ts";
import { begun, living, now } from "../promises/run.ts";
import { clientServices, type OptionsError } from "../promises/services.ts";
import { CertificateVerifier, type CertificateVerifierService } from "../public/certificate_verifier.ts";
import {
  type Credential,
  credentialFromPem,
  Credentials,
  type CredentialsService,
  layer as credentialsLayer,
} from "../public/credentials.ts";
import { InvalidOption } from "../public/errors.ts";
import type { Policy } from "../public/policy.ts";
import { rootCertificates } from "./deps.ts";
import { policyOf, type SpokenOptions } from "./policy.ts";
import { makeTickets, type Tickets } from "./tickets.ts";

/** Bytes, or text. */
type Content = string | Uint8Array;

/** One, or several. */
type Many<A> = A | ReadonlyArray<A>;

/** The options of a secure context, as Node has them. Others are ignored, as Node ignores them. */
export interface SecureContextOptions extends SpokenOptions {
  /** The roots to trust instead of Mozilla's: PEM or DER. */
  readonly ca?: Many<Content> | undefined;
  /** Our certificate chains: PEM or DER, one for each key. */
  readonly cert?: Many<Content> | undefined;
  /** Our private keys, in the order of `cert`. */
  readonly key?:
    | Many<Content | { readonly pem: Content; readonly passphrase?: string | undefined }>
    | undefined;
  /** Instead of `cert` and `key`: PKCS#12 files. */
  readonly pfx?:
    | Many<Content | { readonly buf: Content; readonly passphrase?: string | undefined }>
    | undefined;
  /** The passphrase of `key` or `pfx`. */
  readonly passphrase?: string | undefined;
  /** CRLs: PEM or DER. With them, every certificate of a chain must be known not to be revoked. */
  readonly crl?: Many<Content> | undefined;
  /** A server's keys for session tickets: 48 bytes. */
  readonly ticketKeys?: Uint8Array | undefined;
  /** A server's name for its sessions: those of another name are not resumed, even with the same keys for tickets. */
  readonly sessionIdContext?: string | undefined;
}

const several = <A, I>(one: Schema.Schema<A, I>) => Schema.optional(Schema.Union(one, list(one)));
const passphrase = Schema.optional(Schema.String);
const members = {
  ca: several(bytesOrText),
  cert: several(bytesOrText),
  key: several(Schema.Union(bytesOrText, Schema.Struct({ pem: bytesOrText, passphrase }))),
  pfx: several(Schema.Union(bytesOrText, Schema.Struct({ buf: bytesOrText, passphrase }))),
  passphrase,
  crl: several(bytesOrText),
  ticketKeys: Schema.optional(bytes(48)),
  minVersion: Schema.optional(Schema.String),
  maxVersion: Schema.optional(Schema.String),
  secureProtocol: Schema.optional(Schema.String),
  secureOptions: Schema.optional(whole(0)),
  ciphers: Schema.optional(Schema.String),
  ecdhCurve: Schema.optional(Schema.String),
  sigalgs: Schema.optional(Schema.String),
  minDHSize: Schema.optional(whole(1)),
  handshakeTimeout: Schema.optional(limit(1)),
  sessionTimeout: Schema.optional(limit(0)),
  sessionIdContext: Schema.optional(Schema.String),
};
const decode = decodeOption(Schema.Struct(members));

/** Options that say whose key is used, or where data goes: to ignore them would be to pretend. */
const refused = ["clientCertEngine", "privateKeyEngine", "privateKeyIdentifier", "onread"];

/** The members of options that count, without those that are `undefined` or `null`, as Node takes both for absent. */
export const picked = (options: object, names: ReadonlyArray<string>): Record<string, unknown> =>
  Object.fromEntries(
    names.map((name) => [name, (options as Record<string, unknown>)[name] ?? undefined]).filter(([, value]) =>
      value !== undefined
    ),
  );

/** Our certificates, and the first of them. */
export interface Own {
  readonly service: CredentialsService;
  readonly first: Credential | undefined;
}

/** How long a session can be resumed unless options say otherwise, in seconds. */
const SESSION_TIMEOUT = 300;

/** Certificates, trust, and what to speak, for many connections. It is made by `createSecureContext`. */
export class SecureContext {
  /** What to speak. @internal */
  readonly policy: Policy;
  /** A server's name for its sessions. @internal */
  readonly sessionIdContext: string;
  /** A server's session tickets. @internal */
  readonly tickets: Tickets;
  /** Our certificates. @internal */
  readonly credentials: Effect.Effect<Own, unknown>;
  /** Whom to trust. Built when first asked for, because a server may need no roots. @internal */
  readonly trust: Effect.Effect<CertificateVerifierService, OptionsError>;

  /** Decodes options. Throws a typed error for options of the wrong type, and for certificates and keys that cannot be read. */
  constructor(options: SecureContextOptions = {}) {
    refused.forEach((option) => {
      if (picked(options, [option])[option]) throw notHere(option);
    });
    const decoded = now(decode(picked(options, Object.keys(members)))) as SecureContextOptions;
    this.policy = policyOf(decoded);
    this.sessionIdContext = decoded.sessionIdContext ?? "";
    this.tickets = makeTickets(decoded.ticketKeys, decoded.sessionTimeout ?? SESSION_TIMEOUT);
    const { done } = begun(Effect.map(Effect.all(pairsOf(decoded).map(credentialFromPem)), ownOf));
    done.catch(() => {}); // who uses it is told
    this.credentials = Effect.tryPromise({ try: () => done, catch: (error) => error });
    this.trust = now(Effect.cached(Effect.uninterruptible(trustOf(decoded))));
  }
}

/** Makes a secure context, whose certificates are read once for many connections. Throws typed errors. */
export const createSecureContext = (options?: SecureContextOptions): SecureContext =>
  new SecureContext(options);

const notHere = (option: string): InvalidOption =>
  new InvalidOption({ option, expected: "", got: "", fault: "is not supported here; see docs/node_tls.md" });

const ownOf = (credentials: ReadonlyArray<Credential>): Own => ({
  first: credentials[0],
  service: Context.get(now(Effect.scoped(Layer.build(credentialsLayer(credentials)))), Credentials),
});

/** It lives as long as the process: nothing in it holds more than memory. */
const trustOf = (
  { ca, crl }: SecureContextOptions,
): Effect.Effect<CertificateVerifierService, OptionsError> =>
  Effect.map(
    living(clientServices({
      // As OpenSSL has it, the certificate of a device may be its own authority and may have its name in the subject alone.
      trust: ca !== undefined
        ? { roots: listOf(ca), commonName: true, caAsLeaf: true, ...listed(crl) }
        : crl !== undefined
        ? { roots: rootCertificates, ...listed(crl) }
        : "bundled",
    })),
    ({ value }) => Context.get(value, CertificateVerifier),
  );

const listed = (crl: SecureContextOptions["crl"]) => crl === undefined ? {} : { crls: listOf(crl) };

const listOf = <A>(many: Many<A> | undefined): ReadonlyArray<A> =>
  many === undefined ? [] : Array.isArray(many) ? many : [many as A];

/** Our chains with their keys. */
const pairsOf = ({ cert, key, pfx, passphrase }: SecureContextOptions) => {
  const files = listOf(pfx).map((one) => isContent(one) ? { buf: one, passphrase } : { passphrase, ...one });
  const keys = listOf(key).map((one) => isContent(one) ? { pem: one, passphrase } : { passphrase, ...one });
  const certs = listOf(cert);
  if (certs.length !== keys.length) {
    const [option, fault] = certs.length < keys.length
      ? ["cert", "has fewer chains than there are keys"]
      : ["key", "has fewer keys than there are chains in cert"];
    throw new InvalidOption({ option, expected: "", got: "", fault });
  }
  return [
    ...keys.map((one, i) => ({
      certificate: certs[i]!,
      privateKey: one.pem,
      passphrase: one.passphrase,
      legacy: true,
    })),
    ...files.map(({ buf, passphrase }) => ({ certificate: buf, privateKey: buf, passphrase, legacy: true })),
  ];
};

const isContent = (one: unknown): one is Content => typeof one === "string" || one instanceof Uint8Array;
