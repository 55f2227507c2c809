/** Which certificates a CRL is about, and for which reasons (RFC 5280 §6.3.3). @module */
import type { Certificate } from "../certificate/certificate.ts";
import { ALL_REASONS, keyOf, pointKeys } from "../names/distribution_point.ts";
import { prices, type Work } from "../path/work.ts";
import type { CertificateList } from "./crl.ts";
import type { Entry } from "./entries.ts";

/** A place where a certificate says that CRLs about it are found. */
interface Point {
  readonly names: ReadonlyArray<string>;
  /** Who issues these CRLs; `undefined` stands for the issuer of the certificate. */
  readonly issuers: ReadonlyArray<string> | undefined;
  readonly reasons: number;
}

/** A certificate, and all that says which CRLs are about it. */
export interface Subject {
  readonly certificate: Certificate;
  readonly points: ReadonlyArray<Point>;
  /** How many names the points have. */
  readonly names: number;
}

/** Prepares a certificate for comparison with the names in CRLs; `undefined` when `work` is spent. */
export const subjectOf = (certificate: Certificate, work: Work): Subject | undefined => {
  const points: Array<Point> = [];
  let names = 0;
  for (const { name, reasons = ALL_REASONS, crlIssuer } of certificate.cRLDistributionPoints ?? []) {
    const by = crlIssuer?.find((one) => one._tag === "directoryName")?.value ?? certificate.issuer;
    const count = (crlIssuer?.length ?? 0) + (name?._tag === "full" ? name.names.length : 1);
    // A relative name is read anew, with all of the name that it is added to.
    const read = name?._tag === "relative" ? by.raw.length + name.rdn.length : 0;
    if (!work.draw(prices.name * count + 2 * prices.byte * read)) return undefined;
    names += count;
    points.push({ names: name ? pointKeys(name, by) : [], issuers: crlIssuer?.map(keyOf), reasons });
  }
  return { certificate, points, names };
};

/** The issuers whose CRLs may be about a certificate, by the keys of their names. */
export const issuersFor = ({ certificate, points }: Subject): ReadonlySet<string> =>
  new Set([certificate.issuer.key, ...points.flatMap(({ issuers = [] }) => issuers).map(withoutTag)]);

const withoutTag = (key: string): string => key.replace(/^directoryName /, "");

/** The reasons for which a CRL says whether a certificate was revoked, as a set of bits; 0 if it is not about the certificate. */
export const reasonsCovered = (crl: CertificateList, { certificate, points }: Subject): number => {
  const scope = crl.issuingDistributionPoint;
  const ca = certificate.basicConstraints?.ca ?? false;
  if (scope?.onlyContainsAttributeCerts) return 0;
  if (ca ? scope?.onlyContainsUserCerts : scope?.onlyContainsCACerts) return 0;
  const names = scope?.name && namesOf(crl);
  const own = crl.issuer.key === certificate.issuer.key;
  const issuer = `directoryName ${crl.issuer.key}`;
  let reasons = own && !names ? ALL_REASONS : 0;
  for (const point of points) {
    const byIt = point.issuers ? scope?.indirectCRL && point.issuers.includes(issuer) : own;
    if (!byIt) continue;
    const wanted = point.names.length > 0 ? point.names : point.issuers ?? [];
    if (!names || wanted.some((name) => names.has(name))) reasons |= point.reasons;
  }
  return reasons & (scope?.onlySomeReasons ?? ALL_REASONS);
};

/** The names of the distribution point that a CRL is of. The result is cached. */
const namesOf = (crl: CertificateList): ReadonlySet<string> => {
  const known = pointNames.get(crl);
  if (known) return known;
  const { name } = crl.issuingDistributionPoint ?? {};
  const names = new Set(name ? pointKeys(name, crl.issuer) : []);
  pointNames.set(crl, names);
  return names;
};

const pointNames = new WeakMap<CertificateList, ReadonlySet<string>>();

/** What a CRL lists of a certificate; `undefined` if nothing. If it lists the certificate twice, the worse entry counts. */
export const entryOf = (crl: CertificateList, { serialNumber, issuer }: Certificate): Entry | undefined => {
  const listed = crl.entries.find(serialNumber).filter((entry) =>
    entry.issuer
      ? entry.issuer.some((one) => one._tag === "directoryName" && one.value.key === issuer.key)
      : crl.issuer.key === issuer.key
  );
  return listed.find(isFinal) ?? listed.find(isRevoked) ?? listed[0];
};

/** Whether an entry revokes, and does not lift a hold. */
export const isRevoked = ({ reason }: Entry): boolean => reason !== "removeFromCRL";
/** Whether an entry revokes for ever. A certificate that is on hold may be good again. */
export const isFinal = (entry: Entry): boolean => isRevoked(entry) && entry.reason !== "certificateHold";
