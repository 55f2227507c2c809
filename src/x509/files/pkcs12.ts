/**
 * PKCS#12 files: certificates and private keys under a passphrase (RFC 7292 §4). Nothing is derived or decrypted here;
 * these are the three steps between which that happens.
 *
 * @module
 */
import { Either } from "../../deps.ts";
import type { HashName } from "../../ports/crypto.ts";
import { type Bytes, concat } from "../../wire/bytes.ts";
import { decodeBer } from "../der/ber.ts";
import {
  any,
  choice,
  type Der,
  type DerError,
  explicit,
  implicit,
  map,
  optional,
  sequence,
  sequenceOf,
  setOf,
  tagged,
  withDefault,
} from "../der/der.ts";
import { named, oids } from "../der/oids.ts";
import { count, objectIdentifier, octetString } from "../der/types.ts";
import { type AlgorithmIdentifier, algorithmIdentifier } from "../keys/algorithms.ts";
import {
  derivations,
  type EncryptedKey,
  encryptionOf,
  type KeyDerivation,
  parametersOf,
  pkcs12Derivation,
  prfs,
  unsupported,
  type UnsupportedEncryption,
} from "../keys/encrypted_key.ts";

/** A PKCS#12 file. */
export interface Pkcs12 {
  readonly _tag: "pkcs12";
  /** What protects `safes` from changes; `undefined` when nothing does. */
  readonly mac: Pkcs12Mac | undefined;
  /** `AuthenticatedSafe`, undecoded. */
  readonly safes: Bytes;
}

/** An HMAC under a key that is derived from the passphrase. */
export interface Pkcs12Mac {
  readonly derivation: KeyDerivation;
  readonly keyLength: number;
  readonly hash: HashName;
  readonly digest: Bytes;
}

/** Some of a file's content: as it is, or encrypted. */
export type Safe =
  | { readonly _tag: "plain"; readonly content: Bytes }
  | EncryptedKey
  | UnsupportedEncryption;

/** A certificate or private key of a file, labelled as in PEM. */
export interface Bag {
  readonly label: "CERTIFICATE" | "PRIVATE KEY" | "ENCRYPTED PRIVATE KEY";
  readonly bytes: Bytes;
}

/** Step 1: parses how a file is protected. */
export const parsePkcs12 = (bytes: Bytes): Either.Either<Pkcs12 | UnsupportedEncryption, DerError> =>
  decodeBer("PKCS#12", pfx, bytes);

/** Step 2: parses `AuthenticatedSafe`, after its MAC is verified. */
export const safesOf = (bytes: Bytes): Either.Either<ReadonlyArray<Safe>, DerError> =>
  decodeBer("AuthenticatedSafe", sequenceOf(safe, 0), bytes);

/** Step 3: the certificates and private keys in a safe that is open. Other kinds of bags are passed over. */
export const bagsOf = (bytes: Bytes, level = 0): Either.Either<ReadonlyArray<Bag>, DerError> =>
  Either.map(
    decodeBer("SafeContents", sequenceOf(safeBag, 0), bytes),
    (bags) =>
      bags.flatMap(({ id, value }): ReadonlyArray<Bag> => {
        if (id === oids.safeContentsBag) {
          return level < MOST_LEVELS ? Either.getOrElse(bagsOf(value, level + 1), () => []) : [];
        }
        const label = labels[id];
        return label === undefined ? [] : [{ label, bytes: value }];
      }),
  );

/** Bags may hold bags, which no program writes. */
const MOST_LEVELS = 3;

const labels: Readonly<Record<string, Bag["label"]>> = {
  [oids.certBag]: "CERTIFICATE",
  [oids.keyBag]: "PRIVATE KEY",
  [oids.pkcs8ShroudedKeyBag]: "ENCRYPTED PRIVATE KEY",
};

const contentInfo = sequence({ type: objectIdentifier, content: explicit(0, any) });

const macData = sequence({
  mac: sequence({ algorithm: algorithmIdentifier, digest: octetString }),
  salt: octetString,
  iterations: withDefault(count, 1),
});

/** The content of an OCTET STRING that `any` has read. */
const octets = ({ tag, content }: { readonly tag: number; readonly content: Bytes }, fail: Fail): Bytes =>
  tag === 0x04 ? content : fail("no OCTET STRING");
type Fail = (reason: string) => never;

const pfx: Der<Pkcs12 | UnsupportedEncryption> = map(
  sequence({
    version: map(count, (n, fail) => n === 3 ? n : fail(`version ${n}`)),
    authSafe: contentInfo,
    macData: optional(macData),
  }),
  ({ authSafe: { type, content }, macData }, fail) => {
    if (type !== oids["pkcs7-data"]) {
      return unsupported(`a PKCS#12 file of ${named(type)} is not supported: only one under a passphrase is`);
    }
    const mac = macData && macOf(macData, fail);
    if (mac && "_tag" in mac) return mac;
    return { _tag: "pkcs12", mac, safes: octets(content, fail) };
  },
);

/** The hash functions of a MAC, and how long its key is. */
const macHashes: Readonly<Record<string, readonly [HashName, number]>> = {
  [oids["id-sha1"]]: ["sha1", 20],
  [oids["id-sha224"]]: ["sha224", 28],
  [oids["id-sha256"]]: ["sha256", 32],
  [oids["id-sha384"]]: ["sha384", 48],
  [oids["id-sha512"]]: ["sha512", 64],
};

const macOf = (
  { mac: { algorithm, digest }, ...costs }: {
    readonly mac: { readonly algorithm: AlgorithmIdentifier; readonly digest: Bytes };
    readonly salt: Bytes;
    readonly iterations: number;
  },
  fail: Fail,
): Pkcs12Mac | UnsupportedEncryption => {
  if (algorithm.oid === oids["id-PBMAC1"]) return pbmac1(algorithm, digest, fail);
  const row = macHashes[algorithm.oid];
  if (!row) return unsupported(`a MAC by ${named(algorithm.oid)} is not supported`, true);
  const [hash, keyLength] = row;
  const derivation = pkcs12Derivation(costs, hash, fail);
  return derivation._tag === "unsupported" ? derivation : { derivation, keyLength, hash, digest };
};

const pbmac1Parameters = sequence({ derivation: algorithmIdentifier, scheme: algorithmIdentifier });

/** RFC 9579 §5. The salt and iterations beside it count for nothing. */
const pbmac1 = (
  algorithm: AlgorithmIdentifier,
  digest: Bytes,
  fail: Fail,
): Pkcs12Mac | UnsupportedEncryption => {
  const { derivation: { oid, parameters, raw }, scheme } = parametersOf(algorithm, pbmac1Parameters, fail);
  const shape = derivations[oid];
  const hash = prfs[scheme.oid];
  if (!shape || !hash) return unsupported(`PBMAC1 by ${oid} and ${scheme.oid} is unknown`);
  const read = parametersOf({ oid, parameters, raw }, shape, fail);
  if ("_tag" in read) return read;
  const { derivation, keyLength = fail("PBMAC1 without the length of its key") } = read;
  if (keyLength < 20 || keyLength > 1024) fail(`PBMAC1 with a key of ${keyLength} bytes`);
  return { derivation, keyLength, hash, digest };
};

/** `[0] IMPLICIT OCTET STRING`, which BER may have in pieces. */
const pieces = tagged(0xa0, (r) => {
  const found: Array<Bytes> = [];
  while (r.more) found.push(octetString.read(r));
  return concat(...found);
});

const encryptedData = sequence({
  version: count,
  info: map(
    sequence({
      contentType: objectIdentifier,
      algorithm: algorithmIdentifier,
      ciphertext: choice(implicit(0, octetString), pieces),
    }),
    ({ algorithm, ciphertext }, fail) => encryptionOf(algorithm, ciphertext, fail),
  ),
  attributes: optional(tagged(0xa1, (r) => r.rest())),
});

const safe: Der<Safe> = map(contentInfo, ({ type, content }, fail): Safe => {
  switch (type) {
    case oids["pkcs7-data"]:
      return { _tag: "plain", content: octets(content, fail) };
    case oids["pkcs7-encryptedData"]:
      return Either.getOrElse(
        decodeBer("EncryptedData", encryptedData, content.raw),
        (e) => fail(e.message),
      ).info;
    default:
      return unsupported(`what a PKCS#12 file holds as ${named(type)} is not supported`);
  }
});

const certificateBag = map(
  sequence({ type: objectIdentifier, value: explicit(0, octetString) }),
  ({ type, value }) => type === oids.x509Certificate ? value : undefined,
);

const safeBag = map(
  sequence({ id: objectIdentifier, value: explicit(0, any), attributes: optional(setOf(any, 0)) }),
  ({ id, value: { raw } }, fail) => {
    if (id !== oids.certBag) return { id, value: raw };
    const value = Either.getOrElse(decodeBer("CertBag", certificateBag, raw), (e) => fail(e.message));
    // An SDSI certificate is no certificate of TLS.
    return value ? { id, value } : { id: "", value: raw };
  },
);
