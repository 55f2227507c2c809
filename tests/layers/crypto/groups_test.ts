/**
 * Diffie-Hellman over elliptic curves: known secrets, and the points that are refused (RFC 8422 §5.10, RFC 7748 §6).
 *
 * @module
 */
import { assert, Effect, Exit } from "../../deps.ts";
import { InvalidKeyShare } from "../../../src/faults/errors/crypto.ts";
import { makeNoble } from "../../../src/layers/crypto/noble/provider.ts";
import { NamedGroup } from "../../../src/names/named_group.ts";
import { answerByShare, type KeyShare } from "../../../src/ports/crypto.ts";
import { type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { curves, ecPair, ecPublicKey, hex } from "../../support/keys.ts";
import { layers, type Tried } from "../../support/layers.ts";
import crypto from "node:crypto";

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const noble = makeNoble(random);
const { x25519 } = NamedGroup;

const agree = (share: KeyShare, theirs: Bytes): Bytes => Effect.runSync(share.agree(theirs));

/** What comes of an X25519 secret: its public key, and the secret it shares with another's. */
const outcome = async ({ shareOf }: Tried, secret: string, theirs: string) => {
  const share = await Effect.runPromise(shareOf(x25519, hex(secret)));
  const shared = await Effect.runPromise(share.agree(hex(theirs)));
  return { publicKey: toHex(share.publicKey), shared: toHex(shared) };
};

const refused = (group: NamedGroup, theirs: Bytes, reason: RegExp): void => {
  const error = Effect.runSync(Effect.flip(Effect.runSync(noble.keyShare(group)).agree(theirs)));
  assert.ok(error instanceof InvalidKeyShare);
  assert.equal(error.group, group);
  assert.match(error.message, reason);
};

Deno.test("the groups there are, in order of preference", () => {
  assert.deepEqual(noble.groups.map(NamedGroup.nameOf), [
    ...["x25519", "secp256r1", "secp384r1", "secp521r1", "x448", "X25519MLKEM768", "SecP256r1MLKEM768"],
    ...["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"],
  ]);
});

const vectors = [
  {
    secret: "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
    theirs: "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
    shared: "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
  },
  {
    secret: "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
    theirs: "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
    shared: "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
  },
  {
    // After one iteration.
    secret: "0900000000000000000000000000000000000000000000000000000000000000",
    theirs: "0900000000000000000000000000000000000000000000000000000000000000",
    shared: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
  },
];

for (const layer of layers) {
  Deno.test(`${layer.name}: x25519 gives the outputs of RFC 7748 §5.2`, async () => {
    for (const { secret, theirs, shared } of vectors) {
      assert.equal((await outcome(layer, secret, theirs)).shared, shared);
    }
  });

  Deno.test(`${layer.name}: x25519 gives the public keys and the secret of RFC 7748 §6.1`, async () => {
    const keys = {
      alice: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
      bob: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    };
    const alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    const bob = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
    assert.deepEqual(await outcome(layer, alice, keys.bob), { publicKey: keys.alice, shared });
    assert.deepEqual(await outcome(layer, bob, keys.alice), { publicKey: keys.bob, shared });
  });
}

/** RFC 7748 §6.2. */
const pair = {
  alice: "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d" +
    "9ac2d8c0a598726b",
  alicePublic:
    "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53" +
    "177f80e532c41fa0",
  bob: "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0" +
    "366f10b65173992d",
  bobPublic:
    "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae" +
    "07bdc1c67bf33609",
  shared: "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a" +
    "449a5037514a879d",
};

for (const { name, shareOf } of layers) {
  Deno.test(`${name}: x448 gives the public keys and the secret of RFC 7748 §6.2`, async () => {
    const sides = [[pair.alice, pair.alicePublic, pair.bobPublic], [
      pair.bob,
      pair.bobPublic,
      pair.alicePublic,
    ]] as const;
    for (const [secret, publicKey, theirs] of sides) {
      const share = await Effect.runPromise(shareOf(NamedGroup.x448, hex(secret)));
      assert.equal(toHex(share.publicKey), publicKey);
      assert.equal(toHex(await Effect.runPromise(share.agree(hex(theirs)))), pair.shared);
    }
  });

  Deno.test(`${name}: x448 refuses the points of low order, and a share of another length`, async () => {
    const share = await Effect.runPromise(shareOf(NamedGroup.x448, hex(pair.alice)));
    const least = new Uint8Array(56);
    const p = least.map((_, i) => i === 28 ? 0xfe : 0xff); // 2^448 - 2^224 - 1, little-endian
    const points = [
      least,
      least.with(0, 1),
      p.with(0, 0xfe),
      p,
      p.map((byte, i) => i < 28 ? 0 : i === 28 ? 0xff : byte),
    ];
    for (const point of points) {
      assert.match((await Effect.runPromise(Effect.flip(share.agree(point)))).message, /all zero/);
    }
    for (const length of [0, 32, 55, 57]) {
      const error = await Effect.runPromise(Effect.flip(share.agree(new Uint8Array(length).fill(9))));
      assert.match(error.message, /bytes, not 56/);
    }
  });
}

Deno.test("a share of x25519 may be written in a way that is not canonical (RFC 7748 §5)", () => {
  const share = Effect.runSync(noble.keyShare(x25519));
  const theirs = hex(vectors[0]!.theirs);
  assert.deepEqual(agree(share, theirs.with(31, theirs[31]! | 0x80)), agree(share, theirs));
});

for (const { name, crypto } of layers) {
  Deno.test(`${name}: an answer has the secret that the share it answers gives, in every group, and no two are the same`, async () => {
    for (const group of crypto.groups) {
      const share = await Effect.runPromise(crypto.keyShare(group));
      const answer = await Effect.runPromise(crypto.answerShare(group, share.publicKey));
      assert.deepEqual(await Effect.runPromise(share.agree(answer.publicKey)), answer.secret);
      const again = await Effect.runPromise(crypto.answerShare(group, share.publicKey));
      assert.notDeepEqual(again, answer);
      assert.notDeepEqual((await Effect.runPromise(crypto.keyShare(group))).publicKey, share.publicKey);
    }
  });

  Deno.test(`${name}: a share that is none has no answer, in any group`, async () => {
    for (const group of crypto.groups) {
      const { publicKey } = await Effect.runPromise(crypto.keyShare(group));
      for (const share of [publicKey.map(() => 0), concat(Uint8Array.of(1), publicKey), new Uint8Array(0)]) {
        const error = await Effect.runPromise(Effect.flip(crypto.answerShare(group, share)));
        assert.ok(error instanceof InvalidKeyShare);
        assert.equal(error.group, group);
      }
    }
  });
}

Deno.test("who replaces a provider's shares gives answers of the same kind by answerByShare", () => {
  const publicKey = Uint8Array.of(1, 2, 3);
  const answer = answerByShare(() =>
    Effect.succeed({ publicKey, agree: (theirs) => Effect.succeed(theirs) })
  );
  const secret = Uint8Array.of(9);
  assert.deepEqual(Effect.runSync(answer(x25519, secret)), { publicKey, secret });
});

Deno.test("x25519 agrees with node:crypto", () => {
  const theirs = crypto.generateKeyPairSync("x25519");
  const share = Effect.runSync(noble.keyShare(x25519));
  const x = (key: crypto.KeyObject) => new Uint8Array(key.export({ format: "der", type: "spki" })).slice(-32);
  const prefix = hex("302a300506032b656e032100"); // SubjectPublicKeyInfo of X25519 (RFC 8410 §4)
  const publicKey = crypto.createPublicKey({
    key: concat(prefix, share.publicKey) as Uint8Array<ArrayBuffer> & Buffer,
    format: "der",
    type: "spki",
  });
  assert.deepEqual(
    agree(share, x(theirs.publicKey)),
    new Uint8Array(crypto.diffieHellman({ privateKey: theirs.privateKey, publicKey })),
  );
});

for (const curve of curves) {
  const { group, name } = curve;
  const length = ({ "P-256": 32, "P-384": 48, "P-521": 66 } as const)[name];
  const share = Effect.runSync(noble.keyShare(group));
  const good = ecPair(curve).publicKey.point;

  Deno.test(`${name} agrees with node:crypto, on the whole x coordinate`, () => {
    assert.equal(share.publicKey.length, 1 + 2 * length);
    assert.equal(share.publicKey[0], 0x04);
    const theirs = ecPair(curve);
    const secret = agree(share, theirs.publicKey.point);
    assert.equal(secret.length, length);
    assert.deepEqual(
      secret,
      new Uint8Array(crypto.diffieHellman({
        privateKey: theirs.native.privateKey,
        publicKey: ecPublicKey(name, share.publicKey),
      })),
    );
  });

  Deno.test(`${name} refuses a point that is not written in full`, () => {
    const compressed = concat(Uint8Array.of(2 + (good.at(-1)! & 1)), good.subarray(1, 1 + length));
    for (const sign of [2, 3]) refused(group, compressed.with(0, sign), /not an uncompressed point/);
    for (const form of [0, 1, 2, 3, 5, 6, 7, 0x40, 0xff]) {
      refused(group, good.with(0, form), /not an uncompressed point/);
    }
  });

  Deno.test(`${name} refuses the point at infinity, however it is written`, () => {
    refused(group, Uint8Array.of(0), /not an uncompressed point/);
    refused(group, Uint8Array.of(4), /has 1 bytes/);
    refused(group, concat(Uint8Array.of(4), new Uint8Array(2 * length)), /not a point of the curve/);
    refused(group, new Uint8Array(1 + 2 * length), /not an uncompressed point/);
  });

  Deno.test(`${name} refuses a share of another length`, () => {
    refused(group, new Uint8Array(0), /not an uncompressed point/);
    refused(group, good.subarray(0, -1), new RegExp(`has ${2 * length} bytes, not ${1 + 2 * length}`));
    refused(group, concat(good, Uint8Array.of(0)), /bytes, not/);
    refused(group, concat(Uint8Array.of(4), good), /bytes, not/);
  });

  Deno.test(`${name} refuses a point off the curve, and coordinates that are no numbers of the field`, () => {
    refused(group, good.with(-1, good.at(-1)! ^ 1), /not a point of the curve/);
    refused(group, good.with(length, good[length]! ^ 1), /not a point of the curve/);
    refused(
      group,
      concat(Uint8Array.of(4), new Uint8Array(2 * length).fill(0xff)),
      /not a point of the curve/,
    );
    refused(group, concat(good.subarray(0, 1 + length), new Uint8Array(length)), /not a point of the curve/);
  });

  Deno.test(`${name} refuses a point of another curve`, () => {
    for (const other of curves) {
      if (other !== curve) refused(group, ecPair(other).publicKey.point, /bytes, not/);
    }
  });
}

Deno.test("x25519 refuses a share of another length", () => {
  for (const length of [0, 31, 33, 65]) refused(x25519, new Uint8Array(length).fill(9), /bytes, not 32/);
});

Deno.test("x25519 refuses the points of low order, which give the all-zero secret (RFC 7748 §6.1)", () => {
  const low = [
    "00".repeat(32),
    "01" + "00".repeat(31),
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ];
  for (const point of low) {
    refused(x25519, hex(point), /all zero/);
    const highBit = hex(point);
    highBit[31]! |= 0x80;
    refused(x25519, highBit, /all zero/);
  }
});

Deno.test("a group that is not among them is a defect", () => {
  for (const group of [NamedGroup.curveSM2, NamedGroup.of(0x01ff), NamedGroup.of(0x0a0a)]) {
    const exit = Effect.runSyncExit(noble.keyShare(group));
    assert.ok(Exit.isFailure(exit) && exit.cause._tag === "Die");
    assert.match(String(exit.cause.defect), new RegExp(NamedGroup.nameOf(group)));
  }
});
