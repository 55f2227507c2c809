/** Ed25519 and Ed448 (RFC 8032), and schemes that do not go with a key. @module */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { SignatureScheme as S } from "../../../src/names/signature_scheme.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { assert, Effect } from "../../deps.ts";
import { curves, ecPair, hex, rsaPair } from "../../support/keys.ts";
import { layers } from "../../support/layers.ts";
import { cannotSign, ecdsa, message, pkcs1, pss, sign, verify } from "../../support/signing.ts";

const pair = rsaPair(1024);

/** RFC 8032 §7.1: tests 1 to 3, and that of SHA(abc). */
const pure = [
  {
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    data: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b" +
      "d25bf5f0595bbe24655141438e7a100b",
  },
  {
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    data: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c" +
      "387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    data: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659" +
      "4a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    data: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd" +
      "454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030" +
      "3dca179c138ac17ad9bef1177331a704",
  },
];

/** RFC 8032 §7.4: no data, and one byte of it. */
const longer = [
  {
    seed: "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f" +
      "032e7549a20098f95b",
    key: "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6c" +
      "d1fa1abeafe8256180",
    data: "",
    signature:
      "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d78" +
      "28c59bd0a21bfd3980ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db" +
      "b61149f05a7363268c71d95808ff2e652600",
  },
  {
    seed: "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463afbea67c5e8d2877c5e3bc397a659949e" +
      "f8021e954e0a12274e",
    key: "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c0866aea01eb00742802b8438ea4cb82169c" +
      "235160627b4c3a9480",
    data: "03",
    signature:
      "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f4352541b143c4b981b7e18f62de8ccdf633" +
      "fc1bf037ab7cd779805e0dbcc0aae1cbcee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f" +
      "f3348ab21aa4adafd1d234441cf807c03a00",
  },
];

const edwards = [["ed25519", pure], ["ed448", longer]] as const;

for (const { name, crypto } of layers) {
  for (const [tag, vectors] of edwards) {
    Deno.test(`${name}: ${tag} signs and verifies as RFC 8032 §7 has it`, async () => {
      for (const { seed, key, data, signature } of vectors) {
        const signed = crypto.sign({ _tag: tag, seed: hex(seed) }, S[tag], hex(data));
        assert.equal(toHex(await Effect.runPromise(signed)), signature);
        const holds = (what: Bytes) =>
          Effect.runPromise(crypto.verify({ _tag: tag, key: hex(key) }, S[tag], what, hex(signature)));
        assert.equal(await holds(hex(data)), true);
        assert.equal(await holds(message), false);
      }
    });
  }
}

Deno.test("an Ed448 signature or key of another form does not hold (RFC 8032 §5.2.7)", () => {
  const [{ key, data, signature }] = longer as [(typeof longer)[number]];
  const holds = (k: Bytes, s: Bytes) => verify({ _tag: "ed448", key: k }, S.ed448, hex(data), s);
  const [k, s] = [hex(key), hex(signature)];
  assert.equal(holds(k, s), true);
  for (const wrong of [EMPTY, s.subarray(1), concat(s, Uint8Array.of(0)), new Uint8Array(114)]) {
    assert.equal(holds(k, wrong), false);
  }
  for (const wrong of [EMPTY, k.subarray(1), concat(k, Uint8Array.of(0)), new Uint8Array(57), k.with(0, 1)]) {
    assert.equal(holds(wrong, s), false);
  }
  for (let at = 0; at < 114; at += 7) assert.equal(holds(k, s.with(at, s[at]! ^ 1)), false);
  // S + L says the same to whoever does not check that it is below L.
  const order = 2n ** 446n - BigInt("0x8335dc163bb124b65129c96fde933d8d723a70aadc873d6d54a7bb0d");
  const little = (bytes: Bytes) => BigInt(`0x${toHex(bytes.toReversed())}`);
  const more = hex((little(s.subarray(57)) + order).toString(16).padStart(114, "0")).reverse();
  assert.equal(holds(k, concat(s.subarray(0, 57), more)), false);
  // A key of low order signs anything: the identity with S of zero.
  const identity = new Uint8Array(57).with(0, 1);
  assert.equal(holds(identity, concat(identity, new Uint8Array(57))), false);
});

Deno.test("Ed448 agrees with node:crypto both ways", () => {
  const native = crypto.generateKeyPairSync("ed448");
  const [seed, key] = [
    new Uint8Array(native.privateKey.export({ format: "der", type: "pkcs8" })).slice(-57),
    new Uint8Array(native.publicKey.export({ format: "der", type: "spki" })).slice(-57),
  ] as const;
  const ours = sign({ _tag: "ed448", seed }, S.ed448, message);
  assert.equal(crypto.verify(null, message, native.publicKey, ours), true);
  const theirs = new Uint8Array(crypto.sign(null, message, native.privateKey));
  assert.equal(verify({ _tag: "ed448", key }, S.ed448, message, theirs), true);
});

Deno.test("an Ed25519 signature or key of another form does not hold (RFC 8032 §5.1.7)", () => {
  const [{ key, data, signature }] = pure as [(typeof pure)[number]];
  const holds = (k: Bytes, s: Bytes) => verify({ _tag: "ed25519", key: k }, S.ed25519, hex(data), s);
  const [k, s] = [hex(key), hex(signature)];
  assert.equal(holds(k, s), true);
  for (
    const wrong of [EMPTY, s.subarray(1), s.subarray(0, 63), concat(s, Uint8Array.of(0)), new Uint8Array(64)]
  ) {
    assert.equal(holds(k, wrong), false);
  }
  for (const wrong of [EMPTY, k.subarray(1), concat(k, Uint8Array.of(0)), new Uint8Array(32), k.with(0, 1)]) {
    assert.equal(holds(wrong, s), false);
  }
  for (let at = 0; at < 64; at++) assert.equal(holds(k, s.with(at, s[at]! ^ 1)), false);
  // S + L says the same to whoever does not check that it is below L.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const little = (bytes: Bytes) => BigInt(`0x${toHex(bytes.toReversed())}`);
  const more = hex((little(s.subarray(32)) + order).toString(16).padStart(64, "0")).reverse();
  assert.equal(holds(k, concat(s.subarray(0, 32), more)), false);
  // A key of low order signs anything: the identity with S of zero.
  const identity = new Uint8Array(32).with(0, 1);
  assert.equal(holds(identity, concat(identity, new Uint8Array(32))), false);
});

Deno.test("Ed25519 agrees with node:crypto both ways", () => {
  const native = crypto.generateKeyPairSync("ed25519");
  const jwk = native.privateKey.export({ format: "jwk" });
  const [seed, key] = [jwk.d, jwk.x].map((text) => new Uint8Array(Buffer.from(text!, "base64url"))) as [
    Bytes,
    Bytes,
  ];
  assert.equal(
    crypto.verify(null, message, native.publicKey, sign({ _tag: "ed25519", seed }, S.ed25519, message)),
    true,
  );
  const theirs = new Uint8Array(crypto.sign(null, message, native.privateKey));
  assert.equal(verify({ _tag: "ed25519", key }, S.ed25519, message, theirs), true);
});

Deno.test("Ed25519 and Ed448 sign nothing with a seed of another length", () => {
  cannotSign({ _tag: "ed448", seed: new Uint8Array(32) }, S.ed448, /the seed is not 57 bytes/);
  for (const length of [0, 31, 33, 64]) {
    cannotSign({ _tag: "ed25519", seed: new Uint8Array(length) }, S.ed25519, /the seed is not 32 bytes/);
  }
});

// -- what does not fit --

Deno.test("a scheme that is not for the key signs and verifies nothing, whichever the two are", () => {
  const ec = ecPair(curves[0]);
  const ed = {
    privateKey: { _tag: "ed25519", seed: hex(pure[0]!.seed) } as const,
    publicKey: { _tag: "ed25519", key: hex(pure[0]!.key) } as const,
  };
  const longEd = {
    privateKey: { _tag: "ed448", seed: hex(longer[0]!.seed) } as const,
    publicKey: { _tag: "ed448", key: hex(longer[0]!.key) } as const,
  };
  const schemes = {
    rsa: [...Object.values(pkcs1), ...Object.values(pss)],
    ecdsa: Object.values(ecdsa),
    ed25519: [S.ed25519],
    ed448: [S.ed448],
  };
  for (const { privateKey, publicKey } of [pair, ec, ed, longEd]) {
    for (const [tag, list] of Object.entries(schemes)) {
      for (const scheme of list) {
        if (tag === privateKey._tag) continue;
        cannotSign(
          privateKey,
          scheme,
          new RegExp(`${S.nameOf(scheme)} is not for a key of ${privateKey._tag}`),
        );
        for (const length of [0, 64, 71, 128]) {
          assert.equal(verify(publicKey, scheme, message, new Uint8Array(length).fill(1)), false);
        }
      }
    }
  }
  assert.equal(
    verify(pair.publicKey, pss.sha256, message, sign(pair.privateKey, pkcs1.sha256, message)),
    false,
  );
  assert.equal(
    verify(pair.publicKey, pkcs1.sha256, message, sign(pair.privateKey, pss.sha256, message)),
    false,
  );
});

Deno.test("MD5, DSA, ML-DSA, and schemes that nobody registered sign and verify nothing", () => {
  for (
    const scheme of [S.rsa_pkcs1_md5, S.ecdsa_md5, S.dsa_sha1, S.mldsa44, S.of(0), S.of(0x0a0a), S.of(0xffff)]
  ) {
    for (const { privateKey, publicKey } of [pair, ecPair(curves[0])]) {
      cannotSign(privateKey, scheme, /is not for a key of/);
      assert.equal(verify(publicKey, scheme, message, new Uint8Array(128).fill(1)), false);
    }
  }
});
