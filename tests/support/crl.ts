/** CRLs for tests: any one, right or wrong in any one way, signed by node:crypto. @module */
import { Either } from "../deps.ts";
import { ascii, type Bytes } from "../../src/wire/bytes.ts";
import * as Build from "../../src/x509/certificate/build.ts";
import { parseCertificate } from "../../src/x509/certificate/certificate.ts";
import { oids } from "../../src/x509/der/oids.ts";
import * as Der from "../../src/x509/der/writer.ts";
import { Buffer } from "node:buffer";
import { type Issued, type Signature, signatures, usualSignature } from "./ca.ts";

/** A revoked certificate: a serial number in two's complement, or whose it is. */
export interface RevokedOptions {
  readonly certificate?: Issued;
  readonly serialNumber?: Bytes;
  /** Seconds since the epoch; a day before the CRL if left out. */
  readonly date?: number;
  /** The number of a CRLReason. */
  readonly reason?: number;
  /** The certificate's issuer as DER, where it is not that of the CRL. */
  readonly issuer?: Bytes;
  /** Further extensions, as DER. */
  readonly extensions?: ReadonlyArray<Bytes>;
}

/** What to say; what is left out is as a good CRL has it. */
export interface CrlOptions {
  readonly revoked?: ReadonlyArray<RevokedOptions>;
  /** Seconds since the epoch; from an hour before `now` to a day after it if left out. `null` leaves it out. */
  readonly now?: number;
  readonly thisUpdate?: number;
  readonly nextUpdate?: number | null;
  /** The CRL number; 1 if left out, `null` leaves it out. */
  readonly number?: number | null;
  /** Makes it a delta to the CRL of this number. */
  readonly deltaTo?: number;
  /** The issuing distribution point, as `scope` makes it. */
  readonly scope?: Bytes;
  /** Who signs; the issuer if left out. */
  readonly by?: Issued;
  readonly keyId?: Bytes | null;
  readonly signature?: Signature;
  readonly extensions?: ReadonlyArray<Bytes>;
  /** No extension at all, so that it is version 1. */
  readonly version1?: boolean;
  /** A last change to the TBSCertList, after it was signed. */
  readonly forge?: (tbs: Bytes) => Bytes;
}

const enumerated = (value: number) => Der.element(0x0a, Uint8Array.of(value));

const entry = (one: RevokedOptions, at: number): Bytes => {
  const { certificate, serialNumber, date = at - 86400, reason, issuer, extensions = [] } = one;
  const serial = serialNumber ?? Either.getOrThrow(parseCertificate(certificate!.der)).serialNumber;
  const all = [
    ...(reason === undefined ? [] : [Build.extension(oids.reasonCode, enumerated(reason))]),
    ...(issuer === undefined
      ? []
      : [Build.extension(oids.certificateIssuer, Der.sequence(Der.explicit(4, issuer)), true)]),
    ...extensions,
  ];
  return Der.sequence(
    Der.element(0x02, serial),
    Der.time(date),
    ...(all.length ? [Der.sequence(...all)] : []),
  );
};

/** Many parts as one; there may be more than a call takes arguments. */
const joined = (parts: ReadonlyArray<Bytes>): Bytes => new Uint8Array(Buffer.concat(parts));

/** `CertificateList` of an issuer (RFC 5280 §5.1). */
export const makeCrl = (issuer: Issued, options: CrlOptions = {}): Bytes => {
  const { revoked = [], now = Math.floor(Date.now() / 1000), number = 1, by = issuer, forge = (tbs) => tbs } =
    options;
  const { thisUpdate = now - 3600, nextUpdate = now + 86400, keyId = by.keyId } = options;
  const how = signatures[options.signature ?? usualSignature[by.key.kind]];
  const extensions = options.version1 ? [] : [
    ...(keyId ? [Build.authorityKeyIdentifier(keyId)] : []),
    ...(number === null ? [] : [Build.extension(oids.cRLNumber, Der.integer(number))]),
    ...(options.deltaTo === undefined
      ? []
      : [Build.extension(oids.deltaCRLIndicator, Der.integer(options.deltaTo), true)]),
    ...(options.scope ? [options.scope] : []),
    ...(options.extensions ?? []),
  ];
  const tbs = Der.sequence(
    ...(options.version1 ? [] : [Der.integer(1)]),
    how.algorithm,
    issuer.subject,
    Der.time(thisUpdate),
    ...(nextUpdate === null ? [] : [Der.time(nextUpdate)]),
    ...(revoked.length ? [Der.sequence(joined(revoked.map((one) => entry(one, thisUpdate))))] : []),
    ...(extensions.length ? [Der.explicit(0, Der.sequence(...extensions))] : []),
  );
  return Der.sequence(forge(tbs), how.algorithm, Der.bitString(how.sign(tbs, by.key.privateKey)));
};

/** Names of a distribution point: URIs, or whole names as DER. */
type PointName = string | Bytes;

const generalName = (name: PointName): Bytes =>
  typeof name === "string" ? Der.context(6, ascii(name)) : Der.explicit(4, name);
const fullName = (names: ReadonlyArray<PointName>): Bytes => Der.explicit(0, ...names.map(generalName));
/** A relative name: a common name below that of the CRL's issuer. */
const relativeName = (commonName: string): Bytes =>
  Der.explicit(1, Der.sequence(Der.objectIdentifier(oids.commonName), Der.utf8String(commonName)));

/** `ReasonFlags`, by the numbers of the bits. */
const reasonFlags = (n: number, bits: ReadonlyArray<number>): Bytes => {
  const bytes = new Uint8Array((Math.max(...bits) >> 3) + 1);
  for (const bit of bits) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  return Der.context(n, Uint8Array.of(7 - (Math.max(...bits) & 7), ...bytes));
};

/** The members of IssuingDistributionPoint. */
export interface ScopeOptions {
  readonly names?: ReadonlyArray<PointName>;
  readonly relative?: string;
  readonly only?: "user" | "ca" | "attribute";
  readonly reasons?: ReadonlyArray<number>;
  readonly indirect?: boolean;
}

/** `IssuingDistributionPoint` (RFC 5280 §5.2.5), critical. */
export const scope = ({ names, relative, only, reasons, indirect }: ScopeOptions): Bytes => {
  const yes = (n: number, set: boolean | undefined) => set ? [Der.context(n, Uint8Array.of(0xff))] : [];
  const name = names ? fullName(names) : relative === undefined ? undefined : relativeName(relative);
  return Build.extension(
    oids.issuingDistributionPoint,
    Der.sequence(
      ...(name ? [Der.explicit(0, name)] : []),
      ...yes(1, only === "user"),
      ...yes(2, only === "ca"),
      ...(reasons ? [reasonFlags(3, reasons)] : []),
      ...yes(4, indirect),
      ...yes(5, only === "attribute"),
    ),
    true,
  );
};

/** The members of DistributionPoint. */
export interface PointOptions {
  readonly names?: ReadonlyArray<PointName>;
  readonly relative?: string;
  readonly reasons?: ReadonlyArray<number>;
  /** The name of the CRL's issuer as DER. */
  readonly issuer?: Bytes;
}

const point = ({ names, relative, reasons, issuer }: PointOptions): Bytes => {
  const name = names ? fullName(names) : relative === undefined ? undefined : relativeName(relative);
  return Der.sequence(
    ...(name ? [Der.explicit(0, name)] : []),
    ...(reasons ? [reasonFlags(1, reasons)] : []),
    ...(issuer ? [Der.explicit(2, Der.explicit(4, issuer))] : []),
  );
};

/** `CRLDistributionPoints` (RFC 5280 §4.2.1.13). */
export const distributionPoints = (...points: ReadonlyArray<PointOptions>): Bytes =>
  Build.extension(oids.cRLDistributionPoints, Der.sequence(...points.map(point)));
