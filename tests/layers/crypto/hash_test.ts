/** Hashes and HMAC, by known outputs and beside node:crypto (RFC 2104, RFC 2202). @module */
import { assert, FastCheck as fc } from "../../deps.ts";
import { hash } from "../../../src/layers/crypto/noble/hash.ts";
import type { Hash, HashName } from "../../../src/ports/crypto.ts";
import { ascii, type Bytes, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { hex } from "../../support/keys.ts";
import { layers } from "../../support/layers.ts";
import crypto from "node:crypto";

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
    assert.equal(hash(name).digest([]).length, length);
  }
});

Deno.test("digests and MACs are those of node:crypto, in however many parts", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 150 }), parts, (name, key, data) => {
      const digest = crypto.createHash(name);
      const mac = crypto.createHmac(name, key);
      for (const part of data) digest.update(part), mac.update(part);
      assert.equal(toHex(hash(name).digest(data)), digest.digest("hex"));
      assert.equal(toHex(hash(name).hmac(key)(data)), mac.digest("hex"));
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
    assert.deepEqual(running.digest(), hash(name).digest([ascii("one two")]));
    assert.deepEqual(copy.digest(), hash(name).digest([ascii("one three")]));
  }
});

const text = (characters: string): string => toHex(ascii(characters));

interface Mac {
  readonly source: string;
  readonly key: string;
  readonly data: string;
  readonly macs: Partial<Record<HashName, string>>;
}

const vectors: ReadonlyArray<Mac> = [
  {
    source: "RFC 2202 §2, case 1",
    key: "0b".repeat(16),
    data: text("Hi There"),
    macs: {
      md5: "9294727a3638bb1c13f48ef8158bfc9d",
    },
  },
  {
    source: "RFC 2202 §3, case 1",
    key: "0b".repeat(20),
    data: text("Hi There"),
    macs: {
      sha1: "b617318655057264e28bc0b6fb378c8ef146be00",
    },
  },
  {
    source: "RFC 2202 §2 and §3, case 2",
    key: text("Jefe"),
    data: text("what do ya want for nothing?"),
    macs: {
      md5: "750c783e6ab0b503eaa86e310a5db738",
      sha1: "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    },
  },
  {
    source: "RFC 2202 §2, case 3",
    key: "aa".repeat(16),
    data: "dd".repeat(50),
    macs: {
      md5: "56be34521d144c88dbb8c733f0e8b3f6",
    },
  },
  {
    source: "RFC 2202 §3, case 3",
    key: "aa".repeat(20),
    data: "dd".repeat(50),
    macs: {
      sha1: "125d7342b9ac11cd91a39af48aa17b4f63f175d3",
    },
  },
  {
    source: "RFC 2202 §2 and §3, case 6, with a long key",
    key: "aa".repeat(80),
    data: text("Test Using Larger Than Block-Size Key - Hash Key First"),
    macs: {
      md5: "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd",
      sha1: "aa4ae5e15272d00e95705637ce8a3b55ed402112",
    },
  },
  {
    source: "RFC 2202 §2 and §3, case 7, with long data, too",
    key: "aa".repeat(80),
    data: text("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
    macs: {
      md5: "6f630fad67cda0ee1fb1f562db3aa53e",
      sha1: "e8e99d0f45237d786d6bbaa7965c7808bbff1a91",
    },
  },
  {
    source: "RFC 4231 §4.2",
    key: "0b".repeat(20),
    data: text("Hi There"),
    macs: {
      sha224: "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
      sha256: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      sha384:
        "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
      sha512:
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4" +
        "be9d914eeb61f1702e696c203a126854",
    },
  },
  {
    source: "RFC 4231 §4.3",
    key: text("Jefe"),
    data: text("what do ya want for nothing?"),
    macs: {
      sha224: "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
      sha256: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      sha384:
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
      sha512:
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd" +
        "caeab1a34d4a6b4b636e070a38bce737",
    },
  },
  {
    source: "RFC 4231 §4.4",
    key: "aa".repeat(20),
    data: "dd".repeat(50),
    macs: {
      sha224: "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
      sha256: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
      sha384:
        "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
      sha512:
        "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807" +
        "b946a337bee8942674278859e13292fb",
    },
  },
  {
    source: "RFC 4231 §4.5",
    key: "0102030405060708090a0b0c0d0e0f10111213141516171819",
    data: "cd".repeat(50),
    macs: {
      sha224: "6c11506874013cac6a2abc1bb382627cec6a90d86efc012de7afec5a",
      sha256: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
      sha384:
        "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb",
      sha512:
        "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063" +
        "a5f19741120c4f2de2adebeb10a298dd",
    },
  },
  {
    source: "RFC 4231 §4.7, with a long key",
    key: "aa".repeat(131),
    data: text("Test Using Larger Than Block-Size Key - Hash Key First"),
    macs: {
      sha224: "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
      sha256: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      sha384:
        "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
      sha512:
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52" +
        "95e64f73f63f0aec8b915a985d786598",
    },
  },
  {
    source: "RFC 4231 §4.8, with long data, too",
    key: "aa".repeat(131),
    data: text(
      "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
    ),
    macs: {
      sha224: "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1",
      sha256: "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
      sha384:
        "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e",
      sha512:
        "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15" +
        "134676fb6de0446065c97440fa8c6a58",
    },
  },
];

for (const { name: layer, crypto } of layers) {
  for (const { source, key, data, macs } of vectors) {
    Deno.test(`${layer}: HMAC over ${Object.keys(macs).join(", ")} gives the output of ${source}`, () => {
      for (const [name, mac] of Object.entries(macs)) {
        assert.equal(toHex(crypto.hash(name as HashName).hmac(hex(key))([hex(data)])), mac, name);
      }
    });
  }
}

Deno.test("an empty key and empty data have a MAC", () => {
  const expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  assert.equal(toHex(hash("sha256").hmac(EMPTY)([])), expected);
  assert.equal(toHex(hash("sha256").hmac(EMPTY)([EMPTY])), expected);
});

Deno.test("a provider whose digest or HMAC takes one part and no more does not compile", () => {
  type Parts = ReadonlyArray<Bytes>;
  // @ts-expect-error: what is not a list of parts can't be told from the first of them
  const digest: Hash["digest"] = (data: Bytes): Bytes => data;
  // @ts-expect-error: the same
  const hmac: Hash["hmac"] = (_key: Bytes) => (data: Bytes): Bytes => data;
  // @ts-expect-error: parts that are arguments of their own
  const variadic: Hash["hmac"] = (_key: Bytes) => (...data: Parts): Bytes => data[0]!;
  const whole: Hash["digest"] = (data: Parts): Bytes => data[0]!;
  assert.equal(new Set([digest, hmac, variadic, whole]).size, 4);
});
