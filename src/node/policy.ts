/** What to speak, from the options of Node's `tls`. @module */
import { NamedGroup, ProtocolVersion, SignatureScheme } from "../names/mod.ts";
import { InvalidOption } from "../public/errors.ts";
import * as Policy from "../public/policy.ts";
import { cipherSuites } from "./ciphers.ts";

/** A version as Node writes it. `SSLv3` is this library's own. */
export type SecureVersion = "SSLv3" | "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

/** The options that say what to speak. */
export interface SpokenOptions {
  /** The lowest version; `TLSv1.2` unless given. */
  readonly minVersion?: SecureVersion | undefined;
  /** The highest version; `TLSv1.3` unless given. */
  readonly maxVersion?: SecureVersion | undefined;
  /** A single version, by the name of a method of OpenSSL such as `TLSv1_2_method`. Not together with the others. */
  readonly secureProtocol?: string | undefined;
  /** Options of OpenSSL, as a sum of `crypto.constants.SSL_OP_…`: those on versions, tickets, and legacy renegotiation count. */
  readonly secureOptions?: number | undefined;
  /** The cipher suites, as OpenSSL's list. Suites of TLS 1.3 are those that are named. */
  readonly ciphers?: string | undefined;
  /** The groups for key exchange, `P-256:X25519`, the preferred first; `auto` for those of the policy. */
  readonly ecdhCurve?: string | undefined;
  /** The signature schemes, `ecdsa_secp256r1_sha256:RSA+SHA256`, the preferred first. */
  readonly sigalgs?: string | undefined;
  /** The shortest Diffie-Hellman prime in bits that a client accepts; 2048 unless given. */
  readonly minDHSize?: number | undefined;
  /** The longest time for a handshake in milliseconds, in either role; 30,000 unless given. */
  readonly handshakeTimeout?: number | undefined;
  /** A server's: how many seconds a session can be resumed; 300 unless given. */
  readonly sessionTimeout?: number | undefined;
}

/** The versions from the lowest. */
const versions: ReadonlyArray<readonly [SecureVersion, ProtocolVersion]> = [
  ["SSLv3", ProtocolVersion.SSL_3_0],
  ["TLSv1", ProtocolVersion.TLS_1_0],
  ["TLSv1.1", ProtocolVersion.TLS_1_1],
  ["TLSv1.2", ProtocolVersion.TLS_1_2],
  ["TLSv1.3", ProtocolVersion.TLS_1_3],
];

/** The lowest version unless another is given. */
export const DEFAULT_MIN_VERSION: SecureVersion = "TLSv1.2";
/** The highest version unless another is given. */
export const DEFAULT_MAX_VERSION: SecureVersion = "TLSv1.3";
/** The groups unless others are given: those of the policy. */
export const DEFAULT_ECDH_CURVE = "auto";
/** How many renegotiations of the peer's are allowed within `CLIENT_RENEG_WINDOW`. */
export const CLIENT_RENEG_LIMIT = 3;
/** The time in which the peer's renegotiations are counted, in seconds. */
export const CLIENT_RENEG_WINDOW = 600;

/** The bits of OpenSSL's options that count here. */
const SSL_OP = {
  legacyServerConnect: 0x4,
  noTicket: 0x4000,
  unsafeLegacyRenegotiation: 0x40000,
  noSSLv3: 0x2000000,
  noTLSv1: 0x4000000,
  noTLSv1_2: 0x8000000,
  noTLSv1_1: 0x10000000,
  noTLSv1_3: 0x20000000,
  noRenegotiation: 0x40000000,
};

const offBy: Readonly<Record<SecureVersion, number>> = {
  "SSLv3": SSL_OP.noSSLv3,
  "TLSv1": SSL_OP.noTLSv1,
  "TLSv1.1": SSL_OP.noTLSv1_1,
  "TLSv1.2": SSL_OP.noTLSv1_2,
  "TLSv1.3": SSL_OP.noTLSv1_3,
};

/** The policy that options name. Throws InvalidOption. */
export const policyOf = (options: SpokenOptions): Policy.Policy => {
  const {
    secureOptions = 0,
    ciphers,
    ecdhCurve = "auto",
    sigalgs,
    minDHSize,
    sessionTimeout,
    handshakeTimeout,
  } = options;
  const has = (bit: number): boolean => (secureOptions & bit) !== 0;
  const { compatible, modern } = Policy;
  const suites = ciphers === undefined ? compatible.cipherSuites : cipherSuites(ciphers);
  const schemes = sigalgs === undefined ? undefined : schemesOf(sigalgs);
  return {
    // The policy of today's peers, with the cipher suites that Node has by default, and its renegotiation.
    ...modern,
    versions: versionsOf(options).filter((v) => !has(offBy[nameOf(v)])),
    cipherSuites: suites,
    groups: ecdhCurve === "auto" ? modern.groups : groupsOf(ecdhCurve),
    signatureSchemes: schemes ?? modern.signatureSchemes,
    minimumDhPrimeBits: minDHSize ?? modern.minimumDhPrimeBits,
    sessionTickets: !has(SSL_OP.noTicket),
    // A program that gives a certificate wants it shown, whatever the server says it knows.
    unlistedCertificate: "show",
    renegotiation: has(SSL_OP.noRenegotiation) ? "refuse" : "allow",
    requireSecureRenegotiation: !has(SSL_OP.legacyServerConnect | SSL_OP.unsafeLegacyRenegotiation),
    insecureRenegotiation: has(SSL_OP.unsafeLegacyRenegotiation),
    limits: {
      ...modern.limits,
      renegotiations: CLIENT_RENEG_LIMIT,
      renegotiationWindow: CLIENT_RENEG_WINDOW * 1000,
      ...(handshakeTimeout !== undefined && { handshakeTimeout, firstByteTimeout: handshakeTimeout }),
      ...(sessionTimeout !== undefined && { sessionLifetime: sessionTimeout * 1000 }),
      storeWait: STORE_WAIT,
    },
  };
};

/** How long a listener of `newSession` or `resumeSession` may take, in milliseconds. */
const STORE_WAIT = 2_000;

const nameOf = (version: ProtocolVersion): SecureVersion => versions.find(([, v]) => v === version)![0];

const versionsOf = (options: SpokenOptions): ReadonlyArray<ProtocolVersion> => {
  const { secureProtocol, minVersion, maxVersion, ciphers } = options;
  const range = secureProtocol === undefined
    ? [minVersion ?? DEFAULT_MIN_VERSION, maxVersion ?? DEFAULT_MAX_VERSION] as const
    : methodOf(secureProtocol, minVersion ?? maxVersion);
  const [least, most] = range.map((name, i) => {
    const at = versions.findIndex(([known]) => known === name);
    if (at >= 0) return at;
    throw fault(
      i === 0 ? "minVersion" : "maxVersion",
      name,
      `is none of ${versions.map(([v]) => v).join(", ")}`,
    );
  }) as [number, number];
  const found = versions.slice(least, most + 1).map(([, version]) => version).toReversed();
  if (found.length === 0) throw fault("minVersion", range[0], `is higher than maxVersion, ${range[1]}`);
  // As in Node: a list without suites of a version is a version less.
  const named = ciphers === undefined ? undefined : cipherSuites(ciphers);
  return found.filter((version) =>
    named === undefined ||
    named.some((suite) => (suite >> 8 === 0x13) === (version === ProtocolVersion.TLS_1_3))
  );
};

const methodOf = (method: string, other: string | undefined): readonly [SecureVersion, SecureVersion] => {
  if (other !== undefined) {
    throw fault("secureProtocol", method, "cannot be combined with minVersion or maxVersion");
  }
  const base = method.replace(/_(client_|server_)?method$/, "").replaceAll("_", ".");
  if (base === "TLS" || base === "SSLv23") return ["TLSv1", "TLSv1.3"];
  const found = versions.find(([name]) => name === base)?.[0];
  if (found) return [found, found];
  throw fault("secureProtocol", method, "is no method that is known here, such as TLSv1_2_method");
};

const curves: Readonly<Record<string, NamedGroup>> = {
  "P-256": NamedGroup.secp256r1,
  "P-384": NamedGroup.secp384r1,
  "P-521": NamedGroup.secp521r1,
  "prime256v1": NamedGroup.secp256r1,
  "X25519": NamedGroup.x25519,
  "X448": NamedGroup.x448,
};

const groupsOf = (list: string): ReadonlyArray<NamedGroup> =>
  list.split(":").map((name) => {
    const group = (Object.hasOwn(curves, name) ? curves[name] : undefined) ??
      Policy.everyGroup.find((one) => NamedGroup.nameOf(one) === name);
    if (group !== undefined) return group;
    throw fault("ecdhCurve", name, "is no group that is known here, such as X25519 or P-256");
  });

const schemesOf = (list: string): ReadonlyArray<SignatureScheme> => [
  ...new Set(
    list.split(":").flatMap((name) => {
      const found = known.filter(([theirs]) => theirs === name).map(([, scheme]) => scheme);
      if (found.length > 0) return found;
      throw fault(
        "sigalgs",
        name,
        "is no signature scheme that is known here, such as ecdsa_secp256r1_sha256",
      );
    }),
  ),
];

/** The schemes by IANA's names, and by OpenSSL's pairs of a kind of key and a hash. */
const known: ReadonlyArray<readonly [string, SignatureScheme]> = Policy.compatible.signatureSchemes.flatMap(
  (scheme) => {
    const name = SignatureScheme.nameOf(scheme);
    const [, kind = "", bits = ""] = /^(rsa_pkcs1|rsa_pss_rsae|rsa_pss_pss|ecdsa).*sha(\d+)$/.exec(name) ??
      [];
    const pair = kind === ""
      ? name
      : `${kind === "ecdsa" ? "ECDSA" : kind === "rsa_pkcs1" ? "RSA" : "RSA-PSS"}+SHA${bits}`;
    return [[name, scheme], [pair, scheme]] as const;
  },
);

const fault = (option: string, got: string, why: string): InvalidOption =>
  new InvalidOption({ option, expected: "", got, fault: `${JSON.stringify(got)} ${why}` });
