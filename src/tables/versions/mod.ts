/** The protocol versions that this library speaks. @module */
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

/** Every version that this library speaks, by number, the highest first. */
export const dialects: ReadonlyMap<ProtocolVersion, Dialect> = new Map(
  [tls12, tls11, tls10, ssl30].map((dialect) => [dialect.version, dialect]),
);

/** The versions of a policy that this library speaks. */
export const spoken = (versions: ReadonlyArray<ProtocolVersion>): ReadonlyArray<ProtocolVersion> =>
  versions.filter((version) => dialects.has(version));

/** The highest of some versions; there must be at least one. */
export const highest = (versions: ReadonlyArray<ProtocolVersion>): ProtocolVersion =>
  versions.reduce((a, b) => a > b ? a : b);

/** The version of records and alerts before one is agreed on: TLS 1.0, unless only SSL 3.0 is offered (RFC 5246 §E.1). */
export const spokenFirst = (offered: ProtocolVersion): Dialect =>
  offered < ProtocolVersion.TLS_1_0 ? ssl30 : tls10;
