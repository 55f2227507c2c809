/** The protocol versions that can be spoken. @module */
import { ProtocolVersion } from "../../names/protocol.ts";
import type { Dialect } from "./dialect.ts";
import { ssl30 } from "./ssl30.ts";
import { tls10, tls11 } from "./tls10.ts";
import { tls12 } from "./tls12.ts";

export type {
  CertificateWish,
  Derivation,
  Dialect,
  ServerKeyExchangeForms,
  Signed,
  Signing,
} from "./dialect.ts";

/** Every version that can be spoken. */
export const dialects: ReadonlyMap<ProtocolVersion, Dialect> = new Map(
  [tls12, tls11, tls10, ssl30].map((dialect) => [dialect.version, dialect]),
);

/** Of the versions that a policy names, those that can be spoken. */
export const spoken = (versions: ReadonlyArray<ProtocolVersion>): ReadonlyArray<ProtocolVersion> =>
  versions.filter((version) => dialects.has(version));

/** The highest of some versions, of which there is at least one. */
export const highest = (versions: ReadonlyArray<ProtocolVersion>): ProtocolVersion =>
  versions.reduce((a, b) => a > b ? a : b);

/** How it is spoken while no version is agreed on: everybody reads 1.0 but who has SSL 3.0 alone (RFC 5246 §E.1). */
export const spokenFirst = (offered: ProtocolVersion): Dialect =>
  offered < ProtocolVersion.TLS_1_0 ? ssl30 : tls10;
