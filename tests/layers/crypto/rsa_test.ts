/**
 * RSA encryption and the raw private operation: padding, blinding, and keys or ciphertexts that are wrong (RFC 8017
 * §7.2).
 *
 * @module
 */
import { assert, Effect, Exit } from "../../deps.ts";
import { PrivateKeyError } from "../../../src/faults/errors/crypto.ts";
import { makeNoble } from "../../../src/layers/crypto/noble/provider.ts";
import { MODULUS_BITS } from "../../../src/layers/crypto/noble/rsa.ts";
import type { PrivateKey } from "../../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { curves, ecPair, rsaPair } from "../../support/keys.ts";
import { Buffer } from "node:buffer";
import crypto from "node:crypto";

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
const noble = makeNoble(random);
const { RSA_PKCS1_PADDING, RSA_NO_PADDING } = crypto.constants;

const pairs = new Map([1024, 1025, 1031, 2048].map((bits) => [bits, rsaPair(bits)]));
const pair = pairs.get(1024)!;
const premaster = Uint8Array.from({ length: 48 }, (_, i) => i + 1);

/** The message in a block of type 2. */
const unpad = (block: Bytes): Bytes => block.slice(block.indexOf(0, 2) + 1);
const decrypt = (key: PrivateKey, ciphertext: Bytes): Bytes =>
  Effect.runSync(noble.rsaDecryptRaw(key, ciphertext));
const number = (bytes: Bytes): bigint => BigInt(`0x${toHex(bytes)}`);
const bytes = (x: bigint, length: number): Bytes =>
  new Uint8Array(Buffer.from(x.toString(16).padStart(2 * length, "0"), "hex"));

for (const [bits, { native, privateKey, publicKey }] of pairs) {
  const length = Math.ceil(bits / 8);

  Deno.test(`what is encrypted to a key of ${bits} bits, node:crypto decrypts, and it has the modulus' length`, () => {
    const sealed = Effect.runSync(noble.rsaEncrypt(publicKey, premaster));
    assert.equal(sealed.length, length);
    const opened = crypto.privateDecrypt({ key: native.privateKey, padding: RSA_PKCS1_PADDING }, sealed);
    assert.deepEqual(new Uint8Array(opened), premaster);
  });

  Deno.test(`what node:crypto encrypts to a key of ${bits} bits is decrypted to the whole block`, () => {
    const sealed = crypto.publicEncrypt({ key: native.publicKey, padding: RSA_PKCS1_PADDING }, premaster);
    const block = decrypt(privateKey, new Uint8Array(sealed));
    assert.equal(block.length, length);
    assert.deepEqual(block.subarray(0, 2), Uint8Array.of(0, 2));
    assert.deepEqual(unpad(block), premaster);
  });
}

Deno.test("the padding has no zero and is never the same twice", () => {
  const blocks = Array.from(
    { length: 20 },
    () => decrypt(pair.privateKey, Effect.runSync(noble.rsaEncrypt(pair.publicKey, premaster))),
  );
  for (const block of blocks) {
    assert.equal(block.indexOf(0, 2), 128 - 49);
    assert.deepEqual(unpad(block), premaster);
  }
  assert.equal(new Set(blocks.map(toHex)).size, blocks.length);
});

Deno.test("the padding has no zero even where the random source gives nothing but zeros", () => {
  const sealed = Effect.runSync(
    makeNoble((length) => new Uint8Array(length)).rsaEncrypt(pair.publicKey, premaster),
  );
  assert.deepEqual(unpad(decrypt(pair.privateKey, sealed)), premaster);
});

Deno.test("the raw operation is that of node:crypto for any number below the modulus", () => {
  const { native, privateKey } = pair;
  const n = number(privateKey.modulus);
  for (const c of [2n, 3n, n >> 1n, n - 1n, number(privateKey.prime1), number(random(120))]) {
    const raw = crypto.privateDecrypt({ key: native.privateKey, padding: RSA_NO_PADDING }, bytes(c, 128));
    assert.deepEqual(decrypt(privateKey, bytes(c, 128)), new Uint8Array(raw));
  }
  assert.deepEqual(decrypt(privateKey, bytes(0n, 128)), new Uint8Array(128));
  assert.deepEqual(decrypt(privateKey, bytes(1n, 128)), bytes(1n, 128));
});

Deno.test("blinding changes nothing: other random bytes, or the same for ever, and the result is the same", () => {
  const sealed = Effect.runSync(noble.rsaEncrypt(pair.publicKey, premaster));
  const expected = decrypt(pair.privateKey, sealed);
  for (const byte of [0x00, 0x01, 0x5a, 0xff]) {
    const other = makeNoble((length) => new Uint8Array(length).fill(byte));
    assert.deepEqual(Effect.runSync(other.rsaDecryptRaw(pair.privateKey, sealed)), expected);
  }
});

Deno.test("each provider draws a blinding factor as long as the modulus, and another after 32 operations", () => {
  const sealed = Effect.runSync(noble.rsaEncrypt(pair.publicKey, premaster));
  const block = Effect.runSync(noble.rsaDecryptRaw(pair.privateKey, sealed));
  for (const _ of ["a provider", "another"]) {
    const drawn: Array<number> = [];
    const counted = makeNoble((length) => (drawn.push(length), random(length)));
    for (const draws of [1, 2, 3]) {
      for (let i = 0; i < 32; i++) {
        assert.deepEqual(Effect.runSync(counted.rsaDecryptRaw(pair.privateKey, sealed)), block);
        assert.deepEqual(drawn, new Array(draws).fill(136));
      }
    }
  }
});

Deno.test("a ciphertext of a wrong length or not below the modulus gives zeros, after the same work", () => {
  const { privateKey } = pair;
  const n = number(privateKey.modulus);
  const good = Effect.runSync(noble.rsaEncrypt(pair.publicKey, premaster));
  const wrong = [
    new Uint8Array(0),
    good.subarray(1),
    good.subarray(0, -1),
    concat(good, Uint8Array.of(0)),
    concat(Uint8Array.of(0), good),
    bytes(n, 128),
    bytes(n + 1n, 128),
    new Uint8Array(128).fill(0xff),
    new Uint8Array(100_000).fill(1),
  ];
  for (const ciphertext of wrong) {
    let draws = 0;
    const counted = makeNoble((length) => (draws++, random(length)));
    const block = Effect.runSync(counted.rsaDecryptRaw(privateKey, ciphertext));
    assert.deepEqual(block, new Uint8Array(128));
    assert.equal(draws, 1, "it was blinded and worked out as any other");
  }
});

const failsToDecrypt = (key: PrivateKey, reason: RegExp): void => {
  const error = Effect.runSync(Effect.flip(noble.rsaDecryptRaw(key, new Uint8Array(128).fill(1))));
  assert.ok(error instanceof PrivateKeyError);
  assert.equal(error.operation, "decrypt");
  assert.match(error.message, reason);
};

Deno.test("a key whose numbers contradict each other decrypts nothing", () => {
  const { privateKey } = pair;
  const other = rsaPair(1024).privateKey;
  const parts = ["modulus", "prime1", "prime2", "exponent1", "exponent2", "coefficient"] as const;
  for (const part of parts) {
    failsToDecrypt({ ...privateKey, [part]: other[part] }, /contradict/);
    failsToDecrypt({ ...privateKey, [part]: new Uint8Array(0) }, /contradict/);
    failsToDecrypt({ ...privateKey, [part]: Uint8Array.of(1) }, /contradict/);
  }
  failsToDecrypt({ ...privateKey, publicExponent: Uint8Array.of(3) }, /contradict/);
  failsToDecrypt({ ...privateKey, prime1: privateKey.modulus, prime2: Uint8Array.of(1) }, /contradict/);
});

Deno.test("a result that fails under the public exponent never leaves, as after a fault in one half", () => {
  // Every check on the numbers holds here, yet prime1 is no prime: each half is right but the whole is not.
  const [p, q, r] = [pair, rsaPair(1024)].flatMap(({ privateKey }) => [
    number(privateKey.prime1),
    number(privateKey.prime2),
  ]) as [bigint, bigint, bigint];
  const composite = p * r;
  const e = 65537n;
  const inverse = (a: bigint, m: bigint): bigint => {
    let [x, y, u, v] = [a % m, m, 1n, 0n];
    while (x !== 0n) [x, y, u, v] = [y % x, x, v - (y / x) * u, u];
    return ((v % m) + m) % m;
  };
  const length = Math.ceil((composite * q).toString(16).length / 2);
  const key: PrivateKey = {
    _tag: "rsa",
    modulus: bytes(composite * q, length),
    publicExponent: bytes(e, 3),
    privateExponent: Uint8Array.of(1),
    prime1: bytes(composite, 128),
    prime2: bytes(q, 64),
    exponent1: bytes(inverse(e, composite - 1n), 128),
    exponent2: bytes(inverse(e, q - 1n), 64),
    coefficient: bytes(inverse(q % composite, composite), 128),
  };
  failsToDecrypt(key, /did not verify/);
});

Deno.test("keys that are not for encryption decrypt nothing", () => {
  failsToDecrypt({ ...pair.privateKey, _tag: "rsa_pss" }, /rsa_pss does not decrypt/);
  failsToDecrypt(ecPair(curves[0]).privateKey, /ecdsa does not decrypt/);
  failsToDecrypt({ _tag: "ed25519", seed: new Uint8Array(32) }, /ed25519 does not decrypt/);
});

Deno.test("encrypting to a key out of bounds, or more than it has room for, is a defect that says which", () => {
  const { publicKey } = pair;
  const dies = (key: typeof publicKey, message: Bytes, reason: RegExp): void => {
    const exit = Effect.runSyncExit(noble.rsaEncrypt(key, message));
    assert.ok(Exit.isFailure(exit) && exit.cause._tag === "Die");
    assert.match(String(exit.cause.defect), reason);
  };
  assert.equal(Effect.runSync(noble.rsaEncrypt(publicKey, new Uint8Array(117))).length, 128);
  dies(publicKey, new Uint8Array(118), /no room/);
  const bad: ReadonlyArray<Partial<typeof publicKey>> = [
    { modulus: publicKey.modulus.with(-1, publicKey.modulus.at(-1)! & ~1) },
    { modulus: new Uint8Array(MODULUS_BITS.min / 8).fill(0xff).with(0, 0x7f) },
    { modulus: new Uint8Array(MODULUS_BITS.max / 8 + 1).fill(0xff) },
    { modulus: new Uint8Array(1_000_000).fill(0xff) },
    { modulus: new Uint8Array(0) },
    { publicExponent: new Uint8Array(0) },
    { publicExponent: Uint8Array.of(1) },
    { publicExponent: Uint8Array.of(2) },
    { publicExponent: Uint8Array.of(4) },
    { publicExponent: Uint8Array.of(1, 0, 0, 0, 1) },
    { publicExponent: new Uint8Array(1_000_000).fill(0xff) },
  ];
  for (const part of bad) dies({ ...publicKey, ...part }, ascii("short"), /out of bounds/);
});
