/** Credentials: from PEM, from a signer, and reloaded. @module */
import { Cause, Effect, Either, Layer, Stream } from "../../deps.ts";
import { type CredentialError, CredentialMismatch } from "../../faults/errors/credentials.ts";
import { PrivateKeyError } from "../../faults/errors/crypto.ts";
import { type Credential, Credentials, type CredentialsService } from "../../ports/credentials.ts";
import { Crypto, type PrivateKey } from "../../ports/crypto.ts";
import { type Bytes, sameBytes, toHex } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import type { Certificate } from "../../x509/certificate/certificate.ts";
import { certificatesFromPem, certificatesOf } from "../../x509/pem.ts";
import { sha256 } from "../crypto/noble/deps.ts";
import { partitionOf } from "../crypto/partition.ts";
import { chosen, knownOf } from "./choose.ts";
import { inOrder } from "./chain_order.ts";
import { publicKeyOf, sameKey } from "./keys.ts";
import type { Passphrase } from "./options.ts";
import { openedBlocks, openedPrivateKey } from "./passphrase.ts";

/**
 * A certificate chain and a private key, each as text (PEM) or as the bytes of a file: PEM, DER, PKCS#7, PKCS#12.
 * Both may be the same, and may hold more than is needed.
 */
export interface PemPair<E = never> {
  /** The certificate chain, without the root. The leaf is the one that the private key fits. */
  readonly certificate: string | Bytes;
  /** The private key: PKCS#8 (encrypted or not), PKCS#1 or SEC 1. */
  readonly privateKey: string | Bytes;
  /** The passphrase of an encrypted key or PKCS#12 file. An Effect runs once each time there is one to open. */
  readonly passphrase?: Passphrase<E> | undefined;
  /** Whether to also open what is encrypted with 3DES by RFC 7292 §C, as older programs do; `false` unless given. */
  readonly legacy?: boolean | undefined;
}

/**
 * Makes a credential from a chain and its key; the chain is put in order. Fails with PemError when they cannot be read,
 * and with CredentialMismatch when the key fits no certificate.
 */
export const credentialFromPem = <E = never>(
  pem: PemPair<E>,
): Effect.Effect<Credential, CredentialError | E> =>
  Effect.gen(function* () {
    const passphrase = Effect.isEffect(pem.passphrase)
      ? yield* Effect.cached(pem.passphrase)
      : pem.passphrase;
    const opening = { passphrase, legacy: pem.legacy };
    const blocks = yield* openedBlocks(pem.certificate, opening);
    const chain = yield* certificatesOf(blocks);
    const keys = sameContent(pem) ? blocks : yield* openedBlocks(pem.privateKey, opening);
    return yield* credentialOf(chain, yield* openedPrivateKey(keys, opening));
  });

/** Credentials from chains and keys. If there are several, the handshake uses the first that fits. */
export const layerPem = <E = never>(
  ...pairs: readonly [PemPair<E>, ...ReadonlyArray<PemPair<E>>]
): Layer.Layer<Credentials, CredentialError | E> =>
  Layer.unwrapEffect(Effect.map(Effect.forEach(pairs, credentialFromPem), layer));

/** A certificate chain whose private key is elsewhere: in an HSM, for example, or in another process. */
export interface Signer extends Pick<Credential, "schemes" | "ocspResponse" | "signedCertificateTimestamps"> {
  /** The certificate chain, leaf first, without the root: text (PEM), or the bytes of PEM, DER or PKCS#7. */
  readonly certificate: string | Bytes;
  /**
   * Signs `data` with a scheme. A signer of digests must hash the data first (`Crypto.hash`), except for Ed25519 and
   * Ed448.
   * ECDSA signatures are DER (RFC 8422 §5.4), and PSS salts are as long as the hash (RFC 8446 §4.2.3).
   */
  readonly sign: Credential["sign"];
  /**
   * The raw RSA private-key operation, for suites with RSA key transport. The result is a whole block, as long as the
   * modulus, with its padding (RFC 5246 §7.4.7.1). Without this member, no such suite is chosen.
   */
  readonly decrypt?: Credential["decrypt"] | undefined;
}

/**
 * Makes a credential whose key is never in this process. A key that does not belong to the leaf shows only in the
 * first handshake. Fails with PemError or CredentialMismatch.
 */
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

/** Credentials from a list, the preferred first; for keys that are elsewhere, for example. */
export const layer = (credentials: ReadonlyArray<Credential>): Layer.Layer<Credentials> =>
  Layer.sync(Credentials, () => serviceOf(credentials));

/**
 * Credentials that are reloaded on each element of `when`. New handshakes use the new ones, and sessions made with the
 * old ones are no longer resumed. Open connections go on; a client that renegotiates sees the new certificate and may
 * refuse it, as ours does unless its policy has `serverMayChangeCertificate`. If a reload fails, a warning is logged
 * and the old credentials stay in use; the first load must succeed.
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

/** No credentials: for a client without a certificate. */
export const layerNone: Layer.Layer<Credentials> = layer([]);

type Chain = readonly [Certificate, ...ReadonlyArray<Certificate>];

const sameContent = ({ certificate, privateKey }: PemPair<unknown>): boolean =>
  certificate === privateKey || typeof certificate !== "string" && typeof privateKey !== "string" &&
    sameBytes(certificate, privateKey);

const mismatch = ([leaf]: Chain, detail: string) =>
  Either.left(new CredentialMismatch({ subject: leaf.subject.text, detail }));

/** The parts of a credential that follow from its chain. */
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

const credentialOf = (given: Chain, key: PrivateKey): Either.Either<Credential, CredentialMismatch> => {
  const own = publicKeyOf(key);
  if (!own) return mismatch(given, "the private key's numbers contradict each other");
  const fits = ({ publicKey }: Certificate) => publicKey._tag !== "unsupported" && sameKey(publicKey, own);
  const chain = inOrder(given, given.find(fits) ?? given[0]);
  return Either.flatMap(withoutKey(chain), (one) => {
    if (!sameKey(one.publicKey, own)) return mismatch(chain, "the private key is not this certificate's");
    // A plain RSA key may have a certificate that restricts it to PSS (RFC 4055 §1.2). It signs as the certificate
    // says.
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
};

const serviceOf = (credentials: ReadonlyArray<Credential>): CredentialsService => {
  const known = credentials.map(knownOf);
  return {
    // The order is included because it also decides which credential is used.
    partition: credentials.length === 0 ? "" : partitionOf("credentials", ...credentials.map(nameOf)),
    candidates: (request) => Effect.sync(() => chosen(known, request)),
  };
};

const nameOf = ({ chain, schemes }: Credential): string =>
  JSON.stringify([chain.map((der) => toHex(sha256(der))), schemes ?? null]);
