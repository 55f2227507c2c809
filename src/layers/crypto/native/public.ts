/** Key exchange and signatures with `node:crypto`. @module */
import { Effect } from "../../../deps.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { SignatureScheme } from "../../../names/signature_scheme.ts";
import type { CryptoService, KeyShare, PublicKey } from "../../../ports/crypto.ts";
import { type Bytes, concat, toHex } from "../../../wire/bytes.ts";
import {
  makeKeyShare as nobleKeyShare,
  montgomeryShare,
  nistCurves,
  pointShare,
  UNCOMPRESSED,
} from "../noble/groups.ts";
import { makeSign as nobleSign, verify as nobleVerify } from "../noble/signatures.ts";
import { bytesOf, type NativeCrypto } from "./platform.ts";

type Random = (length: number) => Bytes;

/** The last byte of each algorithm's object identifier (RFC 8410 §3). */
const oids = { x25519: 0x6e, x448: 0x6f, ed25519: 0x70 } as const;

/** A private key as DER (RFC 8410 §7), and below a public key (RFC 8410 §4). */
const privateDer = (oid: number, key: Bytes) => {
  const { length } = key;
  const head = [0x30, length + 14, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 4, length + 2, 4, length];
  return { key: concat(Uint8Array.from(head), key), format: "der", type: "pkcs8" } as const;
};
const publicDer = (oid: number, key: Bytes) => {
  const head = [0x30, key.length + 10, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 3, key.length + 1, 0];
  return { key: concat(Uint8Array.from(head), key), format: "der", type: "spki" } as const;
};

const toBase64Url = (bytes: Bytes): string =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromBase64Url = (text: string): Bytes =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/**
 * The curves that `node:crypto` supports without errors, with their names there and in JWK (RFC 7518 §6.2.1.1). P-521
 * is left to noble.
 */
const curves: ReadonlyMap<NamedGroup, { readonly name: string; readonly crv: string }> = new Map([
  [NamedGroup.secp256r1, { name: "prime256v1", crv: "P-256" }],
  [NamedGroup.secp384r1, { name: "secp384r1", crv: "P-384" }],
]);

/** A curve of RFC 7748: the last byte of its object identifier, and the length of a key in bytes. */
interface Montgomery {
  readonly oid: number;
  readonly length: number;
}

const montgomeryCurves: ReadonlyMap<NamedGroup, Montgomery> = new Map([
  [NamedGroup.x25519, { oid: oids.x25519, length: 32 }],
  [NamedGroup.x448, { oid: oids.x448, length: 56 }],
]);

/** Makes key shares of Diffie-Hellman groups. Their secrets are drawn in the same way as noble's. */
export const makeKeyShare = (native: NativeCrypto, random: Random): CryptoService["keyShare"] => {
  const noble = nobleKeyShare(random);
  return (group) =>
    Effect.suspend(() => {
      const [curve, other] = [curves.get(group), montgomeryCurves.get(group)];
      return curve
        ? Effect.succeed(weierstrass(native, group, curve.name, random))
        : other
        ? Effect.succeed(montgomery(native, group, other, random))
        : noble(group);
    });
};

const montgomery = (
  native: NativeCrypto,
  group: NamedGroup,
  { oid, length }: Montgomery,
  random: Random,
): KeyShare => {
  const privateKey = native.createPrivateKey(privateDer(oid, random(length)));
  return montgomeryShare(group, fromBase64Url(privateKey.export({ format: "jwk" }).x), (theirs) => {
    const publicKey = native.createPublicKey(publicDer(oid, theirs));
    const secret = bytesOf(native.diffieHellman({ privateKey, publicKey }));
    if (secret.every((byte) => byte === 0)) throw new RangeError("all zero");
    return secret;
  });
};

const weierstrass = (native: NativeCrypto, group: NamedGroup, name: string, random: Random): KeyShare => {
  const { lengths, utils } = nistCurves.get(group)!;
  const ecdh = native.createECDH(name);
  ecdh.setPrivateKey(utils.randomSecretKey(random(lengths.seed!)));
  return pointShare(group, bytesOf(ecdh.getPublicKey()), (theirs) => bytesOf(ecdh.computeSecret(theirs)));
};

/** The pairs of curve and hash that `node:crypto` verifies without errors, and faster than noble. */
const ecdsaHashes: ReadonlyMap<SignatureScheme, { readonly hash: string; readonly group: NamedGroup }> =
  new Map([
    [SignatureScheme.ecdsa_secp256r1_sha256, { hash: "sha256", group: NamedGroup.secp256r1 }],
    [SignatureScheme.ecdsa_secp384r1_sha384, { hash: "sha384", group: NamedGroup.secp384r1 }],
  ]);

/** Verifies signatures: Ed25519, and ECDSA with the hash of the curve's size. All others are left to noble. */
export const makeVerify =
  (native: NativeCrypto): CryptoService["verify"] => (key, scheme, data, signature) => {
    return Effect.suspend(() => {
      const holds = verifiers[key._tag]?.(native, key, scheme, data, signature);
      return holds === undefined ? nobleVerify(key, scheme, data, signature) : Effect.succeed(holds);
    });
  };

/** A verification; `undefined` leaves it to noble. */
type Verify = (
  native: NativeCrypto,
  key: PublicKey,
  scheme: SignatureScheme,
  data: Bytes,
  signature: Bytes,
) => boolean | undefined;

/**
 * The y-coordinates of the points of small order, without their signs. Anybody can forge signatures under such a key.
 * RFC 8032 §5.1.7 allows them; noble refuses them.
 */
const smallOrder: ReadonlySet<string> = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** Whether a key is encoded canonically (RFC 8032 §5.1.3) and is not a point of small order. */
const plain = (key: Bytes): boolean => {
  const y = key.slice();
  y[31]! &= 0x7f;
  const reduced = y[0]! < 0xed || y[31]! < 0x7f || y.subarray(1, 31).some((byte) => byte !== 0xff);
  return reduced && !smallOrder.has(toHex(y));
};

/**
 * Verifies Ed25519. A signature that `node:crypto` accepts under a plain key, noble accepts, too. One that it refuses
 * is left to noble, whose equation includes the cofactor.
 */
const ed25519: Verify = (native, key, scheme, data, signature) => {
  if (key._tag !== "ed25519" || scheme !== SignatureScheme.ed25519) return undefined;
  if (key.key.length !== 32 || signature.length !== 64 || !plain(key.key)) return undefined;
  try {
    const publicKey = native.createPublicKey(publicDer(oids.ed25519, key.key));
    return native.verify(null, data, publicKey, signature) || undefined;
  } catch {
    return undefined; // the key is not a point
  }
};

const ecdsa: Verify = (native, key, scheme, data, signature) => {
  const pair = ecdsaHashes.get(scheme);
  if (key._tag !== "ecdsa" || pair?.group !== key.group || key.point[0] !== UNCOMPRESSED) return undefined;
  const half = (key.point.length - 1) / 2;
  const x = toBase64Url(key.point.subarray(1, 1 + half));
  const y = toBase64Url(key.point.subarray(1 + half));
  try {
    const { crv } = curves.get(key.group)!;
    const publicKey = native.createPublicKey({ key: { kty: "EC", crv, x, y }, format: "jwk" });
    return native.verify(pair.hash, data, publicKey, signature);
  } catch {
    return false; // the key is not a point, or the signature is not DER
  }
};

const verifiers: Partial<Record<PublicKey["_tag"], Verify>> = { ed25519, ecdsa };

/** Signs with Ed25519. All other schemes are left to noble. */
export const makeSign = (native: NativeCrypto, random: Random): CryptoService["sign"] => {
  const noble = nobleSign(random);
  return (key, scheme, data) =>
    key._tag === "ed25519" && scheme === SignatureScheme.ed25519 && key.seed.length === 32
      ? Effect.sync(() =>
        bytesOf(native.sign(null, data, native.createPrivateKey(privateDer(oids.ed25519, key.seed))))
      )
      : noble(key, scheme, data);
};
