/**
 * AlgorithmIdentifiers, and the SignatureScheme of a certificate's signature (RFC 3279, RFC 4055, RFC 8410).
 *
 * @module
 */
import { Either } from "../../deps.ts";
import { SignatureScheme } from "../../names/signature_scheme.ts";
import type { HashName } from "../../ports/crypto.ts";
import { type Bytes, EMPTY } from "../../wire/bytes.ts";
import {
  any,
  decodeDer,
  explicit,
  map,
  optional,
  sequence,
  type TypeOf,
  withDefault,
  withRaw,
} from "../der/der.ts";
import { oids } from "../der/oids.ts";
import { count, objectIdentifier } from "../der/types.ts";

/** `AlgorithmIdentifier` (RFC 5280 §4.1.1.2); `parameters` are undecoded DER. */
export const algorithmIdentifier = map(
  withRaw(sequence({ oid: objectIdentifier, parameters: optional(any) })),
  ({ raw, value: { oid, parameters } }) => ({ raw, oid, parameters: parameters?.raw }),
);

/** An algorithm and its parameters. */
export type AlgorithmIdentifier = TypeOf<typeof algorithmIdentifier>;

/** The algorithm of a certificate's signature. */
export interface SignatureAlgorithm {
  readonly raw: Bytes;
  readonly oid: string;
  /**
   * The scheme; `undefined` when it is not supported. RSASSA-PSS gives `rsa_pss_rsae_*`, for which a PSS key means
   * `rsa_pss_pss_*`.
   */
  readonly scheme: SignatureScheme | undefined;
}

/** Interprets an AlgorithmIdentifier as a signature algorithm. */
export const signatureAlgorithm = ({ raw, oid, parameters }: AlgorithmIdentifier): SignatureAlgorithm => ({
  raw,
  oid,
  scheme: oid === oids["id-RSASSA-PSS"]
    ? pssSchemes[parameters && pssHash(parameters) || "none"]
    : schemes.find((row) => row.oid === oid && row.parameters(parameters))?.scheme,
});

/**
 * The hash function in RSASSA-PSS parameters. `undefined` unless MGF1 uses the same hash and the salt is as long as
 * it, as TLS requires; with `saltAtLeast`, a shorter salt passes, too.
 */
export const pssHash = (parameters: Bytes, saltAtLeast = false): HashName | undefined => {
  const read = Either.getOrUndefined(decodeDer("RSASSA-PSS-params", pssParameters, parameters));
  const row = hashes.find(({ oid }) => oid === read?.hashAlgorithm.oid);
  if (!read || !row || read.trailerField !== 1) return undefined;
  if (read.mask.oid !== oids["id-mgf1"] || read.mask.hash.oid !== row.oid) return undefined;
  const salt = read.saltLength;
  return salt === row.length || saltAtLeast && salt < row.length ? row.name : undefined;
};

/** The supported hash functions, by their object identifiers. */
export const hashes: ReadonlyArray<
  { readonly oid: string; readonly name: HashName; readonly length: number }
> = [
  { oid: oids["id-sha1"], name: "sha1", length: 20 },
  { oid: oids["id-sha256"], name: "sha256", length: 32 },
  { oid: oids["id-sha384"], name: "sha384", length: 48 },
  { oid: oids["id-sha512"], name: "sha512", length: 64 },
];

const sha1: AlgorithmIdentifier = { raw: EMPTY, oid: oids["id-sha1"], parameters: undefined };

/** `RSASSA-PSS-params` (RFC 4055 §3.1): the defaults mean SHA-1. */
const pssParameters = sequence({
  hashAlgorithm: withDefault(explicit(0, algorithmIdentifier), sha1),
  mask: withDefault(
    explicit(1, sequence({ oid: objectIdentifier, hash: algorithmIdentifier })),
    { oid: oids["id-mgf1"], hash: sha1 },
  ),
  saltLength: withDefault(explicit(2, count), 20),
  trailerField: withDefault(explicit(3, count), 1),
});

const pssSchemes: Partial<Record<HashName | "none", SignatureScheme>> = {
  sha256: SignatureScheme.rsa_pss_rsae_sha256,
  sha384: SignatureScheme.rsa_pss_rsae_sha384,
  sha512: SignatureScheme.rsa_pss_rsae_sha512,
};

const absent = (parameters: Bytes | undefined): boolean => parameters === undefined;
/** RFC 4055 §5: parameters are NULL, but absent ones must be accepted. */
const nullOrAbsent = (parameters: Bytes | undefined): boolean =>
  parameters === undefined || parameters.length === 2 && parameters[0] === 0x05;

const pkcs1 = (oid: string, scheme: SignatureScheme) => ({ oid, scheme, parameters: nullOrAbsent });
const bare = (oid: string, scheme: SignatureScheme) => ({ oid, scheme, parameters: absent });

/**
 * The hash in an ECDSA algorithm says nothing about the curve, as in TLS 1.2: each scheme stands for its hash alone.
 */
const schemes = [
  pkcs1(oids.md5WithRSAEncryption, SignatureScheme.rsa_pkcs1_md5),
  pkcs1(oids.sha1WithRSAEncryption, SignatureScheme.rsa_pkcs1_sha1),
  pkcs1(oids.sha224WithRSAEncryption, SignatureScheme.rsa_pkcs1_sha224),
  pkcs1(oids.sha256WithRSAEncryption, SignatureScheme.rsa_pkcs1_sha256),
  pkcs1(oids.sha384WithRSAEncryption, SignatureScheme.rsa_pkcs1_sha384),
  pkcs1(oids.sha512WithRSAEncryption, SignatureScheme.rsa_pkcs1_sha512),
  bare(oids["ecdsa-with-SHA1"], SignatureScheme.ecdsa_sha1),
  bare(oids["ecdsa-with-SHA224"], SignatureScheme.ecdsa_sha224),
  bare(oids["ecdsa-with-SHA256"], SignatureScheme.ecdsa_secp256r1_sha256),
  bare(oids["ecdsa-with-SHA384"], SignatureScheme.ecdsa_secp384r1_sha384),
  bare(oids["ecdsa-with-SHA512"], SignatureScheme.ecdsa_secp521r1_sha512),
  bare(oids["id-Ed25519"], SignatureScheme.ed25519),
  bare(oids["id-Ed448"], SignatureScheme.ed448),
];
