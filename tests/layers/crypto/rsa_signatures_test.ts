/**
 * RSA signatures, PKCS #1 v1.5 and PSS: what is made, and what holds in its one form alone (RFC 8017).
 *
 * @module
 */
import { assert, Effect } from "../../deps.ts";
import { publicNumbers, publicOperation } from "../../../src/layers/crypto/noble/rsa.ts";
import { SignatureScheme } from "../../../src/names/signature_scheme.ts";
import { type Bytes, concat, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { hex, type RsaPair, rsaPair } from "../../support/keys.ts";
import {
  byHash,
  cannotSign,
  message,
  noble,
  other,
  pkcs1,
  pss,
  pssPss,
  sign,
  verify,
} from "../../support/signing.ts";
import crypto from "node:crypto";

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = crypto.constants;
const lengths: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 };
const pairs = new Map([1024, 1025, 1031, 2047, 2048, 2049].map((bits) => [bits, rsaPair(bits)]));
const pair = pairs.get(1024)!;
const asPss = { ...pair.publicKey, _tag: "rsa_pss" } as const;

for (const [bits, { native, privateKey, publicKey }] of pairs) {
  const length = Math.ceil(bits / 8);

  Deno.test(`PKCS #1 v1.5 signatures with ${bits} bits are those of node:crypto, byte for byte`, () => {
    for (const [hash, scheme] of byHash(pkcs1)) {
      const ours = sign(privateKey, scheme, message);
      const theirs = crypto.sign(hash, message, { key: native.privateKey, padding: RSA_PKCS1_PADDING });
      assert.equal(toHex(ours), toHex(new Uint8Array(theirs)));
      assert.equal(verify(publicKey, scheme, message, ours), true);
      assert.equal(verify(publicKey, scheme, other, ours), false);
    }
  });

  Deno.test(`PSS signatures with ${bits} bits are good for node:crypto, and its for us`, () => {
    for (const [hash, scheme] of byHash(pss)) {
      const saltLength = lengths[hash]!;
      if (length < 2 * saltLength + 2) continue;
      const [toSign, toVerify] = [native.privateKey, native.publicKey].map((key) => ({
        key,
        padding: RSA_PKCS1_PSS_PADDING,
        saltLength,
      })) as [crypto.SignKeyObjectInput, crypto.VerifyKeyObjectInput];
      const ours = sign(privateKey, scheme, message);
      assert.equal(ours.length, length);
      assert.equal(crypto.verify(hash, message, toVerify, ours), true);
      const theirs = new Uint8Array(crypto.sign(hash, message, toSign));
      assert.equal(verify(publicKey, scheme, message, theirs), true);
      assert.equal(verify(publicKey, scheme, other, theirs), false);
      const otherSalt = crypto.sign(hash, message, { ...toSign, saltLength: saltLength - 1 });
      assert.equal(verify(publicKey, scheme, message, new Uint8Array(otherSalt)), false);
    }
  });
}

Deno.test("no two PSS signatures are the same, and two of PKCS #1 v1.5 are", () => {
  const twice = (scheme: SignatureScheme) => [1, 2].map(() => toHex(sign(pair.privateKey, scheme, message)));
  assert.equal(new Set(twice(pss.sha256)).size, 2);
  assert.equal(new Set(twice(pkcs1.sha256)).size, 1);
});

Deno.test("an RSA signature with any one byte changed, cut short or prolonged does not hold", () => {
  for (const scheme of [pkcs1.sha256, pss.sha256]) {
    const signature = sign(pair.privateKey, scheme, message);
    for (let at = 0; at < signature.length; at++) {
      assert.equal(verify(pair.publicKey, scheme, message, signature.with(at, signature[at]! ^ 0x10)), false);
    }
    for (
      const wrong of [
        EMPTY,
        signature.subarray(1),
        signature.subarray(0, -1),
        concat(signature, Uint8Array.of(0)),
        concat(Uint8Array.of(0), signature),
        new Uint8Array(128),
        new Uint8Array(128).fill(0xff),
        pair.publicKey.modulus,
      ]
    ) assert.equal(verify(pair.publicKey, scheme, message, wrong), false);
  }
});

Deno.test("a signature plus the modulus is the same number to the exponent, and yet does not hold", () => {
  const { privateKey, publicKey } = pairs.get(1031)!;
  for (const scheme of [pkcs1.sha256, pss.sha256]) {
    const s = BigInt(`0x${toHex(sign(privateKey, scheme, message))}`);
    const n = BigInt(`0x${toHex(publicKey.modulus)}`);
    const [as, more] = [s, s + n].map((x) => hex(x.toString(16).padStart(2 * 129, "0"))) as [Bytes, Bytes];
    assert.equal(verify(publicKey, scheme, message, as), true);
    assert.equal(verify(publicKey, scheme, message, more), false);
  }
});

Deno.test("a signature is below the modulus: the same plus the modulus does not hold (RFC 8017 §5.2.2)", () => {
  const { privateKey, publicKey } = pairs.get(1031)!;
  for (const scheme of [pkcs1.sha256, pss.sha256]) {
    const signature = sign(privateKey, scheme, message);
    const sum = BigInt(`0x${toHex(signature)}`) + BigInt(`0x${toHex(publicKey.modulus)}`);
    const same = hex(sum.toString(16).padStart(2 * signature.length, "0"));
    assert.equal(same.length, signature.length);
    assert.equal(verify(publicKey, scheme, message, signature), true);
    assert.equal(verify(publicKey, scheme, message, same), false);
  }
});

/** A signature over a block of our own making. */
const signBlock = (block: Bytes): Bytes => Effect.runSync(noble.rsaDecryptRaw(pair.privateKey, block));

Deno.test("a PKCS #1 v1.5 block is compared whole: no other form of it holds (RFC 8017 §8.2.2)", () => {
  const digest = new Uint8Array(crypto.createHash("sha256").update(message).digest());
  const info = concat(hex("3031300d060960864801650304020105000420"), digest);
  const block = (head: Bytes, rest: Bytes, fill = 0xff): Bytes =>
    concat(head, new Uint8Array(128 - head.length - 1 - rest.length).fill(fill), Uint8Array.of(0), rest);
  const head = Uint8Array.of(0, 1);
  const holds = (bytes: Bytes) => verify(pair.publicKey, pkcs1.sha256, message, signBlock(bytes));
  assert.equal(holds(block(head, info)), true);
  const short = concat(head, new Uint8Array(8).fill(0xff), Uint8Array.of(0), info);
  const wrong: Readonly<Record<string, Bytes>> = {
    "no NULL parameters": block(head, concat(hex("302f300b0609608648016503040201"), hex("0420"), digest)),
    "garbage at the end (Bleichenbacher 2006)": concat(short, new Uint8Array(128 - short.length).fill(7)),
    "block type 2": block(Uint8Array.of(0, 2), info),
    "padding of zeros": block(head, info, 0),
    "a byte of the padding changed": block(head, info).with(20, 0xfe),
    "a long length in BER": block(head, concat(hex("308131300d060960864801650304020105000420"), digest)),
    "the bare digest": block(head, digest),
    "another hash's prefix": block(head, concat(hex("3031300d060960864801650304020205000420"), digest)),
  };
  for (const [name, bytes] of Object.entries(wrong)) assert.equal(holds(bytes), false, name);
});

/** What a signature is a signature over. */
const blockOf = ({ publicKey }: RsaPair, signature: Bytes): Bytes =>
  publicOperation(publicNumbers(publicKey)!, BigInt(`0x${toHex(signature)}`));

Deno.test("a PSS block holds in its one form alone (RFC 8017 §9.1.2)", () => {
  const block = blockOf(pair, sign(pair.privateKey, pss.sha256, message));
  const holds = (bytes: Bytes) => verify(pair.publicKey, pss.sha256, message, signBlock(bytes));
  const flipped = (at: number) => block.with(at, block[at]! ^ 1);
  // 128 bytes: 62 of zeros under the mask, 01, a salt of 32, a hash of 32, bc; one byte of the zeros has a bit less.
  assert.equal(holds(block), true);
  assert.equal(holds(flipped(0)), false, "the first of the zeros");
  assert.equal(holds(flipped(61)), false, "the last of the zeros");
  assert.equal(holds(flipped(62)), false, "the one before the salt");
  assert.equal(holds(flipped(63)), false, "the salt");
  assert.equal(holds(flipped(95)), false, "the hash");
  assert.equal(holds(flipped(127)), false, "the trailer");
});

for (const bits of [1025, 1031]) {
  Deno.test(`a PSS block for ${bits} bits with the top bit of the modulus set does not hold`, () => {
    const at = pairs.get(bits)!;
    const n = BigInt(`0x${toHex(at.publicKey.modulus)}`);
    // Such a block is below the modulus by chance: another salt makes another block.
    for (let tries = 0; tries < 500; tries++) {
      const block = blockOf(at, sign(at.privateKey, pss.sha256, message));
      const set = block.with(0, block[0]! | (1 << ((bits - 1) % 8)));
      if (BigInt(`0x${toHex(set)}`) >= n) continue;
      const signature = Effect.runSync(noble.rsaDecryptRaw(at.privateKey, set));
      assert.equal(verify(at.publicKey, pss.sha256, message, signature), false);
      return;
    }
    assert.fail("no such block in 500 tries");
  });
}

Deno.test("a modulus too short for a hash signs and verifies nothing with it", () => {
  cannotSign(pair.privateKey, pss.sha512, /too short/);
  assert.equal(verify(pair.publicKey, pss.sha512, message, new Uint8Array(128).fill(1)), false);
  // Seven bytes of padding are one too few for EMSA-PKCS1-v1_5, eight are enough.
  cannotSign(rsaPair(77 * 8).privateKey, pkcs1.sha384, /too short/);
  const enough = rsaPair(78 * 8);
  assert.equal(
    verify(enough.publicKey, pkcs1.sha384, message, sign(enough.privateKey, pkcs1.sha384, message)),
    true,
  );
  const { privateKey, publicKey } = rsaPair(512);
  cannotSign(privateKey, pkcs1.sha512, /too short/);
  cannotSign(privateKey, pss.sha256, /too short/);
  assert.equal(verify(publicKey, pkcs1.sha512, message, new Uint8Array(64).fill(1)), false);
  assert.equal(verify(publicKey, pkcs1.sha1, message, sign(privateKey, pkcs1.sha1, message)), true);
  // 72 bytes hold SHA-384's DigestInfo of 67 with two of padding, yet eight there must be (RFC 8017 §9.2).
  cannotSign(rsaPair(576).privateKey, pkcs1.sha384, /too short/);
});

Deno.test("a key of id-RSASSA-PSS is good for rsa_pss_pss alone, and for its own hash alone", () => {
  const privateKey = { ...pair.privateKey, _tag: "rsa_pss" } as const;
  const signature = sign(privateKey, pssPss.sha256, message);
  assert.equal(verify(asPss, pssPss.sha256, message, signature), true);
  assert.equal(verify({ ...asPss, hash: "sha256" }, pssPss.sha256, message, signature), true);
  assert.equal(verify({ ...asPss, hash: "sha384" }, pssPss.sha256, message, signature), false);
  assert.equal(verify(asPss, pss.sha256, message, signature), false);
  assert.equal(verify(pair.publicKey, pssPss.sha256, message, signature), false);
  assert.equal(
    verify(pair.publicKey, pss.sha256, message, signature),
    true,
    "the same block under the other name",
  );
  assert.equal(verify(asPss, pkcs1.sha256, message, sign(pair.privateKey, pkcs1.sha256, message)), false);
  cannotSign(privateKey, pss.sha256, /rsa_pss_rsae_sha256 is not for a key of rsa_pss/);
  cannotSign(privateKey, pkcs1.sha256, /not for a key of rsa_pss/);
  cannotSign(pair.privateKey, pssPss.sha256, /not for a key of rsa/);
});

Deno.test("an RSA key out of bounds verifies nothing, and costs nothing", () => {
  const { modulus } = pair.publicKey;
  const signature = sign(pair.privateKey, pkcs1.sha256, message);
  const bad: ReadonlyArray<Partial<typeof pair.publicKey>> = [
    { modulus: new Uint8Array(1025).fill(0xff) },
    { modulus: new Uint8Array(1_000_000).fill(0xff) },
    { modulus: modulus.subarray(0, 63) },
    { modulus: modulus.with(-1, modulus.at(-1)! & ~1) },
    { modulus: EMPTY },
    { publicExponent: EMPTY },
    { publicExponent: Uint8Array.of(0) },
    { publicExponent: Uint8Array.of(1) },
    { publicExponent: Uint8Array.of(4) },
    { publicExponent: Uint8Array.of(1, 0, 0) },
    { publicExponent: Uint8Array.of(1, 0, 0, 0, 1) },
    { publicExponent: modulus },
  ];
  for (const part of bad) {
    const key = { ...pair.publicKey, ...part };
    assert.equal(verify(key, pkcs1.sha256, message, signature), false);
    assert.equal(verify(key, pkcs1.sha256, message, new Uint8Array(key.modulus.length).fill(1)), false);
  }
  const zeros = concat(Uint8Array.of(0), modulus);
  assert.equal(verify({ ...pair.publicKey, modulus: zeros }, pkcs1.sha256, message, signature), true);
});

Deno.test("an RSA key whose numbers contradict each other signs nothing", () => {
  const { privateKey } = pair;
  cannotSign({ ...privateKey, prime1: privateKey.prime2 }, pkcs1.sha256, /contradict/);
  cannotSign({ ...privateKey, exponent1: privateKey.exponent2 }, pss.sha256, /contradict/);
  cannotSign({ ...privateKey, coefficient: Uint8Array.of(1) }, pss.sha256, /contradict/);
});

// ---- before TLS 1.2 ----

/** What RSA signs there: an MD5 and a SHA-1. */
Deno.test("rsa_pkcs1_md5_sha1 signs 36 bytes as they are, as node:crypto does, and no other number of them", () => {
  const { native, privateKey, publicKey } = pairs.get(2048)!;
  const scheme = SignatureScheme.rsa_pkcs1_md5_sha1;
  const data = noble.random(36);
  const signature = Effect.runSync(noble.sign(privateKey, scheme, data));
  const theirs = crypto.privateEncrypt({ key: native.privateKey, padding: RSA_PKCS1_PADDING }, data);
  assert.equal(toHex(signature), toHex(Uint8Array.from(theirs)));
  const holds = (data: Bytes) => Effect.runSync(noble.verify(publicKey, scheme, data, signature));
  assert.equal(holds(data), true);
  assert.equal(holds(data.with(0, data[0]! ^ 1) as Bytes), false);
  for (const length of [0, 35, 37]) {
    const error = Effect.runSync(Effect.flip(noble.sign(privateKey, scheme, new Uint8Array(length))));
    assert.equal(error._tag, "PrivateKeyError");
    assert.equal(holds(new Uint8Array(length)), false);
  }
});
