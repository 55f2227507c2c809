/** Trust in root certificates: path validation by RFC 5280. @module */
import { Clock, Effect, Either, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { given } from "../../options.ts";
import {
  CertificateVerifier,
  type CertificateVerifierService,
  type TrustOptions,
  type Verdict,
} from "../../ports/trust.ts";
import type { Crypto } from "../../ports/crypto.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate/certificate.ts";
import { judgeStatus, type Status, UNCHECKED } from "../../x509/ocsp/validate.ts";
import { policiesOf } from "../../x509/path/policies.ts";
import { type BySubject, bySubject, findPath, overspent } from "../../x509/path/path.ts";
import { type Criteria, decodeTrustOptions, type Path } from "../../x509/path/criteria.ts";
import { certificatePrice, Work } from "../../x509/path/work.ts";
import { certificatesFromPem } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";

/**
 * Trusts the certificates below these roots (PEM), unless a stapled OCSP response says otherwise. Nothing is fetched.
 * A root may also be the peer's own certificate, such as a self-signed one. Fails with PemError or InvalidOption.
 */
export const layerRoots = (
  pem: string | ReadonlyArray<string>,
  allowances?: TrustOptions,
): Layer.Layer<CertificateVerifier, PemError | InvalidOption> =>
  Layer.effect(
    CertificateVerifier,
    Effect.zipWith(
      Effect.forEach([pem].flat(), certificatesFromPem),
      decodeTrustOptions(given(allowances)),
      (certificates, decoded) => rootsService(certificates.flat().map(({ raw }) => raw), decoded),
    ),
  );

/**
 * Trusts the certificates below these roots (DER). The roots are parsed when the first peer is judged; an invalid one
 * is ignored. Throws InvalidOption when `allowances` has the wrong type.
 */
export const makeRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
): CertificateVerifierService =>
  rootsService(roots, Either.getOrThrowWith(decodeTrustOptions(given(allowances)), (e) => e));

const rootsService = (roots: ReadonlyArray<Bytes>, allowances: TrustOptions): CertificateVerifierService => {
  let anchors: BySubject | undefined;
  const readable = () => roots.flatMap((der) => Either.match(parseCertificate(der), eitherToList));
  return {
    // Only a server that asks for certificates needs these.
    get authorities() {
      return readable().map(({ subject }) => subject.raw);
    },
    partition: partitionOf(
      "roots",
      JSON.stringify(allowances),
      ...roots.map((der) => toHex(sha256(der))).sort(),
    ),
    verify: Effect.fnUntraced(
      function* ({ chain, name, purpose, ocspResponse }) {
        const work = new Work();
        const { leaf, intermediates, unread } = yield* parsed(chain, work);
        const time = Math.floor((yield* Clock.currentTimeMillis) / 1000);
        const trusted = anchors ??= bySubject(readable());
        const others = bySubject(intermediates);
        const judge = Effect.fnUntraced(function* (lift: TrustOptions) {
          const criteria = { ...allowances, ...lift, time, name, purpose };
          const path = yield* findPath(leaf, others, trusted, criteria, work);
          return verdictOf(path, [yield* judgeStatus(path, ocspResponse, criteria, work)], criteria, work);
        });
        return yield* Effect.catchAll(
          judge({}),
          (e) =>
            unread && e.reason === "unknown_ca"
              ? unreadable(unread.index, `${unread.why}; without it, ${e.detail}`)
              : allLifts(e, judge),
        );
      },
    ),
  };
};

/** What was found of a path, given what is known of the revocation of the first certificates of it. */
const verdictOf = (path: Path, statuses: ReadonlyArray<Status>, criteria: Criteria, work: Work): Verdict => {
  const below = path.slice(0, Math.max(1, path.length - 1));
  const known = below.map((_, i) => statuses[i] ?? UNCHECKED);
  return {
    path: path.map(({ raw }) => raw),
    policies: policiesOf(path, criteria, work)?.policies ?? [],
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
    lift = again.left.liftedBy && { ...lift, ...again.left.liftedBy };
  }
  return yield* new CertificateError({ ...first, liftedBy: undefined });
});

const eitherToList = { onLeft: () => [], onRight: (certificate: Certificate) => [certificate] };

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
