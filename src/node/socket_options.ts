/** The options of a TLSSocket in either role, and how they are decoded. @module */
import { Schema } from "../deps.ts";
import { alpnOption, decodeOption, flag, functionOf, text, whole } from "../options.ts";
import { now } from "../promises/run.ts";
import { object } from "../promises/decoding.ts";
import { InvalidOption } from "../public/errors.ts";
import type { NodeCertificate } from "./certificate.ts";
import { Buffer } from "./deps.ts";
import { picked, SecureContext, type SecureContextOptions } from "./secure_context.ts";
import type { PskOffer } from "./services.ts";
import type { TlsDuplex } from "./tls_duplex.ts";

/** Names of application protocols: texts, or their bytes, or all of them in the form of the extension. */
export type AlpnProtocols = ReadonlyArray<string | Uint8Array> | Uint8Array;

/** Compares the certificate with the host name, and gives the error if it is for another. */
export type CheckServerIdentity = (hostname: string, certificate: NodeCertificate) => Error | undefined;

/** Tells which certificates a server has for a name, by calling back. */
export type SniCallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext | null) => void,
) => void;

/** Chooses an application protocol among those that a client offers; `undefined` to refuse it. */
export type AlpnCallback = (
  offer: { readonly servername: string; readonly protocols: ReadonlyArray<string> },
) => string | undefined;

/** The options of a TLSSocket. Those of a secure context count unless `secureContext` is given. Others are ignored, as Node ignores them. */
export interface TLSSocketOptions extends SecureContextOptions {
  /** Whether this end is the server; the client unless given. */
  readonly isServer?: boolean | undefined;
  /** Certificates, trust, and what to speak. */
  readonly secureContext?: SecureContext | undefined;
  /** The server that emits `newSession` and `resumeSession`. */
  readonly server?: NodeJS.EventEmitter | undefined;
  /** Server: whether to ask the client for a certificate; no unless given. */
  readonly requestCert?: boolean | undefined;
  /** Whether to refuse a peer that is not trusted; yes unless given. Otherwise `authorized` tells. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** The application protocols, the preferred first. */
  readonly ALPNProtocols?: AlpnProtocols | undefined;
  /** Server, instead of `ALPNProtocols`: chooses among those that the client offers. It is not called if it offers none. */
  readonly ALPNCallback?: AlpnCallback | undefined;
  /** Server: chooses certificates by the name that the client asks for. */
  readonly SNICallback?: SniCallback | undefined;
  /** Client: the name to ask for, and to find in the certificate; empty to ask for none. */
  readonly servername?: string | undefined;
  /** Client: the name to find in the certificate if `servername` is not given; `localhost` unless given. */
  readonly host?: string | undefined;
  /** Client: compares names itself. It is called once the chain is trusted, in resumed sessions as well. */
  readonly checkServerIdentity?: CheckServerIdentity | undefined;
  /** Client: a session from `getSession` or the event `session`. */
  readonly session?: Uint8Array | undefined;
  /** Client: whether `OCSPResponse` is emitted. */
  readonly requestOCSP?: boolean | undefined;
  /** Chooses or finds external pre-shared keys (TLS 1.3, SHA-256): `(hint) => { psk, identity }`, and `(socket, identity) => psk` at a server. */
  readonly pskCallback?:
    | ((hint: string | null) => PskOffer | null | undefined)
    | ((socket: TlsDuplex, identity: string) => Uint8Array | null | undefined)
    | undefined;
  /** Whether this end may go on writing after the peer's end; no unless given. */
  readonly allowHalfOpen?: boolean | undefined;
  /** How many bytes may wait in each direction. */
  readonly highWaterMark?: number | undefined;
}

/** The options after decoding. */
export interface SocketOptions {
  readonly isServer: boolean;
  readonly secureContext: SecureContext;
  readonly server: NodeJS.EventEmitter | undefined;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly ALPNProtocols: ReadonlyArray<string>;
  readonly ALPNCallback: AlpnCallback | undefined;
  readonly SNICallback: SniCallback | undefined;
  readonly servername: string | undefined;
  readonly host: string;
  readonly checkServerIdentity: CheckServerIdentity | undefined;
  readonly session: Uint8Array | undefined;
  readonly requestOCSP: boolean;
  readonly pskCallback: TLSSocketOptions["pskCallback"];
  readonly allowHalfOpen: boolean;
  readonly highWaterMark: number | undefined;
}

/** A member that is there or is not: `undefined` was left out before. */
const may = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true });
const members = {
  isServer: may(flag),
  secureContext: may(
    Schema.declare((u: unknown): u is SecureContext => u instanceof SecureContext, {
      description: "what createSecureContext of this module has made",
    }),
  ),
  server: may(object<NodeJS.EventEmitter>("a server")),
  requestCert: may(flag),
  rejectUnauthorized: may(flag),
  ALPNCallback: may(functionOf<AlpnCallback>()),
  SNICallback: may(functionOf<SniCallback>()),
  servername: may(text(0, 255)),
  host: may(text(1, 255)),
  checkServerIdentity: may(functionOf<CheckServerIdentity>()),
  session: may(Schema.Uint8ArrayFromSelf),
  requestOCSP: may(flag),
  pskCallback: may(functionOf<NonNullable<TLSSocketOptions["pskCallback"]>>()),
  allowHalfOpen: may(flag),
  highWaterMark: may(whole(0)),
};
const decode = decodeOption(Schema.Struct(members));

/** Decodes options. Throws InvalidOption, and what `createSecureContext` throws. */
export const socketOptions = (options: TLSSocketOptions): SocketOptions => {
  const decoded = now(decode(picked(options, Object.keys(members))));
  if (decoded.ALPNCallback && options.ALPNProtocols) {
    const fault = "cannot be combined with ALPNProtocols";
    throw new InvalidOption({ option: "ALPNCallback", expected: "", got: "", fault });
  }
  return {
    server: undefined,
    ALPNCallback: undefined,
    SNICallback: undefined,
    servername: undefined,
    checkServerIdentity: undefined,
    session: undefined,
    pskCallback: undefined,
    highWaterMark: undefined,
    isServer: false,
    requestCert: false,
    rejectUnauthorized: true,
    host: "localhost",
    requestOCSP: false,
    allowHalfOpen: false,
    ...decoded,
    secureContext: decoded.secureContext ?? new SecureContext(options),
    ALPNProtocols: alpnNames(options.ALPNProtocols ?? []),
  };
};

const decodeNames = decodeOption(Schema.Struct({ ALPNProtocols: alpnOption }));

/** Application protocols as texts. Throws InvalidOption. */
export const alpnNames = (given: AlpnProtocols): ReadonlyArray<string> => {
  const names = given instanceof Uint8Array
    ? prefixed(given)
    : Array.isArray(given)
    ? given.map((name: unknown) => name instanceof Uint8Array ? textOf(name) : name)
    : given;
  return now(decodeNames({ ALPNProtocols: names })).ALPNProtocols;
};

/** The names in the form of the extension: each behind its length (RFC 7301 §3.1). */
const prefixed = (bytes: Uint8Array): ReadonlyArray<string> => {
  const names: Array<string> = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 1 + bytes[at]!;
    if (end > bytes.length) throw badNames("ends in the middle of a name");
    names.push(textOf(bytes.subarray(at + 1, end)));
    at = end;
  }
  return names;
};

const textOf = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badNames("has a name that is not in UTF-8");
  }
};

const badNames = (fault: string): InvalidOption =>
  new InvalidOption({ option: "ALPNProtocols", expected: "", got: "", fault });

/** The names in the form of the extension, as Node's `tls.convertALPNProtocols` leaves them in an object. Throws InvalidOption. */
export const convertALPNProtocols = (
  protocols: AlpnProtocols,
  out: { ALPNProtocols?: Uint8Array },
): void => {
  out.ALPNProtocols = Buffer.concat(
    alpnNames(protocols).map((name) => {
      const bytes = Buffer.from(name);
      return Buffer.concat([Buffer.from([bytes.length]), bytes]);
    }),
  );
};
