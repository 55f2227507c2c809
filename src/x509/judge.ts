/** Judges a peer's chain against roots, from its bytes to a verdict. @module */
import { Effect, Either } from "../deps.ts";
import { CertificateError } from "../faults/errors/trust.ts";
import { Crypto } from "../ports/crypto.ts";
import type { TimestampOfLog, TrustOptions, Verdict, Verification } from "../ports/trust.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Certificate, parseCertificate } from "./certificate/certificate.ts";
import { crlStatuses, type Revocation, whyRevoked } from "./crl/judge.ts";
import type { Log } from "./ct/logs.ts";
import { judgeTimestamps } from "./ct/validate.ts";
import { judgeStatus } from "./ocsp/validate.ts";
import type { Criteria, Path } from "./path/criteria.ts";
import { type BySubject, bySubject, findPath, overspent } from "./path/path.ts";
import { policiesOf } from "./path/policies.ts";
import { type Status, UNCHECKED } from "./path/status.ts";
import { certificatePrice, type Work } from "./path/work.ts";

/** Judges a chain, by CRLs as well if there is `revocation`. If options would lift a refusal, it names all of them. */
export const judged = Effect.fnUntraced(function* (
  what: Verification,
  { anchors, logs, revocation }: Trusted,
  options: Omit<Criteria, "name" | "purpose">,
  work: Work,
): Effect.fn.Return<Verdict, CertificateError, Crypto> {
  const { chain, name, ocspResponse, purpose, unanswered } = what;
  const { leaf, intermediates, unread } = yield* parsed(chain, work);
  const { verify } = yield* Crypto;
  const others = bySubject(intermediates);
  const issuers = revocation?.given.issuers.length
    ? bySubject([...intermediates, ...revocation.given.issuers])
    : others;
  const judge = Effect.fnUntraced(function* (lift: TrustOptions) {
    const criteria = { ...options, ...lift, name, purpose, unanswered };
    const path = yield* findPath(leaf, others, anchors, criteria, work);
    const among = {
      others: issuers,
      criteria,
      work,
      verify,
      paths: new Map<Certificate, Path | undefined>(),
    };
    const stapled = yield* judgeStatus(
      path,
      ocspResponse,
      criteria,
      work,
      (responder, above) =>
        revocation ? whyRevoked(responder, above, revocation, among) : Effect.succeed(undefined),
    );
    const statuses = revocation ? yield* crlStatuses(path, stapled, revocation, among) : [stapled];
    const timestamps = yield* judgeTimestamps(path, what, criteria, logs, work);
    return verdictOf(path, { statuses, timestamps }, criteria, work);
  });
  return yield* Effect.catchAll(
    judge({}),
    (e) =>
      unread && e.reason === "unknown_ca"
        ? unreadable(unread.index, `${unread.why}; without it, ${e.detail}`)
        : allLifts(e, judge),
  );
});

/** Whom and what the verifier trusts. */
export interface Trusted {
  readonly anchors: BySubject;
  readonly logs: ReadonlyMap<string, Log>;
  /** CRLs, and how far they are asked for. */
  readonly revocation: Revocation | undefined;
}

/** What was found of a path beside the path itself; the statuses are those of its first certificates. */
interface Found {
  readonly statuses: ReadonlyArray<Status>;
  readonly timestamps: ReadonlyArray<TimestampOfLog>;
}

const verdictOf = (path: Path, { statuses, timestamps }: Found, criteria: Criteria, work: Work): Verdict => {
  const below = path.slice(0, Math.max(1, path.length - 1));
  const known = below.map((_, i) => statuses[i] ?? UNCHECKED);
  return {
    path: path.map(({ raw }) => raw),
    policies: policiesOf(path, criteria, work)?.policies ?? [],
    timestamps,
    revocation: known.map(({ status, source }) => ({ status, source })),
    until: Math.min(...path.map(({ notAfter }) => notAfter), ...known.map(({ until }) => until)),
  };
};

/** More rounds than there are options, because one of them is a number. */
const MOST_LIFTS = 8;

/** The error with all options that would let the chain pass, not only the first; with none if they would not. */
const allLifts = Effect.fnUntraced(function* (
  first: CertificateError,
  judge: (lift: TrustOptions) => Effect.Effect<unknown, CertificateError, Crypto>,
): Effect.fn.Return<never, CertificateError, Crypto> {
  let lift = first.liftedBy;
  for (let round = 0; lift && round < MOST_LIFTS; round++) {
    const again = yield* Effect.either(judge(lift));
    if (Either.isRight(again)) return yield* new CertificateError({ ...first, liftedBy: lift });
    if (!again.left.liftedBy) return yield* besides(first, again.left);
    lift = { ...lift, ...again.left.liftedBy };
  }
  return yield* new CertificateError({ ...first, liftedBy: undefined });
});

/** The error, with what is wrong besides and that no option lifts. */
const besides = (first: CertificateError, other: CertificateError): CertificateError =>
  new CertificateError({
    ...first,
    liftedBy: undefined,
    detail: `${first.detail}; and besides, ${other.detail}`,
  });

/** A chain as far as it could be read. */
interface Parsed {
  readonly leaf: Certificate;
  readonly intermediates: ReadonlyArray<Certificate>;
  /** The first certificate that could not be read, which perhaps nobody needs. */
  readonly unread: { readonly index: number; readonly why: string } | undefined;
}

const parsed = Effect.fnUntraced(
  function* (chain: ReadonlyArray<Bytes>, work: Work): Effect.fn.Return<Parsed, CertificateError> {
    const certificates: Array<Certificate> = [];
    let unread: Parsed["unread"];
    for (const [index, der] of chain.entries()) {
      const [leaf] = certificates;
      // The handshake has already parsed the leaf, whatever that cost.
      if (!work.draw(certificatePrice(der)) && leaf) return yield* overspent(leaf);
      const certificate = parseCertificate(der);
      if (Either.isRight(certificate)) certificates.push(certificate.right);
      else if (index === 0) return yield* unreadable(index, certificate.left.message);
      else unread ??= { index, why: certificate.left.message };
      yield* work.pause;
    }
    const [leaf, ...intermediates] = certificates;
    return leaf ? { leaf, intermediates, unread } : yield* unreadable(0, "the chain is empty");
  },
);

const unreadable = (index: number, detail: string): CertificateError =>
  new CertificateError({ reason: "unreadable", index, subject: "", detail, rfc: "RFC 5280 §4.1" });
