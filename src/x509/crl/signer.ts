/** Who signed a CRL: an authority of the path, or another certificate of its name (RFC 5280 §6.3.3). @module */
import { Effect, Either } from "../../deps.ts";
import type { Crypto, CryptoService } from "../../ports/crypto.ts";
import { sameBytes } from "../../wire/bytes.ts";
import type { Certificate } from "../certificate/certificate.ts";
import type { Criteria, Path } from "../path/criteria.ts";
import { type BySubject, bySubject, findPath, signatureHolds } from "../path/path.ts";
import { prices, type Work } from "../path/work.ts";
import type { CertificateList } from "./crl.ts";

/** What the issuers of CRLs are looked for in. */
export interface Among {
  /** The certificates that may belong to one, beside those of the path: the peer's, and those that came with the CRLs. */
  readonly others: BySubject;
  readonly criteria: Criteria;
  readonly work: Work;
  readonly verify: CryptoService["verify"];
  /** The paths that were found for others; `undefined` for one that has no valid path. */
  readonly paths: Map<Certificate, Path | undefined>;
}

/** A certificate whose key may have signed a CRL. */
export interface Signer {
  readonly certificate: Certificate;
  /** The authorities above it, where it belongs to the path of the certificate that is judged, and so is judged anyway. */
  readonly above: Path | undefined;
}

/** The most certificates to try beside those of the path; who issues CRLs has one key, or two while one follows the other. */
const MOST_SIGNERS = 8;

/**
 * Who may have signed a CRL about a certificate with these authorities above it, the likeliest first: certificates of the
 * CRL's issuer that allow cRLSign. Of those that are not of the path, `pathOf` must be asked.
 */
export const signersOf = (
  crl: CertificateList,
  above: Path,
  { others, work }: Among,
): ReadonlyArray<Signer> => {
  const isIssuer = ({ subject, keyUsage }: Certificate) =>
    subject.key === crl.issuer.key && (keyUsage?.has("cRLSign") ?? true);
  const strangers = others.get(crl.issuer.key) ?? [];
  if (!work.draw(prices.issuer * strangers.length)) return [];
  const all: ReadonlyArray<Signer> = [
    ...above.map((certificate, i) => ({ certificate, above: above.slice(i + 1) })),
    ...strangers.filter(({ raw }) => !above.some((one) => sameBytes(raw, one.raw)))
      .map((certificate) => ({ certificate, above: undefined })),
  ].filter(({ certificate }) => isIssuer(certificate));
  // The identifier of a key is a hint, no more (RFC 5280 §5.2.1).
  return all.toSorted((a, b) => fit(crl, b.certificate) - fit(crl, a.certificate))
    .slice(0, above.length + MOST_SIGNERS);
};

/** The path from a certificate that is not of the judged path to the same trust anchor; `undefined` if none is valid. */
export const pathOf = Effect.fnUntraced(
  function* (
    certificate: Certificate,
    anchor: Certificate,
    { others, criteria, work, paths }: Among,
  ): Effect.fn.Return<Path | undefined, never, Crypto> {
    if (paths.has(certificate)) return paths.get(certificate);
    const asSigner = {
      ...criteria,
      purpose: "cRLSign",
      profile: "rfc5280",
      name: undefined,
      commonName: false,
      caAsLeaf: true,
    } as const;
    const found = yield* Effect.either(findPath(certificate, others, bySubject([anchor]), asSigner, work));
    const path = Either.getOrUndefined(found);
    paths.set(certificate, path);
    return path;
  },
);

/** 1 if the key identifiers match, -1 if they differ, 0 if one is missing. */
const fit = ({ authorityKeyIdentifier }: CertificateList, { subjectKeyIdentifier }: Certificate): number => {
  const wanted = authorityKeyIdentifier?.keyIdentifier;
  return !wanted || !subjectKeyIdentifier ? 0 : sameBytes(wanted, subjectKeyIdentifier) ? 1 : -1;
};

/** The most keys of which it is remembered whether they signed a CRL. */
const MOST_KEYS = 64;

/**
 * Whether a certificate's key signed a CRL. It is remembered for as long as the CRL lives, because a CRL can have
 * megabytes, all of which are hashed. So hashing is not drawn from the work that a peer may cause: it comes once for each
 * key that the trust anchor vouches for, however many peers there are.
 */
export const isSignedBy = Effect.fnUntraced(
  function* (crl: CertificateList, signer: Certificate, { verify, work }: Among): Effect.fn.Return<boolean> {
    const known = verified.get(crl) ?? new Map<string, boolean>();
    verified.set(crl, known);
    const key = decoder.decode(signer.spki);
    const before = known.get(key);
    if (before !== undefined) return before;
    const holds = yield* signatureHolds(crl, signer, verify, work, 0);
    if (work.spent) return false;
    if (known.size < MOST_KEYS) known.set(key, holds);
    yield* work.pause;
    return holds;
  },
);

const verified = new WeakMap<CertificateList, Map<string, boolean>>();
const decoder = new TextDecoder("latin1");
