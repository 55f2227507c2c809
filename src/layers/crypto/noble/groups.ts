/** Diffie-Hellman by group: elliptic curves with @noble/curves, finite fields with `dh.ts`. @module */
import { Effect } from "../../../deps.ts";
import { p256, p384, p521, x25519 } from "./deps.ts";
import { ffdheGroups } from "../../../crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { namedFieldShare } from "./dh.ts";

/** The NIST curves, by group. ECDSA uses them, too. */
export const nistCurves = new Map([
  [NamedGroup.secp256r1, p256],
  [NamedGroup.secp384r1, p384],
  [NamedGroup.secp521r1, p521],
]);

/** The supported groups, the fastest first. */
export const groups: ReadonlyArray<NamedGroup> = [NamedGroup.x25519, ...nistCurves.keys(), ...ffdheGroups];

/** Makes key shares with secrets from `random`. */
export const makeKeyShare = (random: (length: number) => Bytes): CryptoService["keyShare"] => (group) =>
  Effect.suspend(() => {
    if (group === NamedGroup.x25519) return Effect.succeed(montgomery(random));
    const curve = nistCurves.get(group);
    const share = curve ? weierstrass(group, curve, random) : namedFieldShare(group, random);
    return share
      ? Effect.succeed(share)
      : Effect.die(new RangeError(`no such group: ${NamedGroup.nameOf(group)}`));
  });

const montgomery = (random: (length: number) => Bytes): KeyShare => {
  const secret = random(32);
  // Noble refuses points of low order, which are those that give zero, before it uses the secret.
  return x25519Share(x25519.getPublicKey(secret), (theirs) => x25519.getSharedSecret(secret, theirs));
};

/** An X25519 share. `secretWith` computes the shared secret, and throws when it is all zero. */
export const x25519Share = (publicKey: Bytes, secretWith: (theirs: Bytes) => Bytes): KeyShare => {
  const group = NamedGroup.x25519;
  return {
    publicKey,
    agree: (theirs) =>
      theirs.length !== 32
        ? refuse(group, `the share has ${theirs.length} bytes, not 32`)
        : attempt(group, "the shared secret is all zero", () => secretWith(theirs)),
  };
};

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
