/** Trust decisions. @module */
import { Effect, Layer } from "../deps.ts";
import {
  CertificateError,
  CertificateVerifier,
  type CertificateVerifierService,
  type Verification,
} from "../services/verifier.ts";

/**
 * Your own decision. `partition` names the settings that it depends on: sessions made under one name are not resumed
 * under another, so a decision that changes must change its name.
 */
export const make = (
  partition: string,
  verify: CertificateVerifierService["verify"],
): Layer.Layer<CertificateVerifier> => Layer.succeed(CertificateVerifier, { partition, verify });

/** Trusts everybody: the connection is encrypted, and nobody knows to whom. */
export const layerInsecure: Layer.Layer<CertificateVerifier> = make("insecure", () => Effect.void);

/** Trusts nobody: for a server that asks for no certificates. */
export const layerNone: Layer.Layer<CertificateVerifier> = make("none", (_: Verification) =>
  Effect.fail(
    new CertificateError({
      reason: "unknown_ca",
      index: 0,
      subject: "",
      detail: "no certificate is trusted here",
      rfc: "RFC 5246 §7.4.6",
    }),
  ));
