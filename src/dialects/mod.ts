/** The protocol versions that can be spoken. @module */
import { ProtocolVersion } from "../names/protocol.ts";
import { ascii, type Bytes, sameBytes } from "../wire/bytes.ts";
import type { Dialect } from "./dialect.ts";
import { ssl30 } from "./ssl30.ts";
import { tls10, tls11 } from "./tls10.ts";
import { tls12 } from "./tls12.ts";

export type {
  CertificateWish,
  Derivation,
  Dialect,
  OfBoth,
  ServerKeyExchangeForms,
  Side,
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

const sentinel = (last: number): Bytes => Uint8Array.of(...ascii("DOWNGRD"), last);
const TO_12 = sentinel(1);
const BELOW_12 = sentinel(0);

/**
 * What the last eight bytes of a server's random must be when it speaks less than it could (RFC 8446 §4.1.3): a
 * client that could have spoken more then knows that somebody stood between.
 */
export const downgradeSentinel = (spoken: ProtocolVersion, best: ProtocolVersion): Bytes | undefined =>
  spoken >= best || best < ProtocolVersion.TLS_1_2
    ? undefined
    : spoken >= ProtocolVersion.TLS_1_2
    ? TO_12
    : BELOW_12;

/** Whether a server's random says that it could have spoken more, to a client whose best is `best`. */
export const isDowngraded = (random: Bytes, spoken: ProtocolVersion, best: ProtocolVersion): boolean => {
  if (downgradeSentinel(spoken, best) === undefined) return false;
  const end = random.subarray(random.length - 8);
  return sameBytes(end, BELOW_12) || (best > ProtocolVersion.TLS_1_2 && sameBytes(end, TO_12));
};
