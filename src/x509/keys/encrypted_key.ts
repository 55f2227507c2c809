/**
 * `EncryptedPrivateKeyInfo` (RFC 5958 §3): private keys encrypted with a passphrase by PBES2 (RFC 8018 §6.2).
 *
 * @module
 */
import { Either } from "../../deps.ts";
import type { HashName } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { decodeDer, type Der, type DerError, map, optional, sequence, withDefault } from "../der/der.ts";
import { named, oids } from "../der/oids.ts";
import { count, octetString } from "../der/types.ts";
import { type AlgorithmIdentifier, algorithmIdentifier } from "./algorithms.ts";

/** How the encryption key is derived from a passphrase. */
export type KeyDerivation =
  /** PBKDF2 (RFC 8018 §5.2). */
  | { readonly _tag: "pbkdf2"; readonly salt: Bytes; readonly iterations: number; readonly prf: HashName }
  /** scrypt (RFC 7914 §6). */
  | {
    readonly _tag: "scrypt";
    readonly salt: Bytes;
    readonly cost: number;
    readonly blockSize: number;
    readonly parallelization: number;
  }
  /** The key derivation of PKCS#12, with SHA-1 unless said otherwise (RFC 7292 §B.2). */
  | { readonly _tag: "pkcs12"; readonly salt: Bytes; readonly iterations: number; readonly prf: HashName };

/** A private key, or what else a file holds, encrypted with a passphrase. */
export interface EncryptedKey {
  readonly _tag: "encrypted";
  readonly derivation: KeyDerivation;
  readonly cipher: "aes" | "3des_ede";
  readonly keyLength: number;
  /** The initialization vector; `undefined` when it is derived as the key is. */
  readonly iv: Bytes | undefined;
  readonly blockLength: number;
  readonly ciphertext: Bytes;
}

/** An encryption that is not supported, or too costly. */
export interface UnsupportedEncryption {
  readonly _tag: "unsupported";
  readonly detail: string;
  /** Whether OpenSSL 3 knows it only by its legacy provider. */
  readonly legacy: boolean;
}

/** Parses how a private key is encrypted. */
export const parseEncryptedKey = (
  der: Bytes,
): Either.Either<EncryptedKey | UnsupportedEncryption, DerError> =>
  decodeDer("EncryptedPrivateKeyInfo", encryptedPrivateKeyInfo, der);

/** How much work a derivation is, in iterations. */
export const workOf = (how: KeyDerivation): number =>
  how._tag === "scrypt" ? how.cost * how.blockSize * how.parallelization : how.iterations;

/**
 * The most work that a file may demand: over ten times what is recommended today (600 000 iterations; N = 2^17),
 * about half a minute.
 */
export const MAX_ITERATIONS = 10_000_000;
const MAX_SCRYPT_MEMORY = 2 ** 28;
const MAX_SCRYPT_WORK = 2 ** 24;

/** An encryption that is not supported. */
export const unsupported = (detail: string, legacy = false): UnsupportedEncryption => ({
  _tag: "unsupported",
  detail,
  legacy,
});

const pbkdf2Parameters = sequence({
  salt: octetString,
  iterationCount: count,
  keyLength: optional(count),
  prf: withDefault(map(algorithmIdentifier, ({ oid }) => oid), oids["id-hmacWithSHA1"]),
});

/** The hash functions of HMAC in PBKDF2. */
export const prfs: Readonly<Record<string, HashName>> = {
  [oids["id-hmacWithSHA1"]]: "sha1",
  [oids["id-hmacWithSHA224"]]: "sha224",
  [oids["id-hmacWithSHA256"]]: "sha256",
  [oids["id-hmacWithSHA384"]]: "sha384",
  [oids["id-hmacWithSHA512"]]: "sha512",
};

const scryptParameters = sequence({
  salt: octetString,
  costParameter: count,
  blockSize: count,
  parallelizationParameter: count,
  keyLength: optional(count),
});

/** A derivation, and how long its key is if it says so. */
export type Derivation = { readonly derivation: KeyDerivation; readonly keyLength: number | undefined };

/** The key derivations of RFC 8018. */
export const derivations: Readonly<Record<string, Der<Derivation | UnsupportedEncryption>>> = {
  [oids["id-PBKDF2"]]: map(pbkdf2Parameters, ({ salt, iterationCount, keyLength, prf: oid }, fail) => {
    const prf = prfs[oid];
    if (iterationCount === 0) return fail("no iteration");
    if (!prf) return unsupported(`PBKDF2 with ${oid} is unknown`);
    return iterationCount > MAX_ITERATIONS
      ? unsupported(`PBKDF2 with more than ${MAX_ITERATIONS} iterations is refused`)
      : { derivation: { _tag: "pbkdf2", salt, iterations: iterationCount, prf }, keyLength };
  }),
  [oids["id-scrypt"]]: map(
    scryptParameters,
    (
      { salt, costParameter: cost, blockSize, parallelizationParameter: parallelization, keyLength },
      fail,
    ) => {
      if (cost < 2 || !Number.isInteger(Math.log2(cost)) && cost !== Infinity) fail(`N is ${cost}`);
      if (blockSize === 0 || parallelization === 0) fail("a zero");
      const memory = 128 * blockSize * (cost + parallelization);
      return memory > MAX_SCRYPT_MEMORY || cost * blockSize * parallelization > MAX_SCRYPT_WORK
        ? unsupported("scrypt with such costs is refused")
        : { derivation: { _tag: "scrypt", salt, cost, blockSize, parallelization }, keyLength };
    },
  ),
};

const ciphers: Readonly<
  Record<
    string,
    { readonly cipher: EncryptedKey["cipher"]; readonly keyLength: number; readonly block: number }
  >
> = {
  [oids["aes128-CBC-PAD"]]: { cipher: "aes", keyLength: 16, block: 16 },
  [oids["aes192-CBC-PAD"]]: { cipher: "aes", keyLength: 24, block: 16 },
  [oids["aes256-CBC-PAD"]]: { cipher: "aes", keyLength: 32, block: 16 },
  [oids["des-EDE3-CBC-Pad"]]: { cipher: "3des_ede", keyLength: 24, block: 8 },
};

const pbes2Parameters = sequence({
  keyDerivationFunc: algorithmIdentifier,
  encryptionScheme: algorithmIdentifier,
});

type Fail = (reason: string) => never;

/** Decodes the parameters of an algorithm. */
export const parametersOf = <A>({ oid, parameters }: AlgorithmIdentifier, shape: Der<A>, fail: Fail): A =>
  parameters
    ? Either.getOrElse(decodeDer(oid, shape, parameters), (e) => fail(e.message))
    : fail(`${oid} has no parameters`);

/** Interprets an algorithm as an encryption by a passphrase. */
export const encryptionOf = (
  algorithm: AlgorithmIdentifier,
  ciphertext: Bytes,
  fail: Fail,
): EncryptedKey | UnsupportedEncryption => {
  const old = tripleDes[algorithm.oid];
  if (old === undefined && algorithm.oid !== oids["id-PBES2"]) {
    return unsupported(`the encryption ${named(algorithm.oid)} is not supported: only PBES2 is`, true);
  }
  const read = old === undefined ? pbes2(algorithm, fail) : pkcs12Pbe(algorithm, old, fail);
  if (read._tag === "unsupported") return read;
  if (ciphertext.length === 0 || ciphertext.length % read.blockLength > 0) fail("no whole number of blocks");
  return { ...read, ciphertext };
};

type Encryption = Omit<EncryptedKey, "ciphertext">;

const pbes2 = (algorithm: AlgorithmIdentifier, fail: Fail): Encryption | UnsupportedEncryption => {
  const { keyDerivationFunc, encryptionScheme } = parametersOf(algorithm, pbes2Parameters, fail);
  const derivation = derivations[keyDerivationFunc.oid];
  const row = ciphers[encryptionScheme.oid];
  if (!derivation) return unsupported(`the key derivation ${keyDerivationFunc.oid} is unknown`);
  if (!row) return unsupported(`the cipher ${encryptionScheme.oid} is unknown`);
  const derived = parametersOf(keyDerivationFunc, derivation, fail);
  if ("_tag" in derived) return derived;
  const iv = parametersOf(encryptionScheme, octetString, fail);
  const { cipher, keyLength, block: blockLength } = row;
  if (iv.length !== blockLength) fail(`an initialization vector of ${iv.length} bytes`);
  if ((derived.keyLength ?? keyLength) !== keyLength) {
    fail(`a key of ${derived.keyLength} bytes for a cipher that takes ${keyLength}`);
  }
  return { _tag: "encrypted", derivation: derived.derivation, cipher, keyLength, iv, blockLength };
};

/** What RFC 7292 §C still has of 3DES, by the length of the key. */
const tripleDes: Readonly<Record<string, number>> = {
  [oids["pbeWithSHAAnd3-KeyTripleDES-CBC"]]: 24,
  [oids["pbeWithSHAAnd2-KeyTripleDES-CBC"]]: 16,
};

const pkcs12PbeParameters = sequence({ salt: octetString, iterations: count });

const pkcs12Pbe = (
  algorithm: AlgorithmIdentifier,
  keyLength: number,
  fail: Fail,
): Encryption | UnsupportedEncryption => {
  const derivation = pkcs12Derivation(parametersOf(algorithm, pkcs12PbeParameters, fail), "sha1", fail);
  return derivation._tag === "unsupported"
    ? derivation
    : { _tag: "encrypted", derivation, cipher: "3des_ede", keyLength, iv: undefined, blockLength: 8 };
};

/** The key derivation of PKCS#12, if its costs are bearable. */
export const pkcs12Derivation = (
  { salt, iterations }: { readonly salt: Bytes; readonly iterations: number },
  prf: HashName,
  fail: Fail,
): KeyDerivation | UnsupportedEncryption => {
  if (iterations === 0) return fail("no iteration");
  return iterations > MAX_ITERATIONS
    ? unsupported(`a key derivation with more than ${MAX_ITERATIONS} iterations is refused`)
    : { _tag: "pkcs12", salt, iterations, prf };
};

const encryptedPrivateKeyInfo = map(
  sequence({ encryptionAlgorithm: algorithmIdentifier, encryptedData: octetString }),
  ({ encryptionAlgorithm, encryptedData }, fail) => encryptionOf(encryptionAlgorithm, encryptedData, fail),
);
