/**
 * The port to cryptography. Hashes, MACs and ciphers are synchronous, because records and transcripts are. Operations
 * with public and private keys are Effects, because a key may be remote.
 *
 * @module
 */
import { Context, Effect } from "../deps.ts";
import type { InvalidKeyShare, PrivateKeyError } from "../faults/errors/crypto.ts";
import type { NamedGroup } from "../names/named_group.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Bytes } from "../wire/bytes.ts";

/** The hash functions used by TLS before 1.3. */
export type HashName = "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

/** A hash in progress. */
export interface RunningHash {
  /** Adds bytes to the hash. */
  readonly update: (bytes: Bytes) => void;
  /** Copies the state; the copy continues independently. */
  readonly copy: () => RunningHash;
  /** Returns the digest. The hash must not be used afterwards. */
  readonly digest: () => Bytes;
}

/** A hash function and the HMAC over it (RFC 2104). */
export interface Hash {
  /** The name of the hash. */
  readonly name: HashName;
  /** The length of a digest in bytes. */
  readonly length: number;
  /** The length of a block in bytes. HMAC pads its key to this length. */
  readonly blockLength: number;
  /** Starts a hash that takes its input in pieces. */
  readonly create: () => RunningHash;
  /** The digest of the parts, in order. The parts are one array, so that no provider can overlook one. */
  readonly digest: (data: ReadonlyArray<Bytes>) => Bytes;
  /** HMAC (RFC 2104) under a key, which is prepared once. The data is an array of parts, in order. */
  readonly hmac: (key: Bytes) => (data: ReadonlyArray<Bytes>) => Bytes;
}

/** The AEAD ciphers (RFC 5288, RFC 6655, RFC 7905). The sealed bytes end with a tag, as long as `tagLength` says. */
export type AeadName =
  | "aes_128_gcm"
  | "aes_256_gcm"
  | "chacha20_poly1305"
  | "aes_128_ccm"
  | "aes_256_ccm"
  | "aes_128_ccm_8"
  | "aes_256_ccm_8";

/** How many bytes each AEAD cipher adds to a plaintext. */
export const tagLength: Readonly<Record<AeadName, number>> = {
  aes_128_gcm: 16,
  aes_256_gcm: 16,
  chacha20_poly1305: 16,
  aes_128_ccm: 16,
  aes_256_ccm: 16,
  aes_128_ccm_8: 8,
  aes_256_ccm_8: 8,
};

/** An AEAD cipher under one key. */
export interface Aead {
  /** Encrypts and authenticates. `nonce` has 12 bytes; the result ends with the tag. */
  readonly seal: (nonce: Bytes, additionalData: Bytes, plaintext: Bytes) => Bytes;
  /** Decrypts; `undefined` when the tag does not verify, with no further reason. */
  readonly open: (nonce: Bytes, additionalData: Bytes, sealed: Bytes) => Bytes | undefined;
}

/** The block ciphers that TLS uses in CBC mode (RFC 5246 §A.5, RFC 3268). */
export type CbcName = "aes_128_cbc" | "aes_256_cbc" | "3des_ede_cbc";

/** A block cipher in CBC mode under one key. It neither adds nor checks padding. `iv` has the length of one block. */
export interface Cbc {
  /** The length of a block in bytes. */
  readonly blockLength: number;
  /** Encrypts whole blocks, and writes to neither argument. */
  readonly encrypt: (iv: Bytes, plaintext: Bytes) => Bytes;
  /** Decrypts whole blocks, padding included, and writes to neither argument. */
  readonly decrypt: (iv: Bytes, ciphertext: Bytes) => Bytes;
}

/** The stream ciphers of TLS (RFC 5246 §A.5). */
export type StreamName = "rc4_128";

/** A stream cipher under one key. Each call continues the key stream where the last one ended. */
export type StreamCipher = (data: Bytes) => Bytes;

/**
 * A public key as data, as in a certificate's SubjectPublicKeyInfo. Integers are big-endian without leading zeros.
 */
export type PublicKey =
  | { readonly _tag: "rsa"; readonly modulus: Bytes; readonly publicExponent: Bytes }
  /** id-RSASSA-PSS (RFC 4055): only for `rsa_pss_pss_*`, and only with `hash` if that is given. */
  | {
    readonly _tag: "rsa_pss";
    readonly modulus: Bytes;
    readonly publicExponent: Bytes;
    readonly hash?: HashName | undefined;
  }
  /** `point` is uncompressed: `04 || x || y`. */
  | { readonly _tag: "ecdsa"; readonly group: NamedGroup; readonly point: Bytes }
  /** `key` has 32 bytes for Ed25519, and 57 for Ed448 (RFC 8032). */
  | { readonly _tag: "ed25519" | "ed448"; readonly key: Bytes };

/**
 * A private key as data. Integers are big-endian; an elliptic curve's `privateKey` has the length of the curve's
 * field. The `seed` of Ed25519 has 32 bytes, that of Ed448 57 (RFC 8032).
 */
export type PrivateKey =
  | {
    readonly _tag: "rsa" | "rsa_pss";
    readonly modulus: Bytes;
    readonly publicExponent: Bytes;
    readonly privateExponent: Bytes;
    readonly prime1: Bytes;
    readonly prime2: Bytes;
    readonly exponent1: Bytes;
    readonly exponent2: Bytes;
    readonly coefficient: Bytes;
  }
  | { readonly _tag: "ecdsa"; readonly group: NamedGroup; readonly privateKey: Bytes }
  | { readonly _tag: "ed25519" | "ed448"; readonly seed: Bytes };

/** This end's half of a key exchange, for one use. */
export interface KeyShare {
  /**
   * The public key as sent: an uncompressed point, the 32 bytes of X25519 or the 56 of X448 (RFC 7748), or an integer
   * as long as the prime. In a hybrid group the encapsulation key of ML-KEM is joined to the curve's.
   */
  readonly publicKey: Bytes;
  /**
   * Computes the shared secret, leading zeros kept: the x coordinate, the output of X25519 or X448, or an integer as
   * long as the prime. In a hybrid group `theirs` is the answer of `answerShare`, and ML-KEM's secret is joined to the
   * curve's. Fails with InvalidKeyShare when the peer's share is invalid.
   */
  readonly agree: (theirs: Bytes) => Effect.Effect<Bytes, InvalidKeyShare>;
  /**
   * In a hybrid group, the curve's part as a share of its own. A client may offer it beside this one in the same
   * ClientHello, so that the curve's key is made once (RFC 9954 §3.2). Other groups have none.
   */
  readonly part?: { readonly group: NamedGroup; readonly share: KeyShare } | undefined;
}

/** This end's answer to a share of the peer's, and the secret that both ends then have. */
export interface ShareAnswer {
  /** What is sent back: a share of the same group, or a ciphertext for a KEM. */
  readonly publicKey: Bytes;
  /** The shared secret, leading zeros kept. */
  readonly secret: Bytes;
}

/** The operations of a provider of cryptography. */
export interface CryptoService {
  /** Returns random bytes, from a cryptographic source unless the layer says otherwise. */
  readonly random: (length: number) => Bytes;
  /** The hash function with the given name. */
  readonly hash: (name: HashName) => Hash;
  /** An AEAD cipher under a key. Throws RangeError for a key of the wrong length. */
  readonly aead: (name: AeadName, key: Bytes) => Aead;
  /** A block cipher in CBC mode under a key. Throws RangeError for a key of the wrong length. */
  readonly cbc: (name: CbcName, key: Bytes) => Cbc;
  /** A stream cipher under a key. Throws RangeError for a key of the wrong length. */
  readonly stream: (name: StreamName, key: Bytes) => StreamCipher;
  /**
   * A new share for a prime and a generator that the peer chose (RFC 5246 §7.4.3), both big-endian. Fails with
   * InvalidKeyShare for an even prime, and for a generator that is not between 1 and p - 1. The least length of the
   * prime is left to policy.
   */
  readonly finiteFieldShare: (prime: Bytes, generator: Bytes) => Effect.Effect<KeyShare, InvalidKeyShare>;
  /** A new share of a group, never the same twice. A group that is not in `groups` is a defect. */
  readonly keyShare: (group: NamedGroup) => Effect.Effect<KeyShare>;
  /**
   * The answer to a share that the peer made with `keyShare`, as a server of TLS 1.3 gives it. Fails with
   * InvalidKeyShare when the peer's share is invalid. A group that is not in `groups` is a defect. The answer of a KEM
   * depends on the peer's share; without KEMs, `answerByShare` makes this of `keyShare`.
   */
  readonly answerShare: (
    group: NamedGroup,
    theirs: Bytes,
  ) => Effect.Effect<ShareAnswer, InvalidKeyShare>;
  /** The groups that `keyShare` and `answerShare` support. */
  readonly groups: ReadonlyArray<NamedGroup>;
  /** Signs `data` (not its hash) with a scheme. PSS salts are as long as the hash. */
  readonly sign: (
    key: PrivateKey,
    scheme: SignatureScheme,
    data: Bytes,
  ) => Effect.Effect<Bytes, PrivateKeyError>;
  /** Whether a signature is valid. Also `false` for a malformed signature, or a key that does not fit the scheme. */
  readonly verify: (
    key: PublicKey,
    scheme: SignatureScheme,
    data: Bytes,
    signature: Bytes,
  ) => Effect.Effect<boolean>;
  /** Encrypts with RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1) and random padding. The result is as long as the modulus. */
  readonly rsaEncrypt: (key: PublicKey & { readonly _tag: "rsa" }, message: Bytes) => Effect.Effect<Bytes>;
  /**
   * The raw RSA private-key operation, m = c^d mod n, blinded and with its result checked. The result is as long as
   * the modulus and still padded: the caller must remove the padding without revealing whether it was valid
   * (RFC 5246 §7.4.7.1).
   */
  readonly rsaDecryptRaw: (key: PrivateKey, ciphertext: Bytes) => Effect.Effect<Bytes, PrivateKeyError>;
}

/** The provider of cryptography, as a service. */
export class Crypto extends Context.Tag("effect-tls/1/Crypto")<Crypto, CryptoService>() {}

/**
 * `answerShare` for groups of Diffie-Hellman, where an answer is a new share. Whoever replaces a provider's `keyShare`
 * replaces its `answerShare`, too.
 */
export const answerByShare =
  (keyShare: CryptoService["keyShare"]): CryptoService["answerShare"] => (group, theirs) =>
    Effect.flatMap(
      keyShare(group),
      (share) => Effect.map(share.agree(theirs), (secret) => ({ publicKey: share.publicKey, secret })),
    );
