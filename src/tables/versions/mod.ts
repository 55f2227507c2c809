/** The protocol versions that this library speaks. @module */
import type { CipherSuite } from "../../names/cipher_suite.ts";
import { ProtocolVersion } from "../../names/protocol.ts";
import { suites } from "../suites.ts";
import { suites13 } from "../suites13.ts";
import type { Dialect } from "./dialect.ts";
import { ssl30 } from "./ssl30.ts";
import { tls10, tls11 } from "./tls10.ts";
import { tls12 } from "./tls12.ts";
import { tls13 } from "./tls13.ts";
import type { Version } from "./version.ts";

export { protection13, tls13 } from "./tls13.ts";
export type { Dialect13 } from "./tls13.ts";
export type { Version } from "./version.ts";
export type {
  CertificateWish,
  Derivation,
  Dialect,
  ServerKeyExchangeForms,
  Signed,
  Signing,
} from "./dialect.ts";

/** Every version up to TLS 1.2 that this library speaks, by number, the highest first. */
export const dialects: ReadonlyMap<ProtocolVersion, Dialect> = new Map(
  [tls12, tls11, tls10, ssl30].map((dialect) => [dialect.version, dialect]),
);

/** Every version that this library speaks, of either era, by number, the highest first. */
export const versions: ReadonlyMap<ProtocolVersion, Version> = new Map<ProtocolVersion, Version>([
  [tls13.version, tls13],
  ...dialects,
]);

/** The lists of a policy that say which versions are spoken. */
export interface Speaking {
  readonly versions: ReadonlyArray<ProtocolVersion>;
  readonly cipherSuites: ReadonlyArray<CipherSuite>;
}

/** Whether a suite exists in a version. */
export const hasSuite = (version: ProtocolVersion, id: CipherSuite): boolean =>
  version === tls13.version ? suites13.has(id) : (suites.get(id)?.since ?? Infinity) <= version;

const known = new WeakMap<Speaking, ReadonlyArray<ProtocolVersion>>();

/** The versions that a policy speaks: those that it names, and names a cipher suite for. */
export const spoken = (policy: Speaking): ReadonlyArray<ProtocolVersion> => {
  const before = known.get(policy);
  if (before) return before;
  const now = policy.versions.filter((version) =>
    versions.has(version) && policy.cipherSuites.some((id) => hasSuite(version, id))
  );
  known.set(policy, now);
  return now;
};

/** The highest of some versions; there must be at least one. */
export const highest = (versions: ReadonlyArray<ProtocolVersion>): ProtocolVersion =>
  versions.reduce((a, b) => a > b ? a : b);

/** The version of records and alerts before one is agreed on: TLS 1.0, unless only SSL 3.0 is offered (RFC 5246 §E.1). */
export const spokenFirst = (offered: ProtocolVersion): Dialect =>
  offered < ProtocolVersion.TLS_1_0 ? ssl30 : tls10;
