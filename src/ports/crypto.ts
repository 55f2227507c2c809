/**
 * The port to cryptography. Hashes, MACs and ciphers are synchronous, because records and transcripts are; what uses
 * a public or a private key is an Effect, because it may be remote.
 *
 * @module
 */
import { Context, type Effect } from "../deps.ts";
import type { InvalidKeyShare, PrivateKeyError } from "../faults/errors/crypto.ts";
import type { NamedGroup } from "../names/named_group.ts";
import type { SignatureScheme } from "../names/signature_scheme.ts";
import type { Bytes } from "../wire/bytes.ts";

/** The hash functions that TLS before 1.3 names. */
export type HashName = "md5" | "sha1" | "sha224" | "sha256" | "sha384" | "sha512";

/** A hash under way. */
export interface RunningHash {
  /** Adds bytes to what is hashed. */
  readonly update: (bytes: Bytes) => void;
  /** An independent continuation from here. */
  readonly copy: () => RunningHash;
  /** Ends this one; it is not used again. */
  readonly digest: () => Bytes;
}

/** A hash function and the HMAC over it (RFC 2104). */
export interface Hash {
  /** The name of the hash. */
  readonly name: HashName;
  /** Bytes in a digest, and in the block that HMAC pads its key to. */
  readonly length: number;
  /** The length of a block in bytes, which HMAC pads its key to. */
  readonly blockLength: number;
  /** Begins a hash that is fed piece by piece. */
  readonly create: () => RunningHash;
  /** Of parts, one after the other; one array, so that no provider can overlook a part. */
  readonly digest: (data: ReadonlyArray<Bytes>) => Bytes;
  /** HMAC under one key, which is made ready once, of parts as `digest` has them. */
  readonly hmac: (key: Bytes) => (data: ReadonlyArray<Bytes>) => Bytes;
}

/** The AEAD ciphers (RFC 5288, RFC 7905); the tag is 16 bytes at the end of what is sealed. */
export type AeadName = "aes_128_gcm" | "aes_256_gcm" | "chacha20_poly1305";

/** An AEAD under one key. */
export interface Aead {
  /** `nonce` is 12 bytes. */
  readonly seal: (nonce: Bytes, additionalData: Bytes, plaintext: Bytes) => Bytes;
  /** `undefined` when the tag does not verify: nothing else is said. */
  readonly open: (nonce: Bytes, additionalData: Bytes, sealed: Bytes) => Bytes | undefined;
}

/** The block ciphers that TLS has in CBC mode (RFC 5246 §A.5, RFC 3268). */
export type CbcName = "aes_128_cbc" | "aes_256_cbc" | "3des_ede_cbc";

/** A block cipher in CBC mode under one key. It adds no padding and judges none; `iv` is one block long. */
export interface Cbc {
  /** Bytes in a block. */
  readonly blockLength: number;
  /** Whole blocks to whole blocks; neither argument is written to. */
  readonly encrypt: (iv: Bytes, plaintext: Bytes) => Bytes;
  /** Decrypts whole blocks; the padding stays. */
  readonly decrypt: (iv: Bytes, ciphertext: Bytes) => Bytes;
}

/** The stream ciphers (RFC 5246 §A.5). */
export type StreamName = "rc4_128";

/** A stream cipher under one key: each call goes on in the key stream where the last one ended. */
export type StreamCipher = (data: Bytes) => Bytes;

/** A public key as data: what a certificate's SubjectPublicKeyInfo says. Integers are big-endian without leading zeros. */
export type PublicKey =
  | { readonly _tag: "rsa"; readonly modulus: Bytes; readonly publicExponent: Bytes }
  /** id-RSASSA-PSS (RFC 4055): good for `rsa_pss_pss_*` alone, with `hash` alone if it names one. */
  | {
    readonly _tag: "rsa_pss";
    readonly modulus: Bytes;
    readonly publicExponent: Bytes;
    readonly hash?: HashName | undefined;
  }
  /** An uncompressed point, `04 || x || y`. */
  | { readonly _tag: "ecdsa"; readonly group: NamedGroup; readonly point: Bytes }
  | { readonly _tag: "ed25519"; readonly key: Bytes };

/** A private key as data. Integers are big-endian; `privateKey` of a curve has the curve's length. */
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
  | { readonly _tag: "ed25519"; readonly seed: Bytes };

/** Our half of a Diffie-Hellman exchange, used once. */
export interface KeyShare {
  /** As it goes on the wire: an uncompressed point, the bytes of RFC 7748, or a number as long as the prime. */
  readonly publicKey: Bytes;
  /**
   * The shared secret, leading zeros kept: the x coordinate, the output of X25519, or a number as long as the prime.
   * Fails for a share that is no good.
   */
  readonly agree: (theirs: Bytes) => Effect.Effect<Bytes, InvalidKeyShare>;
}

/** What a provider of cryptography can do. */
export interface CryptoService {
  /** Fresh random bytes, from a cryptographic source unless the layer says otherwise. */
  readonly random: (length: number) => Bytes;
  /** A hash function. */
  readonly hash: (name: HashName) => Hash;
  /** An AEAD cipher under a key. Throws RangeError for a key of the wrong length. */
  readonly aead: (name: AeadName, key: Bytes) => Aead;
  /** A block cipher in CBC mode under a key. Throws RangeError for a key of the wrong length. */
  readonly cbc: (name: CbcName, key: Bytes) => Cbc;
  /** A stream cipher under a key. Throws RangeError for a key of the wrong length. */
  readonly stream: (name: StreamName, key: Bytes) => StreamCipher;
  /**
   * A fresh share for a prime and generator of the peer's own choice (RFC 5246 §7.4.3), both big-endian. Fails for a
   * prime that is even, and for a generator that is not between 1 and p - 1; how long a prime must be is policy.
   */
  readonly finiteFieldShare: (prime: Bytes, generator: Bytes) => Effect.Effect<KeyShare, InvalidKeyShare>;
  /** A fresh share of a group; never given twice. A group that the provider lacks is a defect: `groups` lists them. */
  readonly keyShare: (group: NamedGroup) => Effect.Effect<KeyShare>;
  /** The groups `keyShare` knows. */
  readonly groups: ReadonlyArray<NamedGroup>;
  /** Signs `data` (not its hash) as `scheme` says; PSS salts are as long as the hash. */
  readonly sign: (
    key: PrivateKey,
    scheme: SignatureScheme,
    data: Bytes,
  ) => Effect.Effect<Bytes, PrivateKeyError>;
  /** Whether the signature holds. `false` also where key and scheme do not fit or the signature is malformed. */
  readonly verify: (
    key: PublicKey,
    scheme: SignatureScheme,
    data: Bytes,
    signature: Bytes,
  ) => Effect.Effect<boolean>;
  /** RSAES-PKCS1-v1_5 (RFC 8017 §7.2.1) with random non-zero padding; as long as the modulus. */
  readonly rsaEncrypt: (key: PublicKey & { readonly _tag: "rsa" }, message: Bytes) => Effect.Effect<Bytes>;
  /**
   * The raw RSA operation, m = c^d mod n, as long as the modulus and *not* unpadded: unpadding in one behaviour is the
   * caller's (RFC 5246 §7.4.7.1). Blinded; the CRT result is checked before it leaves.
   */
  readonly rsaDecryptRaw: (key: PrivateKey, ciphertext: Bytes) => Effect.Effect<Bytes, PrivateKeyError>;
}

/** The provider of cryptography, as a service. */
export class Crypto extends Context.Tag("effect-tls/1/Crypto")<Crypto, CryptoService>() {}
