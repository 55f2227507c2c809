/** Finds a path from a certificate to one that is trusted (RFC 5280 §6, RFC 4158). @module */
import { Effect } from "../deps.ts";
import { SignatureScheme } from "../names/signature_scheme.ts";
import { Crypto, type CryptoService } from "../services/crypto.ts";
import { CertificateError } from "../services/verifier.ts";
import { sameBytes, toHex } from "../wire/bytes.ts";
import { type Certificate, isSelfIssued } from "./certificate.ts";
import { nameKey } from "./distinguished_name.ts";
import { brokenRule, type Budget, type Criteria, type Path } from "./validate.ts";

/** Certificates by their subject. */
export type BySubject = ReadonlyMap<string, ReadonlyArray<Certificate>>;

/** Certificates by their subject, each once. */
export const bySubject = (certificates: Iterable<Certificate>): BySubject => {
  const index = new Map<string, Array<Certificate>>();
  const seen = new Set<string>();
  for (const certificate of certificates) {
    const raw = toHex(certificate.raw);
    if (seen.size === seen.add(raw).size) continue;
    const key = nameKey(certificate.subject);
    const same = index.get(key);
    if (same) same.push(certificate);
    else index.set(key, [certificate]);
  }
  return index;
};

/**
 * The first path that holds, of those there are: the intermediates may be in any order, too many, or misleading.
 * Where none holds, the failure that tells most: of a path to a trusted root, that of a rule before a signature's.
 */
export const findPath = Effect.fnUntraced(
  function* (
    leaf: Certificate,
    intermediates: BySubject,
    anchors: BySubject,
    criteria: Criteria,
  ): Effect.fn.Return<Path, CertificateError, Crypto> {
    const { verify } = yield* Crypto;
    const search: Search = {
      intermediates,
      anchors,
      budget: { ...budget },
      verified: new Map(),
      deadEnd: [],
    };
    let rule: CertificateError | undefined;
    let signature: CertificateError | undefined;
    for (const path of paths([leaf], search)) {
      if (search.budget.paths-- <= 0) break;
      const broken = brokenRule(path, criteria, search.budget);
      const forged = broken ? undefined : yield* badSignature(path, search, verify);
      if (!broken && !forged) return path;
      rule ??= broken;
      signature ??= forged;
    }
    return yield* rule ?? signature ?? noPath(leaf, search);
  },
);

/** More than any honest chain needs: cross-certified authorities have a dozen paths, and a path five certificates. */
const budget: Budget = { steps: 2000, paths: 100, signatures: 100, comparisons: 2 ** 20 };
const MAX_DEPTH = 12;

interface Search {
  readonly intermediates: BySubject;
  readonly anchors: BySubject;
  readonly budget: Budget;
  /** The signatures that were looked at: by certificate, then by issuer. */
  readonly verified: Map<Certificate, Map<Certificate, boolean>>;
  /** Where the likeliest path ended that found no root. */
  deadEnd: Path;
}

/** Every path from here to an anchor, the likeliest first, each when it is asked for. */
function* paths(path: Path, search: Search): Generator<Path> {
  const head = path.at(-1)!;
  if (path.length === 1 && candidates(search.anchors, nameKey(head.subject), head).some(isSame(head))) {
    yield path;
  }
  const issuer = nameKey(head.issuer);
  let found = 0;
  for (const [known, trusted] of [[search.anchors, true], [search.intermediates, false]] as const) {
    for (const next of candidates(known, issuer, head)) {
      if (path.length >= MAX_DEPTH || search.budget.steps-- <= 0) return;
      // The same key and name again would go in a circle.
      if (path.some((one) => nameKey(one.subject) === issuer && sameBytes(one.spki, next.spki))) continue;
      found++;
      if (trusted) yield [...path, next];
      else yield* paths([...path, next], search);
    }
  }
  if (found === 0 && search.deadEnd.length === 0) search.deadEnd = path;
}

const isSame = (a: Certificate) => (b: Certificate): boolean => sameBytes(a.raw, b.raw);

/** Those of a name, first the ones whose key identifier fits: a hint and no more (RFC 5280 §4.2.1.1). */
const candidates = (known: BySubject, name: string, child: Certificate): ReadonlyArray<Certificate> => {
  const all = known.get(name) ?? [];
  return all.length < 2 ? all : all.toSorted((a, b) => keyFit(child, b) - keyFit(child, a));
};

/** 1: the key identifiers agree; -1: they differ; 0: who knows. */
const keyFit = ({ authorityKeyIdentifier }: Certificate, { subjectKeyIdentifier }: Certificate): number => {
  const wanted = authorityKeyIdentifier?.keyIdentifier;
  return !wanted || !subjectKeyIdentifier ? 0 : sameBytes(wanted, subjectKeyIdentifier) ? 1 : -1;
};

/** What is signed, and by which algorithm. */
type Signed = Pick<Certificate, "signatureAlgorithm" | "tbs" | "signature">;

/** The first signature that does not hold, from the root down: what hangs below nothing is not worth the work. */
const badSignature = Effect.fnUntraced(
  function* (
    path: Path,
    { verified, budget }: Search,
    verify: CryptoService["verify"],
  ): Effect.fn.Return<CertificateError | undefined> {
    for (let index = path.length - 2; index >= 0; index--) {
      const [child, issuer] = [path[index]!, path[index + 1]!];
      const known = verified.get(child) ?? new Map<Certificate, boolean>();
      verified.set(child, known);
      let holds = known.get(issuer);
      if (holds === undefined) {
        if (budget.signatures-- <= 0) return fault(child, index, "invalid", "too many signatures to verify");
        known.set(issuer, holds = yield* signatureHolds(child, issuer, verify));
      }
      if (holds) continue;
      const otherRoot = index === path.length - 2 && keyFit(child, issuer) < 0;
      return otherRoot
        ? fault(
          child,
          index,
          "unknown_ca",
          `a root of its issuer's name, ${issuer.subject.text}, has another key`,
        )
        : fault(child, index, "invalid", `its signature is not one of ${issuer.subject.text}`);
    }
    return undefined;
  },
);

/** Whether something was signed by the key of a certificate: another certificate, or an OCSP response. */
export const signatureHolds = (
  { signatureAlgorithm: { scheme }, tbs, signature }: Signed,
  { publicKey }: Pick<Certificate, "publicKey">,
  verify: CryptoService["verify"],
): Effect.Effect<boolean> =>
  publicKey._tag === "unsupported" || scheme === undefined ? Effect.succeed(false) : verify(
    publicKey,
    publicKey._tag === "rsa_pss" ? ofPssKey.get(scheme) ?? scheme : scheme,
    tbs,
    signature,
  );

/** What a certificate calls RSASSA-PSS, TLS tells apart by the key (RFC 8446 §4.2.3). */
const ofPssKey: ReadonlyMap<SignatureScheme, SignatureScheme> = new Map([
  [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pss_pss_sha256],
  [SignatureScheme.rsa_pss_rsae_sha384, SignatureScheme.rsa_pss_pss_sha384],
  [SignatureScheme.rsa_pss_rsae_sha512, SignatureScheme.rsa_pss_pss_sha512],
]);

const noPath = (leaf: Certificate, { deadEnd, budget }: Search): CertificateError => {
  const last = deadEnd.at(-1);
  // Without a dead end all ways go on: in circles, too deep, or for ever.
  if (!last || budget.steps < 0) return fault(leaf, 0, "unknown_ca", "no path to a trusted root was found");
  return fault(
    last,
    deadEnd.length - 1,
    "unknown_ca",
    isSelfIssued(last)
      ? "it is signed by itself and is not trusted"
      : `no certificate of its issuer, ${last.issuer.text}, leads to a trusted root`,
  );
};

const fault = (
  { subject }: Certificate,
  index: number,
  reason: "invalid" | "unknown_ca",
  detail: string,
): CertificateError =>
  new CertificateError({ reason, index, subject: subject.text, detail, rfc: "RFC 5280 §6.1" });
