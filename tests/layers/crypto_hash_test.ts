import crypto from "node:crypto";
import { hash } from "../../src/layers/noble_hash.ts";
import type { HashName } from "../../src/services/crypto.ts";
import { ascii, EMPTY, toHex } from "../../src/wire/bytes.ts";
import { assert, FastCheck as fc } from "../deps.ts";
import { hex } from "../support/keys.ts";

const sizes: Readonly<Record<HashName, readonly [length: number, blockLength: number]>> = {
  md5: [16, 64],
  sha1: [20, 64],
  sha224: [28, 64],
  sha256: [32, 64],
  sha384: [48, 128],
  sha512: [64, 128],
};
const names = Object.keys(sizes) as ReadonlyArray<HashName>;

Deno.test("each hash says its name and its lengths", () => {
  for (const name of names) {
    const { length, blockLength } = hash(name);
    assert.deepEqual([hash(name).name, length, blockLength], [name, ...sizes[name]]);
    assert.equal(hash(name).digest().length, length);
  }
});

Deno.test("digests and MACs are those of node:crypto, in however many parts", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 150 }), parts, (name, key, data) => {
      const digest = crypto.createHash(name);
      const mac = crypto.createHmac(name, key);
      for (const part of data) digest.update(part), mac.update(part);
      assert.equal(toHex(hash(name).digest(...data)), digest.digest("hex"));
      assert.equal(toHex(hash(name).hmac(key, ...data)), mac.digest("hex"));
    }),
  );
});

Deno.test("a copy of a running hash goes on alone", () => {
  for (const name of names) {
    const running = hash(name).create();
    running.update(ascii("one"));
    const copy = running.copy();
    running.update(ascii(" two"));
    copy.update(ascii(" three"));
    assert.deepEqual(running.digest(), hash(name).digest(ascii("one two")));
    assert.deepEqual(copy.digest(), hash(name).digest(ascii("one three")));
  }
});

const LONG_KEY = "aa".repeat(131);
const vectors: ReadonlyArray<readonly [source: string, HashName, key: string, data: string, mac: string]> = [
  ["RFC 2202 §2, case 1", "md5", "0b".repeat(16), "Hi There", "9294727a3638bb1c13f48ef8158bfc9d"],
  ["RFC 2202 §3, case 1", "sha1", "0b".repeat(20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"],
  [
    "RFC 4231 §4.2",
    "sha224",
    "0b".repeat(20),
    "Hi There",
    "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
  ],
  [
    "RFC 4231 §4.2",
    "sha256",
    "0b".repeat(20),
    "Hi There",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  ],
  [
    "RFC 4231 §4.2",
    "sha384",
    "0b".repeat(20),
    "Hi There",
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
  ],
  [
    "RFC 4231 §4.2",
    "sha512",
    "0b".repeat(20),
    "Hi There",
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
    "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  ],
  [
    "RFC 4231 §4.3",
    "sha256",
    toHex(ascii("Jefe")),
    "what do ya want for nothing?",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  ],
  [
    "RFC 4231 §4.7",
    "sha256",
    LONG_KEY,
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  ],
  [
    "RFC 4231 §4.7",
    "sha512",
    LONG_KEY,
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352" +
    "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
  ],
];

for (const [source, name, key, data, mac] of vectors) {
  Deno.test(`HMAC over ${name} gives the output of ${source}${key === LONG_KEY ? " for a long key" : ""}`, () => {
    assert.equal(toHex(hash(name).hmac(hex(key), ascii(data))), mac);
  });
}

Deno.test("an empty key and empty data have a MAC", () => {
  const expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  assert.equal(toHex(hash("sha256").hmac(EMPTY)), expected);
  assert.equal(toHex(hash("sha256").hmac(EMPTY, EMPTY)), expected);
});
