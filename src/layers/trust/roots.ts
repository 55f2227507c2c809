/** Trust in root certificates: path validation by RFC 5280. @module */
import { Clock, Effect, Either, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import { CertificateError } from "../../faults/errors/trust.ts";
import { given } from "../../options.ts";
import { type Allowances, CertificateVerifier, type CertificateVerifierService } from "../../ports/trust.ts";
import { type Bytes, isBytes, toHex } from "../../wire/bytes.ts";
import { type Certificate, parseCertificate } from "../../x509/certificate/certificate.ts";
import { judgeStatus } from "../../x509/ocsp/validate.ts";
import { type BySubject, bySubject, findPath, overspent } from "../../x509/path/path.ts";
import { decodeAllowances } from "../../x509/path/validate.ts";
import { certificatePrice, Work } from "../../x509/path/work.ts";
import { rootsIn } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";

/**
 * Trusts the certificates below these roots, unless a stapled OCSP response says otherwise. Nothing is fetched. Roots
 * are text (PEM), or the bytes of a file: PEM, DER or PKCS#7. A root may also be the peer's own certificate, such as a
 * self-signed one. A certificate that cannot be read is left out, with a warning in the log. Fails with InvalidOption,
 * and with PemError when a text or file has no certificate that can be read.
 */
export const layerRoots = (
  pem: string | Bytes | ReadonlyArray<string | Bytes>,
  allowances?: Allowances,
): Layer.Layer<CertificateVerifier, PemError | InvalidOption> =>
  Layer.effect(
    CertificateVerifier,
    Effect.zipWith(
      Effect.forEach(isBytes(pem) || typeof pem === "string" ? [pem] : pem, readRoots),
      decodeAllowances(given(allowances)),
      (roots, decoded) => rootsService(roots.flat(), decoded),
    ),
  );

const readRoots = (content: string | Bytes): Effect.Effect<ReadonlyArray<Bytes>, PemError> =>
  Effect.flatMap(rootsIn(content), ({ certificates, leftOut }) =>
    Effect.as(
      Effect.forEach(leftOut, ({ message }) => Effect.logWarning(`roots: ${message}; it is left out`)),
      certificates.map(({ raw }) => raw),
    ));

/**
 * Trusts the certificates below these roots (DER). The roots are parsed when the first peer is judged; an invalid one
 * is ignored. Throws InvalidOption when `allowances` has the wrong type.
 */
export const makeRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: Allowances,
): CertificateVerifierService =>
  rootsService(roots, Either.getOrThrowWith(decodeAllowances(given(allowances)), (e) => e));

const rootsService = (roots: ReadonlyArray<Bytes>, allowances: Allowances): CertificateVerifierService => {
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
        const [leaf, ...intermediates] = yield* parsed(chain, work);
        const time = Math.floor((yield* Clock.currentTimeMillis) / 1000);
        anchors ??= bySubject(readable());
        const criteria = { ...allowances, time, name, purpose };
        const path = yield* findPath(leaf, bySubject(intermediates), anchors, criteria, work);
        yield* judgeStatus(path, ocspResponse, criteria, work);
      },
    ),
  };
};

const eitherToList = { onLeft: () => [], onRight: (certificate: Certificate) => [certificate] };

const parsed = Effect.fnUntraced(
  function* (
    chain: ReadonlyArray<Bytes>,
    work: Work,
  ): Effect.fn.Return<readonly [Certificate, ...ReadonlyArray<Certificate>], CertificateError> {
    const certificates: Array<Certificate> = [];
    for (const [index, der] of chain.entries()) {
      const [leaf] = certificates;
      // The handshake has already parsed the leaf, whatever that cost.
      if (!work.draw(certificatePrice(der)) && leaf) return yield* overspent(leaf);
      const certificate = parseCertificate(der);
      if (Either.isLeft(certificate)) return yield* unreadable(index, certificate.left.message);
      certificates.push(certificate.right);
      yield* work.pause;
    }
    const [leaf, ...more] = certificates;
    return leaf ? [leaf, ...more] : yield* unreadable(0, "the chain is empty");
  },
);

const unreadable = (index: number, detail: string): CertificateError =>
  new CertificateError({ reason: "unreadable", index, subject: "", detail, rfc: "RFC 5280 §4.1" });
