/** Trust in root certificates: path validation by RFC 5280. @module */
import { Effect, Either, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import {
  CertificateVerifier,
  type CertificateVerifierService,
  type TrustOptions,
} from "../../ports/trust.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { certificatesFromPem } from "../../x509/pem.ts";
import { rootsWithSource, trustInRoots } from "./trust_in_roots.ts";

/**
 * Trusts the certificates below these roots (PEM), unless a stapled OCSP response or a CRL says otherwise. CRLs are those of
 * the options, and those of a RevocationSource if there is one when the layer is built. Nothing is fetched. A root may also
 * be the peer's own certificate, such as a self-signed one. Fails with PemError or InvalidOption.
 */
export const layerRoots = (
  pem: string | ReadonlyArray<string>,
  allowances?: TrustOptions,
): Layer.Layer<CertificateVerifier, PemError | InvalidOption> =>
  Layer.effect(
    CertificateVerifier,
    Effect.flatMap(
      Effect.forEach([pem].flat(), certificatesFromPem),
      (certificates) => rootsWithSource(certificates.flat().map(({ raw }) => raw), allowances),
    ),
  );

/**
 * Trusts the certificates below these roots (DER). The roots are parsed when the first peer is judged; an invalid one
 * is ignored. Throws InvalidOption when `allowances` has the wrong type, and PemError for CRLs that are none.
 */
export const makeRoots = (
  roots: ReadonlyArray<Bytes>,
  allowances?: TrustOptions,
): CertificateVerifierService => Either.getOrThrowWith(trustInRoots(roots, allowances), (e) => e);
