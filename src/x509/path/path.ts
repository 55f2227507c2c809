/** Finds a path from a certificate to one that is trusted (RFC 5280 §6, RFC 4158). @module */
import { Effect } from "../../deps.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import { Crypto, type CryptoService } from "../../ports/crypto.ts";
import { type Bytes, sameBytes } from "../../wire/bytes.ts";
import { shortened } from "../../wire/printable.ts";
import { type Certificate, isSelfIssued } from "../certificate/certificate.ts";
import { cheapRules } from "./cheap_rules.ts";
import { costlyRules } from "./costly_rules.ts";
import { webpkiRules } from "./webpki_rules.ts";
import type { Criteria, Path } from "./criteria.ts";
import { brokenRule } from "./rule.ts";
import { prices, signaturePrice, type Work } from "./work.ts";

/** Certificates, by their subject. */
export type BySubject = ReadonlyMap<string, ReadonlyArray<Certificate>>;

/** Indexes certificates by their subject, without duplicates. */
export const bySubject = (certificates: Iterable<Certificate>): BySubject => {
  const index = new Map<string, Array<Certificate>>();
  const seen = new Set<string>();
  for (const certificate of certificates) {
    if (seen.size === seen.add(textOf(certificate.raw)).size) continue;
    const { key } = certificate.subject;
    const same = index.get(key);
    if (same) same.push(certificate);
    else index.set(key, [certificate]);
  }
  return index;
};

/** Bytes as the key of a set. This is a hundred times as fast as hexadecimal. */
const textOf = (bytes: Bytes): string => decoder.decode(bytes);
const decoder = new TextDecoder("latin1");

/**
 * Finds the first valid path from a leaf to a trust anchor. The intermediates may be in any order, superfluous or
 * misleading.
 *
 * The order of checks makes an attack cost the attacker as much as us. First come the rules that cost next to
 * nothing, then the signatures from the root down, and only what the root vouches for is checked against the
 * remaining rules. If no path is valid, fails with the most telling error: a rule broken after the signatures, else
 * one broken before them, else a bad signature.
 */
export const findPath = Effect.fnUntraced(
  function* (
    leaf: Certificate,
    intermediates: BySubject,
    anchors: BySubject,
    criteria: Criteria,
    work: Work,
  ): Effect.fn.Return<Path, CertificateError, Crypto> {
    const { verify } = yield* Crypto;
    const search: Search = {
      intermediates,
      anchors,
      work,
      issuers: new Map(),
      identities: new Map(),
      verified: new Map(),
      deadEnd: [],
    };
    let late: CertificateError | undefined;
    let early: CertificateError | undefined;
    let signature: CertificateError | undefined;
    for (const path of paths([leaf], search, [identityOf(leaf, search)])) {
      const cheap = yield* brokenRule(cheapRules, path, criteria, work);
      const forged = cheap ? undefined : yield* badSignature(path, search, verify);
      const costly = cheap || forged ? undefined : yield* brokenRule(lateRules, path, criteria, work);
      if (work.spent) break;
      if (!cheap && !forged && !costly) return path;
      early ??= cheap;
      signature ??= forged;
      late ??= costly;
    }
    const told = late ?? early ?? signature;
    return yield* work.spent ? overspent(leaf, told) : told ?? noPath(leaf, search);
  },
);

/** The error for a verification that exceeds its budget of work. */
export const overspent = (leaf: Certificate, found?: CertificateError): CertificateError =>
  fault(
    leaf,
    0,
    "invalid",
    "its chain is too costly to verify: use fewer certificates, names or constraints, or shorter keys" +
      (found ? `; found so far: ${found.message}` : ""),
  );

/** The rules for what the root vouches for. */
const lateRules = [...costlyRules, ...webpkiRules];

const MAX_DEPTH = 12;

interface Search {
  readonly intermediates: BySubject;
  readonly anchors: BySubject;
  readonly work: Work;
  /** The certificates that may have issued a certificate. */
  readonly issuers: Map<Certificate, ReadonlyArray<Issuer>>;
  /** A number for each pair of key and name. */
  readonly identities: Map<string, number>;
  /** The results of signature checks: by certificate, then by issuer. */
  readonly verified: Map<Certificate, Map<Certificate, boolean>>;
  /** The most likely path that ended without a root. */
  deadEnd: Path;
}

/** A certificate that may have issued another. */
interface Issuer {
  readonly certificate: Certificate;
  readonly trusted: boolean;
  readonly identity: number;
}

/** Yields every path from here to an anchor, the most likely first, each computed on demand. */
function* paths(path: Path, search: Search, identities: ReadonlyArray<number>): Generator<Path> {
  const head = path.at(-1)!;
  const { anchors, work } = search;
  if (path.length === 1 && anchors.get(head.subject.key)?.some(isSame(head))) yield path;
  let found = 0;
  for (const { certificate, trusted, identity } of issuersOf(head, search)) {
    if (path.length >= MAX_DEPTH || !work.draw(prices.step)) return;
    // A repeated key and name would make a loop.
    if (identities.includes(identity)) continue;
    found++;
    const longer = [...path, certificate];
    if (trusted) yield longer;
    else yield* paths(longer, search, [...identities, identity]);
  }
  if (found === 0 && search.deadEnd.length === 0) search.deadEnd = path;
}

const isSame = (a: Certificate) => (b: Certificate): boolean => sameBytes(a.raw, b.raw);

/**
 * The certificates with the issuer's name: trusted ones first, and within these the ones whose key identifier
 * matches.
 */
const issuersOf = (child: Certificate, search: Search): ReadonlyArray<Issuer> => {
  const known = search.issuers.get(child);
  if (known) return known;
  const found = ([["anchors", true], ["intermediates", false]] as const).flatMap(([where, trusted]) => {
    const all = search[where].get(child.issuer.key) ?? [];
    if (!search.work.draw(prices.issuer * all.length)) return [];
    return byFit(child, all).map((certificate): Issuer => ({
      certificate,
      trusted,
      identity: identityOf(certificate, search),
    }));
  });
  search.issuers.set(child, found);
  return found;
};

/** A number that is equal for equal key and name. */
const identityOf = ({ subject, spki }: Certificate, { identities }: Search): number => {
  const text = `${textOf(spki)}\n${subject.key}`;
  const known = identities.get(text) ?? identities.size;
  identities.set(text, known);
  return known;
};

/** Sorts certificates by matching key identifier, which is only a hint (RFC 5280 §4.2.1.1). */
const byFit = (child: Certificate, all: ReadonlyArray<Certificate>): ReadonlyArray<Certificate> => {
  if (all.length < 2) return all;
  const fits = all.map((one) => keyFit(child, one));
  return [1, 0, -1].flatMap((wanted) => all.filter((_, i) => fits[i] === wanted));
};

/** 1 if the key identifiers match, -1 if they differ, 0 if one is missing. */
const keyFit = ({ authorityKeyIdentifier }: Certificate, { subjectKeyIdentifier }: Certificate): number => {
  const wanted = authorityKeyIdentifier?.keyIdentifier;
  return !wanted || !subjectKeyIdentifier ? 0 : sameBytes(wanted, subjectKeyIdentifier) ? 1 : -1;
};

/** A signed structure, with its algorithm and signature. */
type Signed = Pick<Certificate, "signatureAlgorithm" | "tbs" | "signature">;

/** The first invalid signature, from the root down: below an invalid one, no work is worth doing. */
const badSignature = Effect.fnUntraced(
  function* (
    path: Path,
    { verified, work }: Search,
    verify: CryptoService["verify"],
  ): Effect.fn.Return<CertificateError | undefined> {
    for (let index = path.length - 2; index >= 0; index--) {
      const [child, issuer] = [path[index]!, path[index + 1]!];
      const known = verified.get(child) ?? new Map<Certificate, boolean>();
      verified.set(child, known);
      let holds = known.get(issuer);
      if (holds === undefined) {
        known.set(issuer, holds = yield* signatureHolds(child, issuer, verify, work));
        yield* work.pause;
      }
      if (holds) continue;
      const otherRoot = index === path.length - 2 && keyFit(child, issuer) < 0;
      return otherRoot
        ? fault(
          child,
          index,
          "unknown_ca",
          `a root of its issuer's name, ${shortened(issuer.subject.text)}, has another key`,
        )
        : fault(child, index, "invalid", `its signature was not made by ${shortened(issuer.subject.text)}`);
    }
    return undefined;
  },
);

/**
 * Whether the key of a certificate made the signature of another certificate, an OCSP response or a CRL. `hashed`: for how
 * many bytes the price is to be drawn, where that is not all of them.
 */
export const signatureHolds = Effect.fnUntraced(
  function* (
    { signatureAlgorithm: { scheme }, tbs, signature }: Signed,
    { publicKey }: Pick<Certificate, "publicKey">,
    verify: CryptoService["verify"],
    work: Work,
    hashed: number = tbs.length,
  ): Effect.fn.Return<boolean> {
    if (publicKey._tag === "unsupported" || scheme === undefined) return false;
    const price = signaturePrice(publicKey, hashed);
    if (!work.draw(price)) return false;
    const usual = publicKey._tag === "rsa_pss" ? ofPssKey.get(scheme) ?? scheme : scheme;
    const holds = yield* verify(publicKey, usual, tbs, signature);
    if (!holds) work.draw(price * prices.failure);
    return holds;
  },
);

/** TLS has a scheme of its own for RSASSA-PSS keys, which certificates do not (RFC 8446 §4.2.3). */
const ofPssKey: ReadonlyMap<SignatureScheme, SignatureScheme> = new Map([
  [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pss_pss_sha256],
  [SignatureScheme.rsa_pss_rsae_sha384, SignatureScheme.rsa_pss_pss_sha384],
  [SignatureScheme.rsa_pss_rsae_sha512, SignatureScheme.rsa_pss_pss_sha512],
]);

const noPath = (leaf: Certificate, { deadEnd }: Search): CertificateError => {
  const last = deadEnd.at(-1);
  // Without a dead end, every way goes on: in a loop, or too deep.
  if (!last) return fault(leaf, 0, "unknown_ca", "no path to a trusted root was found");
  return fault(
    last,
    deadEnd.length - 1,
    "unknown_ca",
    isSelfIssued(last)
      ? "it is self-signed and not trusted"
      : `no certificate of its issuer, ${shortened(last.issuer.text)}, leads to a trusted root`,
  );
};

const fault = (
  { subject }: Certificate,
  index: number,
  reason: "invalid" | "unknown_ca",
  detail: string,
): CertificateError =>
  new CertificateError({ reason, index, subject: subject.text, detail, rfc: "RFC 5280 §6.1" });
