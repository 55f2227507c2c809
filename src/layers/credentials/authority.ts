/** Certificates made in memory, self-signed or by an authority in memory: for development, tests, peers that pin. @module */
import { Effect, Layer } from "../../deps.ts";
import type { InvalidOption } from "../../faults/errors/connection.ts";
import type { Credential, Credentials } from "../../ports/credentials.ts";
import type { Crypto } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { toPem } from "../../x509/pem.ts";
import { credentialFromPem, layer } from "./credentials.ts";
import type { AuthorityOptions, IssueOptions, SelfSignedOptions } from "./options.ts";
import { type Made, makeAuthorityCertificate, makeLeaf, privateKeyDer } from "./self_signed.ts";

/** A certificate that was made, and its key. */
export interface Issued {
  /** The certificate as DER. */
  readonly certificate: Bytes;
  /** The certificate and those between it and the root; what the other end must trust, when it is self-signed. */
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** The certificate and its key, for `Credentials.layer`. */
  readonly credential: Credential;
}

/** Who makes certificates that are trusted by those who trust its own. */
export interface Authority {
  /** The certificate as DER. */
  readonly certificate: Bytes;
  /** What the other end must trust. */
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  /** A certificate and its key, for a server at localhost unless given otherwise. */
  readonly issue: (options?: IssueOptions) => Effect.Effect<Issued, InvalidOption, Crypto>;
  /** An authority below this one. */
  readonly intermediate: (options?: AuthorityOptions) => Effect.Effect<Authority, InvalidOption, Crypto>;
}

/** Makes a self-signed certificate in memory, from the randomness of `Crypto` and the time of the `Clock`. */
export const makeSelfSigned = (
  options: SelfSignedOptions = {},
): Effect.Effect<Issued, InvalidOption, Crypto> =>
  Effect.flatMap(makeLeaf(options), (made) => issued(made, []));

/** A self-signed certificate, made when the layer is built. */
export const layerSelfSigned = (
  options?: SelfSignedOptions,
): Layer.Layer<Credentials, InvalidOption, Crypto> =>
  Layer.unwrapEffect(Effect.map(makeSelfSigned(options), ({ credential }) => layer([credential])));

/** Makes a root in memory, from the randomness of `Crypto` and the time of the `Clock`. */
export const makeAuthority = (
  options: AuthorityOptions = {},
): Effect.Effect<Authority, InvalidOption, Crypto> =>
  Effect.map(makeAuthorityCertificate(options), (made) => authority(made, []));

/** `above`: what stands between what it issues and the root. */
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
    // The same way as everybody's: what is made here has to be readable here.
    Effect.orDie(credentialFromPem({ certificate: certificatePem, privateKey: privateKeyPem })),
    (credential) => ({ certificate: made.certificate, certificatePem, privateKeyPem, credential }),
  );
};
