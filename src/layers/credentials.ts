/** Our own certificates and keys: from PEM, or made on the spot. @module */
import { Data, Effect, Either, Layer } from "../deps.ts";
import { authenticationOf } from "../authentications/mod.ts";
import { type Credential, type CredentialRequest, Credentials } from "../services/credentials.ts";
import { Crypto, type PrivateKey } from "../services/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Certificate, isSelfIssued, parseCertificate } from "../x509/certificate.ts";
import { decodeDer } from "../x509/der.ts";
import { name as distinguishedName, sameName } from "../x509/distinguished_name.ts";
import { matchesName } from "../x509/names.ts";
import { publicKeyOf, sameKey } from "./credentials_keys.ts";
import { selfSignedDer, type SelfSignedOptions } from "./credentials_self_signed.ts";
import { certificatesFromPem, type PemError, privateKeyFromPem, toPem } from "./pem.ts";

export { PemError } from "./pem.ts";
export type { SelfSignedOptions } from "./credentials_self_signed.ts";

/** A certificate chain and a private key that do not go together. */
export class CredentialMismatch extends Data.TaggedError("CredentialMismatch")<{
  /** The leaf's. */
  readonly subject: string;
  readonly detail: string;
}> {
  override get message() {
    return `${this.subject}: ${this.detail}`;
  }
}

/** What PEM files say; they may hold other blocks, too, and may be the same file. */
export interface PemPair {
  /** The chain, leaf first, without the root. */
  readonly certificate: string;
  readonly privateKey: string;
}

/** Why there is no credential. */
export type CredentialError = PemError | CredentialMismatch;

/** A chain and the private key of its leaf, checked to belong together. */
export const credentialFromPem = (pem: PemPair): Effect.Effect<Credential, CredentialError> =>
  Effect.gen(function* () {
    const chain = yield* certificatesFromPem(pem.certificate);
    return yield* credentialOf(chain, yield* privateKeyFromPem(pem.privateKey));
  });

/** Credentials from PEM: one, or several of which the handshake takes the one that fits. */
export const fromPem = (
  ...pairs: readonly [PemPair, ...ReadonlyArray<PemPair>]
): Layer.Layer<Credentials, CredentialError> =>
  Layer.unwrapEffect(Effect.map(Effect.forEach(pairs, credentialFromPem), make));

/** What `makeSelfSigned` made. */
export interface SelfSigned {
  readonly certificate: Bytes;
  /** What the other end must trust. */
  readonly certificatePem: string;
  /** PKCS#8, not encrypted. */
  readonly privateKeyPem: string;
  readonly credential: Credential;
}

/** Makes a self-signed certificate in memory, from the randomness of `Crypto` and the time of the `Clock`. */
export const makeSelfSigned = (options: SelfSignedOptions = {}): Effect.Effect<SelfSigned, never, Crypto> =>
  Effect.gen(function* () {
    const { certificate, privateKey } = yield* selfSignedDer(options);
    const certificatePem = toPem("CERTIFICATE", certificate);
    const privateKeyPem = toPem("PRIVATE KEY", privateKey);
    // The same way as everybody's: what is made here has to be readable here.
    const credential = yield* Effect.orDie(
      credentialFromPem({ certificate: certificatePem, privateKey: privateKeyPem }),
    );
    return { certificate, certificatePem, privateKeyPem, credential };
  });

/** A self-signed certificate, made when the layer is built. */
export const selfSigned = (options?: SelfSignedOptions): Layer.Layer<Credentials, never, Crypto> =>
  Layer.unwrapEffect(Effect.map(makeSelfSigned(options), ({ credential }) => make([credential])));

/** Exactly these credentials, the preferred first; for keys that are elsewhere, say. */
export const make = (credentials: ReadonlyArray<Credential>): Layer.Layer<Credentials> =>
  Layer.sync(Credentials, () => {
    const known = credentials.map((credential) => ({ credential, certificates: readable(credential.chain) }));
    return {
      candidates: (request) => Effect.sync(() => chosen(known, request).map(({ credential }) => credential)),
    };
  });

/** No credentials: a client without a certificate. */
export const none: Layer.Layer<Credentials> = make([]);

const credentialOf = (
  [leaf, ...more]: readonly [Certificate, ...ReadonlyArray<Certificate>],
  key: PrivateKey,
): Either.Either<Credential, CredentialMismatch> => {
  const mismatch = (detail: string) =>
    Either.left(new CredentialMismatch({ subject: leaf.subject.text, detail }));
  const { publicKey, keyUsage } = leaf;
  if (publicKey._tag === "unsupported") return mismatch(publicKey.detail);
  const own = publicKeyOf(key);
  if (!own) return mismatch("the private key's numbers contradict each other");
  if (!sameKey(publicKey, own)) return mismatch("the private key is not this certificate's");
  // A plain RSA key may be in a certificate that restricts it to PSS (RFC 4055 §1.2); it signs as that says.
  const { _tag } = publicKey;
  const signing: PrivateKey = "modulus" in key && (_tag === "rsa" || _tag === "rsa_pss")
    ? { ...key, _tag }
    : key;
  return Either.right({
    chain: [leaf, ...more].map(({ raw }) => raw),
    publicKey,
    usage: {
      keyEncipherment: keyUsage?.has("keyEncipherment") ?? true,
      digitalSignature: keyUsage?.has("digitalSignature") ?? true,
    },
    sign: (scheme, data) => Effect.flatMap(Crypto, (crypto) => crypto.sign(signing, scheme, data)),
    decrypt: (ciphertext) => Effect.flatMap(Crypto, (crypto) => crypto.rsaDecryptRaw(signing, ciphertext)),
  });
};

interface Known {
  readonly credential: Credential;
  /** Those of the chain that could be read. */
  readonly certificates: ReadonlyArray<Certificate>;
}

const readable = (chain: ReadonlyArray<Bytes>): ReadonlyArray<Certificate> =>
  chain.flatMap((der) => Either.match(parseCertificate(der), { onLeft: () => [], onRight: (c) => [c] }));

const chosen = (known: ReadonlyArray<Known>, request: CredentialRequest): ReadonlyArray<Known> =>
  request.role === "server"
    ? forName(known, request.serverName)
    : forAuthorities(known.filter((one) => canAnswer(one, request)), request.authorities);

/** Those for the name that the client asks for; all, where none is. */
const forName = (known: ReadonlyArray<Known>, name: string | undefined): ReadonlyArray<Known> => {
  const named = name === undefined
    ? []
    : known.filter(({ certificates: [leaf] }) => leaf && matchesName(leaf, name));
  return named.length ? named : known;
};

const canAnswer = (
  { credential: { publicKey, usage } }: Known,
  { types, schemes }: CredentialRequest & { readonly role: "client" },
): boolean => {
  const { certificateType, makes } = authenticationOf(publicKey);
  return usage.digitalSignature && types.includes(certificateType) &&
    (schemes === undefined || schemes.some((scheme) => makes(scheme, publicKey)));
};

/**
 * Those below an authority that the server names (RFC 5246 §7.4.4); then those of which one cannot know, because
 * their chains end before a root. No names at all: everybody's.
 */
const forAuthorities = (
  known: ReadonlyArray<Known>,
  authorities: ReadonlyArray<Bytes>,
): ReadonlyArray<Known> => {
  if (authorities.length === 0) return known;
  const names = authorities.flatMap((der) =>
    Either.match(decodeDer("DistinguishedName", distinguishedName, der), {
      onLeft: () => [],
      onRight: (name) => [name],
    })
  );
  const below = known.filter(({ certificates }) =>
    certificates.some(({ issuer }) => names.some((name) => sameName(name, issuer)))
  );
  const open = known.filter((one) => !below.includes(one) && !one.certificates.some(isSelfIssued));
  return [...below, ...open];
};
