/** Our own certificates and keys: from PEM, by a signer, loaded again. @module */
import { Cause, Effect, Either, Layer, Stream } from "../../deps.ts";
import { type CredentialError, CredentialMismatch } from "../../faults/errors/credentials.ts";
import { PrivateKeyError } from "../../faults/errors/crypto.ts";
import type { SignatureScheme } from "../../names/signature_scheme.ts";
import {
  type Credential,
  type CredentialRequest,
  Credentials,
  type CredentialsService,
} from "../../ports/credentials.ts";
import { Crypto, type PrivateKey } from "../../ports/crypto.ts";
import { authenticationOf, isAskedFor } from "../../tables/key_kinds.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import { type Certificate, isSelfIssued, parseCertificate } from "../../x509/certificate/certificate.ts";
import { decodeDer } from "../../x509/der/der.ts";
import { name as distinguishedName, sameName } from "../../x509/names/distinguished_name.ts";
import { matchesName } from "../../x509/path/host_name.ts";
import { certificatesFromPem } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";
import { publicKeyOf, sameKey } from "./keys.ts";
import type { Passphrase } from "./options.ts";
import { openedPrivateKeyFromPem } from "./passphrase.ts";

/** What PEM files say; they may hold other blocks, too, and may be the same file. */
export interface PemPair<E = never> {
  /** The chain, leaf first, without the root. */
  readonly certificate: string;
  /** PKCS#8, encrypted or not, PKCS#1 or SEC 1. */
  readonly privateKey: string;
  /** What an encrypted key opens with; an Effect is run when there is one to open, each time. */
  readonly passphrase?: Passphrase<E> | undefined;
}

/** A chain and the private key of its leaf, checked to belong together. */
export const credentialFromPem = <E = never>(
  pem: PemPair<E>,
): Effect.Effect<Credential, CredentialError | E> =>
  Effect.gen(function* () {
    const chain = yield* certificatesFromPem(pem.certificate);
    return yield* credentialOf(chain, yield* openedPrivateKeyFromPem(pem.privateKey, pem.passphrase));
  });

/** Credentials from PEM: one, or several of which the handshake takes the one that fits. */
export const layerPem = <E = never>(
  ...pairs: readonly [PemPair<E>, ...ReadonlyArray<PemPair<E>>]
): Layer.Layer<Credentials, CredentialError | E> =>
  Layer.unwrapEffect(Effect.map(Effect.forEach(pairs, credentialFromPem), layer));

/** A chain whose private key is elsewhere: in a module that does not give it away (an HSM), in another process. */
export interface Signer extends Pick<Credential, "schemes" | "ocspResponse" | "signedCertificateTimestamps"> {
  /** The chain as PEM, leaf first, without the root. */
  readonly certificate: string;
  /**
   * Signs `data` as `scheme` says. Who signs digests takes `Crypto.hash` of it, but for Ed25519; ECDSA signatures are
   * DER (RFC 8422 §5.4), PSS salts as long as the hash (RFC 8446 §4.2.3).
   */
  readonly sign: Credential["sign"];
  /**
   * The raw RSA operation, for suites with RSA key transport: the whole block as long as the modulus, which must not be
   * unpadded (RFC 5246 §7.4.7.1). Left out, no such suite is chosen with it.
   */
  readonly decrypt?: Credential["decrypt"] | undefined;
}

/** A credential whose key never is in this process. Whether it is the leaf's shows in the first handshake. */
export const credentialFromSigner = (signer: Signer): Effect.Effect<Credential, CredentialError> =>
  Effect.flatMap(
    certificatesFromPem(signer.certificate),
    (chain) =>
      Either.map(withoutKey(chain), (one) => {
        const { certificate: _, decrypt, ...rest } = signer;
        return decrypt ? { ...one, ...rest, decrypt } : {
          ...one,
          ...rest,
          usage: { ...one.usage, keyEncipherment: false },
          decrypt: () =>
            Effect.fail(new PrivateKeyError({ operation: "decrypt", reason: "the signer only signs" })),
        };
      }),
  );

/** Exactly these credentials, the preferred first; for keys that are elsewhere, say. */
export const layer = (credentials: ReadonlyArray<Credential>): Layer.Layer<Credentials> =>
  Layer.sync(Credentials, () => serviceOf(credentials));

/**
 * Credentials that are loaded again whenever `when` says so: new handshakes get the new ones, sessions made with the old
 * ones are not resumed any more, and connections that are there go on (a client that renegotiates sees the new one, and
 * may refuse it, as ours does unless policy says `serverMayChangeCertificate`). Where loading fails, a warning in the log
 * says why and the old ones stay; only the first loading must succeed.
 *
 *     Credentials.layerReloading(SubscriptionRef.get(ref), ref.changes);
 */
export const layerReloading = <E, R, R2 = never>(
  load: Effect.Effect<ReadonlyArray<Credential>, E, R>,
  when: Stream.Stream<unknown, never, R2>,
): Layer.Layer<Credentials, E, R | R2> =>
  Layer.scoped(
    Credentials,
    Effect.gen(function* () {
      let service = serviceOf(yield* load);
      const again = load.pipe(
        Effect.map((credentials) => void (service = serviceOf(credentials))),
        Effect.catchAllCause((cause) =>
          Cause.isInterrupted(cause)
            ? Effect.interrupt
            : Effect.logWarning(`credentials: ${wordsOf(Cause.squash(cause))}; the old ones stay`)
        ),
      );
      yield* Effect.forkScoped(Stream.runForEach(when, () => again));
      return {
        get partition() {
          return service.partition;
        },
        candidates: (request) => Effect.suspend(() => service.candidates(request)),
      };
    }),
  );

/** No credentials: a client without a certificate. */
export const layerNone: Layer.Layer<Credentials> = layer([]);

type Chain = readonly [Certificate, ...ReadonlyArray<Certificate>];

const mismatch = ([leaf]: Chain, detail: string) =>
  Either.left(new CredentialMismatch({ subject: leaf.subject.text, detail }));

/** What the chain itself says of a credential. */
const withoutKey = (
  chain: Chain,
): Either.Either<Pick<Credential, "chain" | "publicKey" | "usage">, CredentialMismatch> => {
  const [{ publicKey, keyUsage }] = chain;
  return publicKey._tag === "unsupported" ? mismatch(chain, publicKey.detail) : Either.right({
    chain: chain.map(({ raw }) => raw),
    publicKey,
    usage: {
      keyEncipherment: keyUsage?.has("keyEncipherment") ?? true,
      digitalSignature: keyUsage?.has("digitalSignature") ?? true,
    },
  });
};

const credentialOf = (chain: Chain, key: PrivateKey): Either.Either<Credential, CredentialMismatch> =>
  Either.flatMap(withoutKey(chain), (one) => {
    const own = publicKeyOf(key);
    if (!own) return mismatch(chain, "the private key's numbers contradict each other");
    if (!sameKey(one.publicKey, own)) return mismatch(chain, "the private key is not this certificate's");
    // A plain RSA key may be in a certificate that restricts it to PSS (RFC 4055 §1.2); it signs as that says.
    const { _tag } = one.publicKey;
    const signing: PrivateKey = "modulus" in key && (_tag === "rsa" || _tag === "rsa_pss")
      ? { ...key, _tag }
      : key;
    return Either.right({
      ...one,
      sign: (scheme, data) => Effect.flatMap(Crypto, (crypto) => crypto.sign(signing, scheme, data)),
      decrypt: (ciphertext) => Effect.flatMap(Crypto, (crypto) => crypto.rsaDecryptRaw(signing, ciphertext)),
    });
  });

interface Known {
  readonly credential: Credential;
  /** Those of the chain that could be read. */
  readonly certificates: ReadonlyArray<Certificate>;
}

const serviceOf = (credentials: ReadonlyArray<Credential>): CredentialsService => {
  const known = credentials.map((credential) => ({ credential, certificates: readable(credential.chain) }));
  return {
    // The order too decides which one is shown.
    partition: credentials.length === 0 ? "" : partitionOf("credentials", ...credentials.map(nameOf)),
    candidates: (request) => Effect.sync(() => chosen(known, request).map(({ credential }) => credential)),
  };
};

const nameOf = ({ chain, schemes }: Credential): string =>
  JSON.stringify([chain.map((der) => toHex(sha256(der))), schemes ?? null]);

const readable = (chain: ReadonlyArray<Bytes>): ReadonlyArray<Certificate> =>
  chain.flatMap((der) => Either.match(parseCertificate(der), { onLeft: () => [], onRight: (c) => [c] }));

const chosen = (known: ReadonlyArray<Known>, request: CredentialRequest): ReadonlyArray<Known> =>
  request.role === "server"
    ? forSchemes(forName(known, request.serverName), request.schemes)
    : forAuthorities(
      forSchemes(known.filter((one) => canAnswer(one, request)), request.schemes),
      request.authorities,
    );

/**
 * First those whose certificates are signed as the peer can verify (RFC 5246 §7.4.2, §7.4.6); then the others, for many
 * a peer can do more than it says (RFC 8446 §4.4.2.2). Nobody verifies how a root signed itself.
 */
const forSchemes = (
  known: ReadonlyArray<Known>,
  schemes: ReadonlyArray<SignatureScheme> | undefined,
): ReadonlyArray<Known> => {
  if (!schemes) return known;
  const verifiable = known.filter(({ certificates }) =>
    certificates.every((one) =>
      isSelfIssued(one) ||
      one.signatureAlgorithm.scheme !== undefined && schemes.includes(one.signatureAlgorithm.scheme)
    )
  );
  return [...verifiable, ...known.filter((one) => !verifiable.includes(one))];
};

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
  const { makes } = authenticationOf(publicKey);
  return usage.digitalSignature && isAskedFor(publicKey, types) &&
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
