/**
 * Certificates made in memory, self-signed or by a CA in memory: for development, tests, and peers that pin.
 *
 * @module
 */
import { Effect, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import { given } from "../../options.ts";
import type { Credential, Credentials } from "../../ports/credentials.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { toPem } from "../../x509/pem.ts";
import { credentialFromPem, layer } from "./credentials.ts";
import type { AuthorityOptions, IssueOptions, SelfSignedOptions } from "./options.ts";
import { type Made, makeAuthorityCertificate, makeLeaf, privateKeyDer } from "./self_signed.ts";

/** A certificate made in memory, with its private key. */
export interface Issued {
  /** The certificate as DER. */
  readonly certificate: Bytes;
  /**
   * The certificate and its intermediates as PEM, without the root. If it is self-signed, this is what the other end
   * must trust.
   */
  readonly certificatePem: string;
  /** The private key as PEM: PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** The certificate and its key as a credential, for `Credentials.layer`. */
  readonly credential: Credential;
}

/** A certificate authority in memory. */
export interface Authority {
  /** The authority's own certificate as DER. */
  readonly certificate: Bytes;
  /** The authority's own certificate as PEM. If it is a root, this is what the other end must trust. */
  readonly certificatePem: string;
  /** The authority's private key as PEM: PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /**
   * Issues a certificate with a new key; for a server at localhost unless the options say otherwise. Fails with
   * InvalidOption.
   */
  readonly issue: (options?: IssueOptions) => Effect.Effect<Issued, InvalidOption, Crypto>;
  /** Makes an intermediate authority below this one. Fails with InvalidOption. */
  readonly intermediate: (options?: AuthorityOptions) => Effect.Effect<Authority, InvalidOption, Crypto>;
}

/**
 * Makes a self-signed certificate in memory, with randomness from `Crypto` and the time of the `Clock`. Fails with
 * InvalidOption.
 */
export const makeSelfSigned = (
  options?: SelfSignedOptions,
): Effect.Effect<Issued, InvalidOption, Crypto> =>
  Effect.flatMap(makeLeaf(given(options)), (made) => issued(made, []));

/** Credentials of one self-signed certificate, made when the layer is built. */
export const layerSelfSigned = (
  options?: SelfSignedOptions,
): Layer.Layer<Credentials, InvalidOption, Crypto> =>
  Layer.unwrapEffect(Effect.map(makeSelfSigned(options), ({ credential }) => layer([credential])));

/**
 * Makes a root authority in memory, with randomness from `Crypto` and the time of the `Clock`. Fails with
 * InvalidOption.
 */
export const makeAuthority = (
  options?: AuthorityOptions,
): Effect.Effect<Authority, InvalidOption, Crypto> =>
  Effect.map(makeAuthorityCertificate(given(options)), (made) => authority(made, []));

/** An authority; `above` is the chain from its own certificate to below the root. */
const authority = (made: Made, above: ReadonlyArray<Bytes>): Authority => ({
  certificate: made.certificate,
  certificatePem: toPem("CERTIFICATE", made.certificate),
  privateKeyPem: toPem("PRIVATE KEY", privateKeyDer(made)),
  issue: (options = {}) => Effect.flatMap(makeLeaf(options, made), (leaf) => issued(leaf, above)),
  intermediate: (options = {}) =>
    Effect.map(
      makeAuthorityCertificate({ commonName: "Test Intermediate", ...options }, made),
      (below) => authority(below, [below.certificate, ...above]),
    ),
});

const issued = (made: Made, above: ReadonlyArray<Bytes>): Effect.Effect<Issued> => {
  const certificatePem = [made.certificate, ...above].map((der) => toPem("CERTIFICATE", der)).join("");
  const privateKeyPem = toPem("PRIVATE KEY", privateKeyDer(made));
  return Effect.map(
    // The usual way of reading PEM, which checks what was made.
    Effect.orDie(credentialFromPem({ certificate: certificatePem, privateKey: privateKeyPem })),
    (credential) => ({ certificate: made.certificate, certificatePem, privateKeyPem, credential }),
  );
};
