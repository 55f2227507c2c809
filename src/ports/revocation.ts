/** The port to CRLs that are not at hand when trust is set up. @module */
import { Context, type Effect } from "../deps.ts";
import type { Bytes } from "../wire/bytes.ts";

/** A certificate of which must be known whether it was revoked. */
export interface RevocationRequest {
  /** The name of its issuer, as DER. */
  readonly issuer: Bytes;
  /** Its serial number as its DER has it: two's complement. */
  readonly serialNumber: Bytes;
  /**
   * The URIs of CRLs that it names, those of freshestCRL last. A root vouches for the certificate, and so for the URIs; no
   * more than the certificate's issuer decides which addresses these are.
   */
  readonly distributionPoints: ReadonlyArray<string>;
}

/** Where CRLs come from. */
export interface RevocationSourceService {
  /**
   * The CRLs that may be about a certificate, as DER; superfluous ones do no harm. Certificates of those who issue them may
   * stand among them. A CRL is parsed and its signature
   * verified once, as long as it is the same object. Whatever this does, it is asked for a few seconds at most; a certificate
   * is refused if it fails, and nothing else says that it is not revoked.
   */
  readonly crls: (about: RevocationRequest) => Effect.Effect<ReadonlyArray<Bytes>, unknown>;
  /**
   * A value that changes when the CRLs do. Verdicts are remembered, and sessions resumed, as long as it is the same.
   * Without it no verdict is remembered, and a session is resumed whatever the CRLs have become.
   */
  readonly revision?: (() => string) | undefined;
}

/**
 * A source of CRLs, as a service. The layers that trust roots use it if it is there when they are built, so it must be
 * provided to them, not beside them: `Layer.provide(CertificateVerifier.layerRoots(pem), RevocationSource.layerFiles(files))`.
 * With the option `crlCheck`, no certificate is trusted if that was forgotten.
 */
export class RevocationSource extends Context.Tag("effect-tls/1/RevocationSource")<
  RevocationSource,
  RevocationSourceService
>() {}
