/** Hybrid groups: a curve and ML-KEM-768 side by side (draft-ietf-tls-ecdhe-mlkem). @module */
import { Effect } from "../../../deps.ts";
import { InvalidKeyShare } from "../../../faults/errors/crypto.ts";
import { NamedGroup } from "../../../names/named_group.ts";
import { answerByShare, type CryptoService, type KeyShare } from "../../../ports/crypto.ts";
import { type Bytes, concat } from "../../../wire/bytes.ts";
import { type Kem, kemLengths } from "./kem.ts";

/** The curve of a hybrid group, the length of its shares, and whose bytes come first, in shares and secrets. */
interface Hybrid {
  readonly curve: NamedGroup;
  readonly length: number;
  readonly kemFirst: boolean;
}

const hybrids: ReadonlyMap<NamedGroup, Hybrid> = new Map([
  [NamedGroup.X25519MLKEM768, { curve: NamedGroup.x25519, length: 32, kemFirst: true }],
  [NamedGroup.SecP256r1MLKEM768, { curve: NamedGroup.secp256r1, length: 65, kemFirst: false }],
]);

/** The supported hybrid groups. */
export const hybridGroups: ReadonlyArray<NamedGroup> = [...hybrids.keys()];

type Shares = Pick<CryptoService, "keyShare" | "answerShare">;

/** Shares and answers of all groups: those of Diffie-Hellman by `keyShare`, the hybrid ones by it and a KEM. */
export const withHybrids = (keyShare: CryptoService["keyShare"], kem: Kem): Shares => {
  const answerShare = answerByShare(keyShare);

  const hybridShare = Effect.fnUntraced(function* (group: NamedGroup, hybrid: Hybrid) {
    const share = yield* keyShare(hybrid.curve);
    const { publicKey, decapsulate } = yield* kem.keyPair;
    return {
      publicKey: joined(hybrid, publicKey, share.publicKey),
      agree: Effect.fnUntraced(function* (theirs) {
        const [ciphertext, curve] = yield* parted(group, hybrid, theirs, kemLengths.ciphertext);
        const agreed = yield* of(group, share.agree(curve));
        return joined(hybrid, yield* decapsulate(ciphertext), agreed);
      }),
      part: { group: hybrid.curve, share },
    } satisfies KeyShare;
  });

  const hybridAnswer = Effect.fnUntraced(function* (group: NamedGroup, hybrid: Hybrid, theirs: Bytes) {
    const [publicKey, curve] = yield* parted(group, hybrid, theirs, kemLengths.publicKey);
    const sealed = yield* kem.encapsulate(publicKey);
    if (sealed === undefined) {
      return yield* refuse(group, "the encapsulation key has a number above the modulus");
    }
    const answer = yield* of(group, answerShare(hybrid.curve, curve));
    return {
      publicKey: joined(hybrid, sealed.ciphertext, answer.publicKey),
      secret: joined(hybrid, sealed.secret, answer.secret),
    };
  });

  return {
    keyShare: (group) => {
      const hybrid = hybrids.get(group);
      return hybrid ? hybridShare(group, hybrid) : keyShare(group);
    },
    answerShare: (group, theirs) => {
      const hybrid = hybrids.get(group);
      return hybrid ? hybridAnswer(group, hybrid, theirs) : answerShare(group, theirs);
    },
  };
};

const joined = ({ kemFirst }: Hybrid, kem: Bytes, curve: Bytes): Bytes =>
  kemFirst ? concat(kem, curve) : concat(curve, kem);

/** The parts of a share: what is ML-KEM's, which has `kemLength` bytes, and what is the curve's. */
const parted = (
  group: NamedGroup,
  { length, kemFirst }: Hybrid,
  share: Bytes,
  kemLength: number,
): Effect.Effect<readonly [kem: Bytes, curve: Bytes], InvalidKeyShare> => {
  if (share.length !== kemLength + length) {
    return refuse(group, `the share has ${share.length} bytes, not ${kemLength + length}`);
  }
  return Effect.succeed(
    kemFirst
      ? [share.subarray(0, kemLength), share.subarray(kemLength)]
      : [share.subarray(length), share.subarray(0, length)],
  );
};

const refuse = (group: NamedGroup, reason: string) => Effect.fail(new InvalidKeyShare({ group, reason }));

/** An invalid share of the curve is one of the hybrid group. */
const of = <A>(group: NamedGroup, effect: Effect.Effect<A, InvalidKeyShare>) =>
  Effect.mapError(effect, ({ reason }) => new InvalidKeyShare({ group, reason }));
