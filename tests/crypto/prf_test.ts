/** The pseudorandom functions of TLS 1.0 to 1.2, by known outputs (RFC 5246 §5, RFC 2246 §5). @module */
import { assert } from "../deps.ts";
import { pHash, prf10, prf12 } from "../../src/crypto/prf.ts";
import { hash } from "../../src/layers/crypto/noble/hash.ts";
import type { HashName } from "../../src/ports/crypto.ts";
import { ascii, concat, toHex } from "../../src/wire/bytes.ts";
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
  [
    "sha512",
    "b0323523c1853599584d88568bbb05eb",
    "d4640e12e4bcdbfb437f03e6ae418ee5",
    "1261f588c798c5c201ff036e7a9cb5edcd7fe3f94c669a122a4638d7d508b283042df6789875c7147e906d868bc75c45e20e" +
    "b40c1cf4a1713b27371f68432592f7dc8ea8ef223e12ea8507841311bf68653d0cfc4056d811f025c45ddfa6e6fec702f054" +
    "b409d6f28dd0a3233e498da41a3e75c5630eedbe22fe254e33a1b0e9f6b9826675bec7d01a845658dc9c397545401d40b9f4" +
    "6c7a400ee1b8f81ca0a60d1a397a1028bff5d2ef5066126842fb8da4197632bdb54ff6633f86bbc836e640d4d898",
  ],
];

for (const [name, secret, seed, expected] of vectors) {
  Deno.test(`the PRF of TLS 1.2 over ${name} gives the known output`, () => {
    const out = prf12(hash(name))(hex(secret), "test label", hex(seed), expected.length / 2);
    assert.equal(toHex(out), expected);
  });
}

/** NIST's vectors for the key derivation of TLS 1.0 and 1.1 (CAVP, SP 800-135): a master secret, and keys of it. */
const before12 = [
  {
    secret:
      "bded7fa5c1699c010be23dd06ada3a48349f21e5f86263d512c0c5cc379f0e780ec55d9844b2f1db02a96453513568d0",
    label: "master secret",
    seed: "e5acaf549cd25c22d964c0d930fa4b5261d2507fad84c33715b7b9a864020693" +
      "135e4d557fdf3aa6406d82975d5c606a9734c9334b42136e96990fbd5358cdb2",
    output:
      "2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62",
  },
  {
    secret:
      "2f6962dfbc744c4b2138bb6b3d33054c5ecc14f24851d9896395a44ab3964efc2090c5bf51a0891209f46c1e1e998f62",
    label: "key expansion",
    seed: "67267e650eb32444119d222a368c191af3082888dc35afe8368e638c828874be" +
      "d58a7b1cd4fedaa232159df652ce188f9d997e061b9bf48e83b62990440931f6",
    output:
      "3088825988e77fce68d19f756e18e43eb7fe672433504feaf99b3c503d9091b164f166db301d70c9fc0870b4a94563907bee" +
      "1a61fb786cb717576890bcc51cb9ead97e01d0a2fea99c953377b195205ff07b369589178796edc963fd80fdbe518a2fc1c3" +
      "5c18ae8d",
  },
];

Deno.test("the PRF of TLS 1.0 and 1.1 gives the output of NIST's vectors", () => {
  for (const { secret, label, seed, output } of before12) {
    const prf = prf10(hash("md5"), hash("sha1"));
    assert.equal(toHex(prf(hex(secret), label, hex(seed), output.length / 2)), output);
  }
});

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
    const { length } = hash(name);
    const [secret, seed] = [ascii("secret"), ascii("seed")];
    const hmac = hash(name).hmac(secret);
    const a1 = hmac([seed]);
    const expected = concat(hmac([a1, seed]), hmac([hmac([a1]), seed]));
    assert.deepEqual(pHash(hash(name), secret, seed, 2 * length), expected);
  }
});
