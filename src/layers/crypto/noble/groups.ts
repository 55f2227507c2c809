/** Diffie-Hellman by group: elliptic curves with @noble/curves, finite fields with `dh.ts`. @module */
import { Effect } from "../../../deps.ts";
import { p256, p384, p521, x25519, x448 } from "./deps.ts";
import { ffdheGroups } from "../../../crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { namedFieldShare } from "./dh.ts";
import { hybridGroups } from "./hybrid.ts";

/** The NIST curves, by group. ECDSA uses them, too. */
export const nistCurves = new Map([
  [NamedGroup.secp256r1, p256],
  [NamedGroup.secp384r1, p384],
  [NamedGroup.secp521r1, p521],
]);

/** The curves of RFC 7748, by group. */
const montgomeryCurves = new Map([[NamedGroup.x25519, x25519], [NamedGroup.x448, x448]]);

/** The supported groups: curves, hybrids and finite fields, of each the fastest first. */
export const groups: ReadonlyArray<NamedGroup> = [
  NamedGroup.x25519,
  ...nistCurves.keys(),
  NamedGroup.x448,
  ...hybridGroups,
  ...ffdheGroups,
];

/** Makes key shares of Diffie-Hellman groups with secrets from `random`. */
export const makeKeyShare = (random: (length: number) => Bytes): CryptoService["keyShare"] => (group) =>
  Effect.suspend(() => {
    const [curve, other] = [nistCurves.get(group), montgomeryCurves.get(group)];
    const share = curve
      ? weierstrass(group, curve, random)
      : other
      ? montgomery(group, other, random)
      : namedFieldShare(group, random);
    return share
      ? Effect.succeed(share)
      : Effect.die(new RangeError(`no such group: ${NamedGroup.nameOf(group)}`));
  });

const montgomery = (
  group: NamedGroup,
  curve: typeof x25519,
  random: (length: number) => Bytes,
): KeyShare => {
  const secret = random(curve.lengths.secretKey!);
  // Noble refuses points of low order, which are those that give zero, before it uses the secret.
  return montgomeryShare(
    group,
    curve.getPublicKey(secret),
    (theirs) => curve.getSharedSecret(secret, theirs),
  );
};

/** A share of X25519 or X448. `secretWith` computes the shared secret, and throws when it is all zero. */
export const montgomeryShare = (
  group: NamedGroup,
  publicKey: Bytes,
  secretWith: (theirs: Bytes) => Bytes,
): KeyShare => ({
  publicKey,
  agree: (theirs) =>
    theirs.length !== publicKey.length
      ? refuse(group, `the share has ${theirs.length} bytes, not ${publicKey.length}`)
      : attempt(group, "the shared secret is all zero", () => secretWith(theirs)),
});

const weierstrass = (group: NamedGroup, curve: typeof p256, random: (length: number) => Bytes): KeyShare => {
  const secret = curve.utils.randomSecretKey(random(curve.lengths.seed!));
  return pointShare(
    group,
    curve.getPublicKey(secret, false),
    // The compressed form is a sign byte followed by x in full length (RFC 8422 §5.10).
    (theirs) => curve.getSharedSecret(secret, theirs, true).subarray(1),
  );
};

/** The first byte of an uncompressed point (SEC 1 §2.3.3). */
export const UNCOMPRESSED = 0x04;

/**
 * A share of a NIST curve. `secretWith` computes the shared secret, and throws when the peer's share is not a point.
 */
export const pointShare = (
  group: NamedGroup,
  publicKey: Bytes,
  secretWith: (theirs: Bytes) => Bytes,
): KeyShare => ({
  publicKey,
  agree: (theirs) =>
    theirs[0] !== UNCOMPRESSED
      ? refuse(group, "the share is not an uncompressed point")
      : theirs.length !== publicKey.length
      ? refuse(group, `the share has ${theirs.length} bytes, not ${publicKey.length}`)
      : attempt(group, "the share is not a point of the curve", () => secretWith(theirs)),
});

const refuse = (group: NamedGroup, reason: string) => Effect.fail(new InvalidKeyShare({ group, reason }));

const attempt = (
  group: NamedGroup,
  reason: string,
  run: () => Bytes,
): Effect.Effect<Bytes, InvalidKeyShare> =>
  Effect.try({ try: run, catch: () => new InvalidKeyShare({ group, reason }) });
