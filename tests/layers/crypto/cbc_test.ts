/** AES-CBC, 3DES and RC4, by known outputs and beside node:crypto. @module */
import { assert } from "../../deps.ts";
import { makeDeterministic } from "../../../src/layers/crypto/seeded.ts";
import type { CbcName } from "../../../src/ports/crypto.ts";
import { type Bytes, concat, toHex } from "../../../src/wire/bytes.ts";
import { hex } from "../../support/keys.ts";
import { layers } from "../../support/layers.ts";
import { createCipheriv, createHash } from "node:crypto";

const crypto = makeDeterministic("cbc");

const PLAINTEXT = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51" +
  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

/** Block cipher, key, IV, plaintext, ciphertext. */
const vectors: ReadonlyArray<readonly [CbcName, string, string, string, string]> = [
  // NIST SP 800-38A §F.2.1 and §F.2.5.
  [
    "aes_128_cbc",
    "2b7e151628aed2a6abf7158809cf4f3c",
    "000102030405060708090a0b0c0d0e0f",
    PLAINTEXT,
    "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2" +
    "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
  ],
  [
    "aes_256_cbc",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
    "000102030405060708090a0b0c0d0e0f",
    PLAINTEXT,
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d" +
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
  ],
];

for (const { name: layer, crypto } of layers) {
  for (const [name, key, iv, plaintext, ciphertext] of vectors) {
    Deno.test(`${layer}: ${name} is as NIST SP 800-38A has it`, () => {
      const cipher = crypto.cbc(name, hex(key));
      assert.equal(toHex(cipher.encrypt(hex(iv), hex(plaintext))), ciphertext);
      assert.equal(toHex(cipher.decrypt(hex(iv), hex(ciphertext))), plaintext);
    });
  }

  /** Of three equal keys, 3DES is DES: a vector of NIST SP 800-17 (variable plaintext, the first round). */
  Deno.test(`${layer}: 3des_ede_cbc of one key three times is DES`, () => {
    const cipher = crypto.cbc("3des_ede_cbc", hex("010101010101010101010101010101010101010101010101"));
    assert.equal(toHex(cipher.encrypt(new Uint8Array(8), hex("8000000000000000"))), "95f8a5e5dd31d900");
  });
}

const peers = { aes_128_cbc: "aes-128-cbc", aes_256_cbc: "aes-256-cbc", "3des_ede_cbc": "des-ede3-cbc" };
const lengths = { aes_128_cbc: 16, aes_256_cbc: 32, "3des_ede_cbc": 24 };

for (const name of ["aes_128_cbc", "aes_256_cbc", "3des_ede_cbc"] as const) {
  Deno.test(`${name} agrees with node:crypto, whatever was done before with the same key`, () => {
    const key = crypto.random(lengths[name]);
    const cipher = crypto.cbc(name, key);
    for (const blocks of [1, 2, 17, 64]) {
      const iv = crypto.random(cipher.blockLength);
      const plaintext = crypto.random(blocks * cipher.blockLength);
      const theirs = createCipheriv(peers[name], key, iv).setAutoPadding(false);
      const ciphertext: Bytes = concat(
        Uint8Array.from(theirs.update(plaintext)),
        Uint8Array.from(theirs.final()),
      );
      assert.equal(toHex(cipher.encrypt(iv, plaintext)), toHex(ciphertext));
      assert.equal(toHex(cipher.decrypt(iv, ciphertext)), toHex(plaintext));
    }
  });

  Deno.test(`${name} refuses a key of another length, as the program's mistake`, () => {
    assert.throws(() => crypto.cbc(name, new Uint8Array(lengths[name] - 1)), RangeError);
  });
}

/** RFC 6229 §2, keys of 128 bits: the first 32 bytes of the key stream, and 16 at offset 4096. */
const rc4Vectors = [
  [
    "0102030405060708090a0b0c0d0e0f10",
    "9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c",
    "a36a4c301ae8ac13610ccbc12256cacc",
  ],
  [
    "ebb46227c6cc8b37641910833222772a",
    "720c94b63edf44e131d950ca211a5a30c366fdeacf9ca80436be7c358424d20b",
    "5bbeb4787d59e5373fdbea6c6f75c29b",
  ],
] as const;

const streams = layers.flatMap(({ name, crypto }) =>
  rc4Vectors.map((vector) => [name, crypto, ...vector] as const)
);

for (const [layer, crypto, key, start, later] of streams) {
  Deno.test(`${layer}: RC4 under ${key} is as RFC 6229 has it, in one piece or in many`, () => {
    const whole = crypto.stream("rc4_128", hex(key))(new Uint8Array(4112));
    assert.equal(toHex(whole.subarray(0, 32)), start);
    assert.equal(toHex(whole.subarray(4096)), later);
    const pieces = crypto.stream("rc4_128", hex(key));
    assert.equal(toHex(concat(pieces(new Uint8Array(1)), pieces(new Uint8Array(31)))), start);
  });
}

Deno.test("the hashes that the tests stand on are node:crypto's", () => {
  const data = crypto.random(1000);
  assert.equal(toHex(crypto.hash("sha1").digest([data])), createHash("sha1").update(data).digest("hex"));
});
