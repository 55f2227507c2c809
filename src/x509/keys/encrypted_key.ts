/**
 * `EncryptedPrivateKeyInfo` (RFC 5958 §3): private keys encrypted with a passphrase by PBES2 (RFC 8018 §6.2).
 *
 * @module
 */
import { Either } from "../../deps.ts";
import type { HashName } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { decodeDer, type Der, type DerError, map, optional, sequence, withDefault } from "../der/der.ts";
import { oids } from "../der/oids.ts";
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
  };

/** A private key encrypted with a passphrase. */
export interface EncryptedKey {
  readonly _tag: "encrypted";
  readonly derivation: KeyDerivation;
  readonly cipher: "aes" | "3des_ede";
  readonly keyLength: number;
  readonly iv: Bytes;
  readonly ciphertext: Bytes;
}

/** An encryption that is not supported, or too costly. */
export interface UnsupportedEncryption {
  readonly _tag: "unsupported";
  readonly detail: string;
}

/** Parses how a private key is encrypted. */
export const parseEncryptedKey = (
  der: Bytes,
): Either.Either<EncryptedKey | UnsupportedEncryption, DerError> =>
  decodeDer("EncryptedPrivateKeyInfo", encryptedPrivateKeyInfo, der);

/**
 * The most work that a file may demand: over ten times what is recommended today (600 000 iterations; N = 2^17),
 * about half a minute.
 */
const MAX_ITERATIONS = 10_000_000;
const MAX_SCRYPT_MEMORY = 2 ** 28;
const MAX_SCRYPT_WORK = 2 ** 24;

const unsupported = (detail: string): UnsupportedEncryption => ({ _tag: "unsupported", detail });

const pbkdf2Parameters = sequence({
  salt: octetString,
  iterationCount: count,
  keyLength: optional(count),
  prf: withDefault(map(algorithmIdentifier, ({ oid }) => oid), oids["id-hmacWithSHA1"]),
});

const prfs: Readonly<Record<string, HashName>> = {
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

type Derivation = { readonly derivation: KeyDerivation; readonly keyLength: number | undefined };

const derivations: Readonly<Record<string, Der<Derivation | UnsupportedEncryption>>> = {
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

const encryptedPrivateKeyInfo = map(
  sequence({ encryptionAlgorithm: algorithmIdentifier, encryptedData: octetString }),
  ({ encryptionAlgorithm, encryptedData: ciphertext }, fail): EncryptedKey | UnsupportedEncryption => {
    if (encryptionAlgorithm.oid !== oids["id-PBES2"]) {
      return unsupported(`the encryption ${encryptionAlgorithm.oid} is unknown: only PBES2 is known`);
    }
    const inside = <A>({ oid, parameters }: AlgorithmIdentifier, shape: Der<A>): A =>
      parameters
        ? Either.getOrElse(decodeDer(oid, shape, parameters), (e) => fail(e.message))
        : fail(`${oid} has no parameters`);
    const { keyDerivationFunc, encryptionScheme } = inside(encryptionAlgorithm, pbes2Parameters);
    const derivation = derivations[keyDerivationFunc.oid];
    const cipher = ciphers[encryptionScheme.oid];
    if (!derivation) return unsupported(`the key derivation ${keyDerivationFunc.oid} is unknown`);
    if (!cipher) return unsupported(`the cipher ${encryptionScheme.oid} is unknown`);
    const derived = inside(keyDerivationFunc, derivation);
    if ("_tag" in derived) return derived;
    const iv = inside(encryptionScheme, octetString);
    if (iv.length !== cipher.block) fail(`an initialization vector of ${iv.length} bytes`);
    if (ciphertext.length === 0 || ciphertext.length % cipher.block > 0) fail("no whole number of blocks");
    if ((derived.keyLength ?? cipher.keyLength) !== cipher.keyLength) {
      fail(`a key of ${derived.keyLength} bytes for a cipher that takes ${cipher.keyLength}`);
    }
    return {
      _tag: "encrypted",
      derivation: derived.derivation,
      cipher: cipher.cipher,
      keyLength: cipher.keyLength,
      iv,
      ciphertext,
    };
  },
);
