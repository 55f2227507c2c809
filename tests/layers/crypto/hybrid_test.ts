/** Hybrid groups: a curve and ML-KEM-768 in one share (draft-ietf-tls-ecdhe-mlkem). @module */
import { assert, Effect, Fiber } from "../../deps.ts";
import { InvalidKeyShare } from "../../../src/faults/errors/crypto.ts";
import { makeNative } from "../../../src/layers/crypto/native/provider.ts";
import { ml_kem768, p256, x25519 } from "../../../src/layers/crypto/noble/deps.ts";
import { makeNoble } from "../../../src/layers/crypto/noble/provider.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import type { CryptoService } from "../../../src/ports/crypto.ts";
import { type Bytes, concat, EMPTY } from "../../../src/wire/bytes.ts";
import { layers } from "../../support/layers.ts";

const run = Effect.runPromise;
const cut = (share: Bytes, at: number) => [share.slice(0, at), share.slice(at)] as const;

/** The groups: where the curve's bytes stand, and what makes a key and a secret of the curve. */
const groups = [
  {
    group: NamedGroup.X25519MLKEM768,
    curve: NamedGroup.x25519,
    share: 1216,
    answer: 1120,
    kemFirst: true,
    publicOf: (secret: Bytes) => x25519.getPublicKey(secret),
    secretOf: (secret: Bytes, theirs: Bytes) => x25519.getSharedSecret(secret, theirs),
  },
  {
    group: NamedGroup.SecP256r1MLKEM768,
    curve: NamedGroup.secp256r1,
    share: 1249,
    answer: 1153,
    kemFirst: false,
    publicOf: (secret: Bytes) => p256.getPublicKey(secret, false),
    secretOf: (secret: Bytes, theirs: Bytes) => p256.getSharedSecret(secret, theirs).slice(1),
  },
] as const;

for (
  const { group, curve, share: shareLength, answer: answerLength, kemFirst, publicOf, secretOf } of groups
) {
  const name = NamedGroup.nameOf(group);
  const joined = (kem: Bytes, part: Bytes) => kemFirst ? concat(kem, part) : concat(part, kem);
  const parts = (share: Bytes, kemLength: number) => {
    const [a, b] = cut(share, kemFirst ? kemLength : share.length - kemLength);
    return kemFirst ? [a, b] as const : [b, a] as const;
  };
  const mine = new Uint8Array(32).fill(7);
  const kem = ml_kem768.keygen(new Uint8Array(64).fill(5));
  const refused = async (effect: Effect.Effect<unknown, InvalidKeyShare>, reason: RegExp) => {
    const error = await run(Effect.flip(effect));
    assert.ok(error instanceof InvalidKeyShare);
    assert.equal(error.group, group);
    assert.match(error.message, reason);
  };

  for (const layer of layers) {
    const { crypto } = layer;

    Deno.test(`${layer.name}: a share of ${name} is answered part by part, and the secrets stand in the same order`, async () => {
      const share = await run(crypto.keyShare(group));
      assert.equal(share.publicKey.length, shareLength);
      const [encapsulationKey, theirs] = parts(share.publicKey, 1184);
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(encapsulationKey);
      assert.deepEqual(
        await run(share.agree(joined(cipherText, publicOf(mine)))),
        joined(sharedSecret, secretOf(mine, theirs)),
      );
    });

    Deno.test(`${layer.name}: an answer in ${name} is a ciphertext and a share of the curve's`, async () => {
      const { publicKey, secret } = await run(
        crypto.answerShare(group, joined(kem.publicKey, publicOf(mine))),
      );
      assert.equal(publicKey.length, answerLength);
      const [ciphertext, theirs] = parts(publicKey, 1088);
      assert.deepEqual(
        secret,
        joined(ml_kem768.decapsulate(ciphertext, kem.secretKey), secretOf(mine, theirs)),
      );
    });

    Deno.test(`${layer.name}: the curve's part of a share of ${name} is a share of its own`, async () => {
      const share = await run(crypto.keyShare(group));
      const { part } = share;
      assert.equal(part?.group, curve);
      assert.deepEqual(part?.share.publicKey, parts(share.publicKey, 1184)[1]);
      const answer = await run(crypto.answerShare(curve, part!.share.publicKey));
      assert.deepEqual(await run(part!.share.agree(answer.publicKey)), answer.secret);
      assert.equal(part?.share.part, undefined);
    });

    Deno.test(`${layer.name}: ${name} refuses another length, whichever part it is of`, async () => {
      const share = await run(crypto.keyShare(group));
      const { publicKey } = await run(crypto.answerShare(group, share.publicKey));
      for (const wrong of [EMPTY, publicKey.slice(1), concat(publicKey, Uint8Array.of(0)), share.publicKey]) {
        await refused(share.agree(wrong), new RegExp(`bytes, not ${answerLength}`));
      }
      for (
        const wrong of [EMPTY, share.publicKey.slice(1), concat(share.publicKey, Uint8Array.of(0)), publicKey]
      ) {
        await refused(crypto.answerShare(group, wrong), new RegExp(`bytes, not ${shareLength}`));
      }
    });

    Deno.test(`${layer.name}: ${name} refuses a key with a number above the modulus (FIPS 203 §7.2)`, async () => {
      // Twelve bits a number, and the modulus is 3329, which is 0xd01.
      for (const [at, value] of [[0, 0xff], [1150, 0xff]] as const) {
        const wrong = kem.publicKey.slice();
        wrong[at] = value;
        wrong[at + 1] = value;
        await refused(crypto.answerShare(group, joined(wrong, publicOf(mine))), /above the modulus/);
      }
    });

    Deno.test(`${layer.name}: ${name} refuses a share of the curve that is none, in either direction`, async () => {
      const share = await run(crypto.keyShare(group));
      const none = new Uint8Array(publicOf(mine).length);
      const reason = kemFirst ? /all zero/ : /not an uncompressed point/;
      await refused(crypto.answerShare(group, joined(kem.publicKey, none)), reason);
      await refused(share.agree(joined(new Uint8Array(1088), none)), reason);
    });

    Deno.test(`${layer.name}: a ciphertext that was changed gives another secret in ${name}, and no error`, async () => {
      const share = await run(crypto.keyShare(group));
      const { publicKey, secret } = await run(crypto.answerShare(group, share.publicKey));
      const [ciphertext, theirs] = parts(publicKey, 1088);
      const changed = await run(share.agree(joined(ciphertext.with(3, ciphertext[3]! ^ 1), theirs)));
      assert.equal(changed.length, secret.length);
      assert.notDeepEqual(parts(changed, 32)[0], parts(secret, 32)[0]);
      assert.deepEqual(parts(changed, 32)[1], parts(secret, 32)[1]);
    });
  }

  Deno.test(`${name}: both providers make the same share of the same random bytes, and agree with each other`, async () => {
    const made: ReadonlyArray<CryptoService> = [makeNoble, makeNative].map((make) =>
      make(makeDeterministic("hybrid").random)
    );
    const [a, b] = await Promise.all(made.map((crypto) => run(crypto.keyShare(group))));
    assert.deepEqual(a!.publicKey, b!.publicKey);
    for (const crypto of made) {
      const { publicKey, secret } = await run(crypto.answerShare(group, a!.publicKey));
      assert.deepEqual(await run(a!.agree(publicKey)), secret);
      assert.deepEqual(await run(b!.agree(publicKey)), secret);
    }
  });
}

Deno.test("the native provider has the platform's ML-KEM, which is asynchronous", async () => {
  const [noble, native] = layers.map(({ crypto }) => crypto.keyShare(NamedGroup.X25519MLKEM768));
  assert.ok(Effect.runSync(Effect.either(noble!)));
  const fiber = Effect.runFork(native!);
  assert.equal(fiber.unsafePoll(), null, "it is under way");
  await Effect.runPromise(Fiber.join(fiber));
});
