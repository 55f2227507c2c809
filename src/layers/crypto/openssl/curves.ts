/** Elliptic curves of NIST's with OpenSSL: key shares, and ECDSA. @module */
import { Effect } from "../../../deps.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import type { CryptoService, HashName, PrivateKey } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { nistCurves, pointShare, UNCOMPRESSED } from "../noble/groups.ts";
import type { Symbols } from "./symbols.ts";

/** OpenSSL's number of a curve, and the lengths of a coordinate and of the longest signature in bytes. */
interface Curve {
  readonly nid: number;
  readonly field: number;
  readonly signature: number;
}

const curves: ReadonlyMap<NamedGroup, Curve> = new Map([
  [NamedGroup.secp256r1, { nid: 415, field: 32, signature: 72 }],
  [NamedGroup.secp384r1, { nid: 715, field: 48, signature: 104 }],
  [NamedGroup.secp521r1, { nid: 716, field: 66, signature: 141 }],
]);

/** A scheme names a hash; before TLS 1.3, any curve may go with it (RFC 8422 §5.10). */
const hashes: ReadonlyMap<SignatureScheme, HashName> = new Map([
  [SignatureScheme.ecdsa_sha1, "sha1"],
  [SignatureScheme.ecdsa_sha224, "sha224"],
  [SignatureScheme.ecdsa_secp256r1_sha256, "sha256"],
  [SignatureScheme.ecdsa_secp384r1_sha384, "sha384"],
  [SignatureScheme.ecdsa_secp521r1_sha512, "sha512"],
]);

type Key = Deno.PointerValue;
type EcPrivateKey = PrivateKey & { readonly _tag: "ecdsa" };

const owned = (bytes: Bytes): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>; // none is shared

/** Shares of the curves; other groups are left to `below`. Secrets are drawn as noble draws them. */
export const makeKeyShare = (
  openssl: Symbols,
  random: (length: number) => Bytes,
  below: CryptoService["keyShare"],
): CryptoService["keyShare"] => {
  const freed = new FinalizationRegistry<Key>((key) => openssl.EC_KEY_free(key));
  return (group) =>
    Effect.suspend(() => {
      const curve = curves.get(group);
      if (!curve) return below(group);
      const { lengths, utils } = nistCurves.get(group)!;
      const key = privateKeyOf(openssl, curve, utils.randomSecretKey(random(lengths.seed!)));
      const owner = { key }; // lives as long as whoever can still use the key
      freed.register(owner, key);
      return Effect.succeed(pointShare(
        group,
        publicPoint(openssl, curve, key),
        (theirs) => agreed(openssl, curve, owner.key, theirs),
      ));
    });
};

const privateKeyOf = (openssl: Symbols, { nid }: Curve, secret: Bytes): Key => {
  const key = openssl.EC_KEY_new_by_curve_name(nid);
  if (openssl.EC_KEY_oct2priv(key, owned(secret), BigInt(secret.length)) !== 1) {
    throw new Error("no private key");
  }
  return key;
};

const publicPoint = (openssl: Symbols, { field }: Curve, key: Key): Bytes => {
  const group = openssl.EC_KEY_get0_group(key);
  const point = openssl.EC_POINT_new(group);
  try {
    const secret = openssl.EC_KEY_get0_private_key(key);
    openssl.EC_POINT_mul(group, point, secret, null, null, null);
    const encoded = new Uint8Array(1 + 2 * field);
    openssl.EC_POINT_point2oct(group, point, UNCOMPRESSED, encoded, BigInt(encoded.length), null);
    return encoded;
  } finally {
    openssl.EC_POINT_free(point);
  }
};

/** The x coordinate of the shared point. Throws when the peer's share is no point of the curve. */
const agreed = (openssl: Symbols, { field }: Curve, key: Key, theirs: Bytes): Bytes => {
  const group = openssl.EC_KEY_get0_group(key);
  const point = openssl.EC_POINT_new(group);
  try {
    const secret = new Uint8Array(field);
    const good = openssl.EC_POINT_oct2point(group, point, owned(theirs), BigInt(theirs.length), null) === 1 &&
      openssl.ECDH_compute_key(secret, BigInt(field), point, key, null) === field;
    if (good) return secret;
    openssl.ERR_clear_error();
    throw new RangeError("no point of the curve");
  } finally {
    openssl.EC_POINT_free(point);
  }
};

/** Verifies ECDSA; other keys are left to `below`. */
export const makeVerify = (
  openssl: Symbols,
  hash: CryptoService["hash"],
  below: CryptoService["verify"],
): CryptoService["verify"] =>
(key, scheme, data, signature) =>
  Effect.suspend(() => {
    const [curve, name] = [key._tag === "ecdsa" ? curves.get(key.group) : undefined, hashes.get(scheme)];
    if (key._tag !== "ecdsa" || !curve || !name || key.point[0] !== UNCOMPRESSED) {
      return below(key, scheme, data, signature);
    }
    const publicKey = openssl.EC_KEY_new_by_curve_name(curve.nid);
    try {
      const digest = owned(hash(name).digest([data]));
      const good =
        openssl.EC_KEY_oct2key(publicKey, owned(key.point), BigInt(key.point.length), null) === 1 &&
        openssl.ECDSA_verify(0, digest, digest.length, owned(signature), signature.length, publicKey) === 1;
      if (!good) openssl.ERR_clear_error();
      return Effect.succeed(good);
    } finally {
      openssl.EC_KEY_free(publicKey);
    }
  });

/** Signs by ECDSA; other keys, and those that are none, are left to `below`. The nonce is random, and mixed with the key. */
export const makeSign = (
  openssl: Symbols,
  hash: CryptoService["hash"],
  below: CryptoService["sign"],
): CryptoService["sign"] => {
  const freed = new FinalizationRegistry<Key>((key) => openssl.EC_KEY_free(key));
  const kept = new WeakMap<EcPrivateKey, Key>();
  return (key, scheme, data) =>
    Effect.suspend(() => {
      const [curve, name] = [key._tag === "ecdsa" ? curves.get(key.group) : undefined, hashes.get(scheme)];
      if (key._tag !== "ecdsa" || !curve || !name || !isValid(key)) return below(key, scheme, data);
      let own = kept.get(key);
      if (!own) {
        kept.set(key, own = privateKeyOf(openssl, curve, key.privateKey));
        freed.register(key, own);
      }
      const digest = owned(hash(name).digest([data]));
      const [signature, length] = [new Uint8Array(curve.signature), new Uint32Array(1)];
      const signed = openssl.ECDSA_sign(
        0,
        digest,
        digest.length,
        signature,
        new Uint8Array(length.buffer),
        own,
      );
      return signed === 1
        ? Effect.succeed(signature.slice(0, length[0]))
        : Effect.die(new Error("OpenSSL does not sign by ECDSA"));
    });
};

/** Whether a private key is a number between 0 and the order of its curve, as long as it must be. */
const isValid = ({ group, privateKey }: EcPrivateKey): boolean => {
  const curve = nistCurves.get(group);
  return curve !== undefined && privateKey.length === curve.lengths.secretKey &&
    curve.utils.isValidSecretKey(privateKey);
};
