/** Certificate revocation lists as plain values (RFC 5280 §5). `crl/validate.ts` decides whether to believe one. @module */
import { Either } from "../../deps.ts";
import { type Bytes, EMPTY, sameBytes, toHex } from "../../wire/bytes.ts";
import {
  authorityKeyIdentifier,
  type Extension,
  extensionsOf,
  type UnderstoodOf,
} from "../certificate/extensions.ts";
import {
  decodeDer,
  type Der,
  type DerError,
  explicit,
  map,
  optional,
  sequence,
  withRaw,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { anyTime, bitString, count, unsigned } from "../der/types.ts";
import { algorithmIdentifier, type SignatureAlgorithm, signatureAlgorithm } from "../keys/algorithms.ts";
import { type DistinguishedName, name } from "../names/distinguished_name.ts";
import { distributionPoints, issuingDistributionPoint } from "../names/distribution_point.ts";
import { Entries, revokedCertificates } from "./entries.ts";

/** A CRL has at most 20 bytes of number (RFC 5280 §5.2.3); making a number of many more takes quadratic time. */
const LONGEST_NUMBER = 64;

/** `CRLNumber`. */
const crlNumber: Der<bigint> = map(
  unsigned,
  (bytes, fail) =>
    bytes.length > LONGEST_NUMBER ? fail(`a number of ${bytes.length} bytes`) : BigInt(`0x${toHex(bytes)}`),
);

/** The declarations of extensions, by the name of the extension's member in `CertificateList`. */
const declarations = {
  authorityKeyIdentifier,
  cRLNumber: crlNumber,
  deltaCRLIndicator: crlNumber,
  issuingDistributionPoint,
  freshestCRL: distributionPoints,
} satisfies Partial<Record<keyof typeof oids, Der<unknown>>>;

/** A CRL. Each supported extension is a member; a delta CRL has a deltaCRLIndicator. */
export interface CertificateList extends UnderstoodOf<typeof declarations> {
  readonly raw: Bytes;
  /** The signed bytes: the TBSCertList as DER. */
  readonly tbs: Bytes;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  readonly issuer: DistinguishedName;
  /** When the CRL was issued, in seconds since the epoch. */
  readonly thisUpdate: number;
  /** When the next one is issued at the latest, in seconds since the epoch. */
  readonly nextUpdate: number | undefined;
  readonly entries: Entries;
  readonly extensions: ReadonlyArray<Extension>;
  /** A critical extension, of the CRL or of an entry, that is not known, so that the CRL must not be used. */
  readonly unknownCritical: string | undefined;
}

/**
 * Parses a CRL of up to 16 MiB. What is found is remembered for as long as the bytes object lives: a CRL is parsed once.
 */
export const parseCrl = (der: Bytes): Either.Either<CertificateList, DerError> => {
  const known = parsed.get(der);
  if (known) return known;
  const result = decodeDer("CertificateList", certificateList, der);
  parsed.set(der, result);
  if (Either.isRight(result)) parsed.set(result.right.raw, result);
  return result;
};

const parsed = new WeakMap<Bytes, Either.Either<CertificateList, DerError>>();

const tbsCertList = sequence({
  version: optional(map(count, (n, fail) => n === 1 ? n : fail("no version of a CRL"))),
  signature: algorithmIdentifier,
  issuer: name,
  thisUpdate: anyTime,
  nextUpdate: optional(anyTime),
  revokedCertificates: optional(revokedCertificates),
  crlExtensions: optional(explicit(0, extensionsOf(declarations))),
});

const certificateList: Der<CertificateList> = map(
  withRaw(sequence({
    tbsCertList: withRaw(tbsCertList),
    signatureAlgorithm: algorithmIdentifier,
    signatureValue: bitString,
  })),
  ({ raw, value: { tbsCertList: { raw: tbs, value }, signatureAlgorithm: outer, signatureValue } }, fail) => {
    const { version, crlExtensions, revokedCertificates: entries = NONE } = value;
    if (!sameBytes(value.signature.raw, outer.raw)) fail("the two signature algorithms differ");
    if (signatureValue.unused > 0) fail("a signature that is no whole number of bytes");
    if (crlExtensions && version === undefined) fail("version 1 has no extensions");
    const strange = crlExtensions?.all.find(({ critical, oid }) => critical && !known.has(oid));
    return {
      ...noExtensions,
      ...crlExtensions?.understood,
      raw,
      tbs,
      signatureAlgorithm: signatureAlgorithm(outer),
      signature: signatureValue.bytes,
      issuer: value.issuer,
      thisUpdate: value.thisUpdate,
      nextUpdate: value.nextUpdate,
      entries,
      extensions: crlExtensions?.all ?? [],
      unknownCritical: strange?.oid ?? entries.unknownCritical,
    };
  },
);

const NONE = new Entries(EMPTY, [], [], undefined);
const known: ReadonlySet<string> = new Set(
  Object.keys(declarations).map((key) => oids[key as keyof typeof declarations]),
);

const noExtensions: UnderstoodOf<typeof declarations> = {
  authorityKeyIdentifier: undefined,
  cRLNumber: undefined,
  deltaCRLIndicator: undefined,
  issuingDistributionPoint: undefined,
  freshestCRL: undefined,
};
