/** Judges whether the certificates of a path are known not to be revoked, by CRLs. @module */
import { Effect, Either } from "../../deps.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { RevocationRequest } from "../../ports/revocation.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../certificate/certificate.ts";
import type { Path } from "../path/criteria.ts";
import { bySubject, overspent } from "../path/path.ts";
import { type Status, UNCHECKED } from "../path/status.ts";
import { type CertificateList, parseCrl } from "./crl.ts";
import { type Given, type Pool, poolOf } from "./pool.ts";
import type { Among } from "./signer.ts";
import { type Said, saidOf } from "./validate.ts";

/** What is known of revocation beside what the peer says. */
export interface Revocation {
  readonly given: Given;
  /** The CRLs that were given, by issuer. */
  readonly pool: Pool;
  /** Which certificates must be known not to be revoked. */
  readonly check: "leaf" | "chain";
  /** Asks somebody else for CRLs; `undefined` if there is nobody. */
  readonly ask: ((about: RevocationRequest) => Effect.Effect<Asked>) | undefined;
}

/** CRLs as DER; or why there are none. */
export type Asked = Either.Either<ReadonlyArray<Bytes>, string>;

/**
 * What CRLs say of the certificates of a path below its trust anchor, given what is known of the leaf. Fails for one that was
 * revoked, and for one of which they do not say that it was not.
 */
export const crlStatuses = Effect.fnUntraced(
  function* (
    path: Path,
    leaf: Status,
    revocation: Revocation,
    among: Among,
  ): Effect.fn.Return<ReadonlyArray<Status>, CertificateError, Crypto> {
    const statuses: Array<Status> = [];
    for (const [index, certificate] of path.slice(0, -1).entries()) {
      const before = index === 0 ? leaf : UNCHECKED;
      if (index > 0 && revocation.check === "leaf") break;
      // What a good response says of the leaf, nobody else need be asked for.
      const from = before.status === "good" ? { ...revocation, ask: undefined } : revocation;
      const said = yield* askedOf(certificate, path.slice(index + 1), from, among);
      if (among.work.spent) return yield* overspent(path[0]!);
      if (said._tag === "good") {
        statuses.push({ status: "good", source: "crl", until: Math.min(said.until, before.until) });
      } else if (said._tag === "unknown" && before.status === "good") statuses.push(before);
      else return yield* refusal(certificate, index, said);
    }
    return statuses.length > 0 ? statuses : [leaf];
  },
);

/** Why a certificate was revoked, if CRLs say that it was: for one that is no part of the path. */
export const whyRevoked = Effect.fnUntraced(
  function* (
    certificate: Certificate,
    above: Path,
    revocation: Revocation,
    among: Among,
  ): Effect.fn.Return<string | undefined, never, Crypto> {
    const said = yield* askedOf(certificate, above, revocation, among);
    return said._tag === "revoked" ? said.detail : undefined;
  },
);

/** What the given CRLs say, and if they do not know, what those say as well for which somebody is asked. */
const askedOf = Effect.fnUntraced(
  function* (
    certificate: Certificate,
    above: Path,
    { given, pool, ask }: Revocation,
    among: Among,
  ): Effect.fn.Return<Said, never, Crypto> {
    const judging = new Set([certificate]);
    const said = yield* saidOf(certificate, above, { ...among, pool, judging });
    if (said._tag !== "unknown" || !ask || among.work.spent) return said;
    const read = Either.flatMap(yield* ask(requestOf(certificate)), crlsOf);
    if (Either.isLeft(read)) return { ...said, detail: `${said.detail}; the RevocationSource: ${read.left}` };
    const { crls, issuers } = read.right;
    const all = poolOf([...given.crls, ...crls]);
    const others = issuers.length ? bySubject([...among.others.values(), issuers].flat()) : among.others;
    return yield* saidOf(certificate, above, { ...among, others, pool: all, judging });
  },
);

/** What was given, by what it is: somebody who issues CRLs may be a stranger to the peer, who does not send its certificate. */
const crlsOf = (ders: ReadonlyArray<Bytes>): Either.Either<Given, string> => {
  const [crls, issuers]: [Array<CertificateList>, Array<Certificate>] = [[], []];
  for (const der of ders) {
    const crl = parseCrl(der);
    if (Either.isRight(crl)) {
      crls.push(crl.right);
      continue;
    }
    const issuer = parseCertificate(der);
    if (Either.isLeft(issuer)) return Either.left(`what it gave is no CRL: ${crl.left.message}`);
    issuers.push(issuer.right);
  }
  return Either.right({ crls, issuers });
};

/** More places than any certificate names; each may have a name for several protocols. */
const MOST_URIS = 16;

const requestOf = (
  { issuer, serialNumber, cRLDistributionPoints = [], freshestCRL = [] }: Certificate,
): RevocationRequest => ({
  issuer: issuer.raw,
  serialNumber,
  distributionPoints: [...cRLDistributionPoints, ...freshestCRL].slice(0, MOST_URIS)
    .flatMap(({ name }) => name?._tag === "full" ? name.names.slice(0, MOST_URIS) : [])
    .flatMap((name) => name._tag === "uniformResourceIdentifier" ? [name.value] : [])
    .slice(0, MOST_URIS),
});

const refusal = (
  { subject: { text: subject } }: Certificate,
  index: number,
  said: Exclude<Said, { readonly _tag: "good" }>,
): CertificateError =>
  said._tag === "revoked"
    ? new CertificateError({ reason: "revoked", index, subject, detail: said.detail, rfc: "RFC 5280 §6.3.3" })
    : new CertificateError({
      reason: "revocation_unknown",
      index,
      subject,
      detail: `whether it was revoked is not known: ${said.detail}`,
      rfc: said.rfc,
      liftedBy: said.lift,
    });
