import { pHash, prf12 } from "../../src/crypto/prf.ts";
import { hash } from "../../src/layers/noble_hash.ts";
import type { HashName } from "../../src/services/crypto.ts";
import { ascii, concat, toHex } from "../../src/wire/bytes.ts";
import { assert } from "../deps.ts";
import { hex } from "../support/keys.ts";

/** The vectors that the TLS working group's list agreed on (April 2009): hash, secret, seed, output. */
const vectors: ReadonlyArray<readonly [HashName, string, string, string]> = [
  [
    "sha224",
    "e18828740352b530d69b34c6597dea2e",
    "f5a3fe6d34e2e28560fdcaf6823f9091",
    "224d8af3c0453393a9779789d21cf7da5ee62ae6b617873d489428efc8dd58d1566e7029e2ca3a5ecd355dc64d4d927e2fbd" +
    "78c4233e8604b14749a77a92a70fddf614bc0df623d798604e4ca5512794d802a258e82f86cf",
  ],
  [
    "sha256",
    "9bbe436ba940f017b17652849a71db35",
    "a0ba9f936cda311827a6f796ffd5198c",
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa0" +
    "22f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
  ],
  [
    "sha384",
    "b80b733d6ceefcdc71566ea48e5567df",
    "cd665cf6a8447dd6ff8b27555edb7465",
    "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534" +
    "cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd" +
    "4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f",
  ],
];

for (const [name, secret, seed, expected] of vectors) {
  Deno.test(`the PRF of TLS 1.2 over ${name} gives the known output`, () => {
    const out = prf12(hash(name))(hex(secret), "test label", hex(seed), expected.length / 2);
    assert.equal(toHex(out), expected);
  });
}

Deno.test("a shorter output of the PRF is the beginning of a longer one", () => {
  const long = prf12(hash("sha256"))(ascii("secret"), "label", ascii("seed"), 100);
  for (const length of [0, 1, 31, 32, 33, 64, 99]) {
    assert.deepEqual(
      prf12(hash("sha256"))(ascii("secret"), "label", ascii("seed"), length),
      long.slice(0, length),
    );
  }
});

Deno.test("P_hash begins with HMAC(secret, A(1) + seed), over any hash", () => {
  for (const name of ["md5", "sha1"] as const) {
    const { hmac, length } = hash(name);
    const [secret, seed] = [ascii("secret"), ascii("seed")];
    const a1 = hmac(secret, seed);
    const expected = concat(hmac(secret, a1, seed), hmac(secret, hmac(secret, a1), seed));
    assert.deepEqual(pHash(hash(name), secret, seed, 2 * length), expected);
  }
});
