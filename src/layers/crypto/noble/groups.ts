/** Diffie-Hellman by group: over curves on @noble/curves, over finite fields next door. @module */
import { Effect } from "../../../deps.ts";
import { p256, p384, p521, x25519 } from "./deps.ts";
import { ffdheGroups } from "../../../crypto/ffdhe.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import type { CryptoService, KeyShare } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { namedFieldShare } from "./dh.ts";

/** The NIST curves, by the group that names each; ECDSA uses them too. */
export const nistCurves = new Map([
  [NamedGroup.secp256r1, p256],
  [NamedGroup.secp384r1, p384],
  [NamedGroup.secp521r1, p521],
]);

/** The groups there are, the fastest first. */
export const groups: ReadonlyArray<NamedGroup> = [NamedGroup.x25519, ...nistCurves.keys(), ...ffdheGroups];

/** Fresh shares whose secrets are drawn from `random`. */
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
  // Noble refuses the points of low order, which are the ones that give zero, before it uses the secret.
  return x25519Share(x25519.getPublicKey(secret), (theirs) => x25519.getSharedSecret(secret, theirs));
};

/** A share of x25519, by how a secret is made with it; a throw of that says that the secret is all zero. */
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
    // The compressed form is a byte of sign and then x at full length (RFC 8422 §5.10).
    (theirs) => curve.getSharedSecret(secret, theirs, true).subarray(1),
  );
};

/** The first byte of a point that is given in whole (SEC 1 §2.3.3). */
export const UNCOMPRESSED = 0x04;

/** A share of a NIST curve, by how a secret is made with it; a throw of that says that theirs is no point. */
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
