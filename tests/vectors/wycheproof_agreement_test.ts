/** Project Wycheproof's vectors for key agreement: X25519, X448 and the curves of NIST. @module */
import { Effect, Either } from "../deps.ts";
import { equal } from "../../src/crypto/equal.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { decodeDer } from "../../src/x509/der/der.ts";
import { subjectPublicKeyInfo } from "../../src/x509/keys/public_key.ts";
import { hex } from "../support/keys.ts";
import type { Tried } from "../support/layers.ts";
import { because, wycheproof } from "./wycheproof.ts";

/** A secret, the other's public key, and what they share. */
interface Agreement {
  readonly private: string;
  readonly public: string;
  readonly shared: string;
}

/** Whether a secret and the bytes of the other's share give what they should. */
const agrees = async (
  layer: Tried,
  group: NamedGroup,
  theirs: Bytes,
  { private: secret, shared }: Agreement,
): Promise<boolean> => {
  const agreement = Effect.flatMap(layer.shareOf(group, hex(secret)), (share) => share.agree(theirs));
  const outcome = await Effect.runPromise(Effect.either(agreement));
  return Either.isRight(outcome) && equal(outcome.right, hex(shared));
};

for (const [kind, group] of [["x25519", NamedGroup.x25519], ["x448", NamedGroup.x448]] as const) {
  wycheproof<Agreement>(kind, {
    expected: because({
      ZeroSharedSecret: [false, "a secret of zero is none (RFC 7748 §6)"],
      NonCanonicalPublic: [true, "numbers may be above the prime (RFC 7748 §5)"],
      Twist: [true, "the points of the twist are as good (RFC 7748 §5)"],
    }),
    taken: (layer, vector) => agrees(layer, group, hex(vector.public), vector),
  });
}

const curves: Readonly<Record<string, NamedGroup>> = {
  secp256r1: NamedGroup.secp256r1,
  secp384r1: NamedGroup.secp384r1,
  secp521r1: NamedGroup.secp521r1,
};

// The two files of a curve have most agreements in common, and these are slow: once is enough for the same bytes.
const known = new Map<string, Promise<boolean>>();

/** Points are bare, or in a SubjectPublicKeyInfo, which our reader of certificates reads. */
wycheproof<Agreement & { readonly curve: string; readonly encoding: "asn" | "ecpoint" }>("ecdh", {
  expected: because({
    CompressedPoint: [false, "TLS has uncompressed points alone (RFC 8422 §5.1.1)"],
    UnnamedCurve: [false, "certificates name their curve (RFC 5480 §2.1.1)"],
    InvalidAsn: [false, "what is not DER is not read (RFC 5280 §4.1)"],
  }),
  taken: (layer, vector) => {
    const group = curves[vector.curve]!;
    const theirs = hex(vector.public);
    const point = vector.encoding === "asn" ? pointOf(group, theirs) : theirs;
    if (point === undefined) return false;
    const key = [layer.name, group, vector.private, toHex(point), vector.shared].join();
    const outcome = known.get(key) ?? agrees(layer, group, point, vector);
    known.set(key, outcome);
    return outcome;
  },
});

const pointOf = (group: NamedGroup, spki: Bytes): Bytes | undefined => {
  const key = Either.getOrUndefined(decodeDer("SubjectPublicKeyInfo", subjectPublicKeyInfo, spki));
  return key?._tag === "ecdsa" && key.group === group ? key.point : undefined;
};
