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

/** The certificate whose key signed a CRL, with its path. */
export interface Signer {
  readonly path: Path;
  /** Whether it belongs to the path of the certificate that is judged, whose authorities are judged anyway. */
  readonly above: boolean;
}

/**
 * Who may have signed a CRL about a certificate with these authorities above it, the likeliest first: every certificate of
 * the CRL's issuer that allows cRLSign and is valid below the same trust anchor.
 */
export const signersOf = Effect.fnUntraced(
  function* (
    crl: CertificateList,
    above: Path,
    among: Among,
  ): Effect.fn.Return<ReadonlyArray<Signer>, never, Crypto> {
    const { others, criteria, work, paths } = among;
    const isIssuer = ({ subject, keyUsage }: Certificate) =>
      subject.key === crl.issuer.key && (keyUsage?.has("cRLSign") ?? true);
    const found: Array<Signer> = above.flatMap((one, i) =>
      isIssuer(one) ? [{ path: above.slice(i), above: true }] : []
    );
    const anchor = above.at(-1)!;
    for (const one of others.get(crl.issuer.key) ?? []) {
      if (!isIssuer(one) || above.some(({ raw }) => sameBytes(raw, one.raw))) continue;
      if (!work.draw(prices.issuer)) return [];
      if (!paths.has(one)) {
        const asSigner = {
          ...criteria,
          purpose: "cRLSign",
          name: undefined,
          commonName: false,
          caAsLeaf: true,
        } as const;
        const path = yield* Effect.either(findPath(one, others, bySubject([anchor]), asSigner, work));
        paths.set(one, Either.getOrUndefined(path));
      }
      const path = paths.get(one);
      if (path) found.push({ path, above: false });
    }
    // The identifier of a key is a hint, no more (RFC 5280 §5.2.1).
    return found.toSorted((a, b) => fit(crl, b.path[0]!) - fit(crl, a.path[0]!));
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
