/** Trust in root certificates: path validation by RFC 5280. @module */
import { Effect, Either, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { PemError } from "../../faults/errors/pem.ts";
import {
  CertificateVerifier,
  type CertificateVerifierService,
  type TrustOptions,
} from "../../ports/trust.ts";
import { type Bytes, isBytes } from "../../wire/bytes.ts";
import { rootsIn } from "../../x509/pem.ts";
import { rootsWithSource, trustInRoots } from "./trust_in_roots.ts";

/**
 * Trusts the certificates below these roots, unless a stapled OCSP response or a CRL says otherwise. CRLs are those of the
 * options, and those of a RevocationSource if there is one when the layer is built. Nothing is fetched. Roots are text
 * (PEM), or the bytes of a file: PEM, DER or PKCS#7. A root may also be the peer's own certificate, such as a self-signed
 * one. A certificate that cannot be read is left out, with a warning in the log. Fails with InvalidOption, and with
 * PemError when a text or file has no certificate that can be read.
 */
export const layerRoots = (
  pem: string | Bytes | ReadonlyArray<string | Bytes>,
  allowances?: TrustOptions,
): Layer.Layer<CertificateVerifier, PemError | InvalidOption> =>
  Layer.effect(
    CertificateVerifier,
    Effect.flatMap(
      Effect.forEach(isBytes(pem) || typeof pem === "string" ? [pem] : pem, readRoots),
      (roots) => rootsWithSource(roots.flat(), allowances),
    ),
  );

const readRoots = (content: string | Bytes): Effect.Effect<ReadonlyArray<Bytes>, PemError> =>
  Effect.flatMap(Either.mapLeft(rootsIn(content), withAdvice), ({ certificates, leftOut }) =>
    Effect.as(
      Effect.forEach(leftOut, ({ message }) => Effect.logWarning(`roots: ${message}; it is left out`)),
      certificates.map(({ raw }) => raw),
    ));

/** A device's own certificate, which breaks the rules, is likely to be given as a root. */
const withAdvice = (e: PemError): PemError =>
  e.reason === "malformed"
    ? new PemError({
      ...e,
      detail: `${e.detail}; it can be no root, but a server's key can be pinned (layerPinned, --pin)`,
    })
    : e;

/**
 * Trusts the certificates below these roots (DER). The roots are parsed when the first peer is judged; an invalid one
 * is ignored. Throws InvalidOption when `allowances` has the wrong type, and PemError for CRLs that are none.
 */
export const makeRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
): CertificateVerifierService => Either.getOrThrowWith(trustInRoots(roots, allowances), (e) => e);
