/**
 * AES-GCM, ChaCha20-Poly1305 and AES-CCM, by known outputs and beside node:crypto, which has no CCM in Deno (RFC 5288,
 * RFC 7905, RFC 6655).
 *
 * @module
 */
import { assert, FastCheck as fc } from "../../deps.ts";
import { aead } from "../../../src/layers/crypto/noble/aead.ts";
import { type AeadName, tagLength } from "../../../src/ports/crypto.ts";
import { ascii, type Bytes, concat, EMPTY, toHex } from "../../../src/wire/bytes.ts";
import { hex } from "../../support/keys.ts";
import { layers } from "../../support/layers.ts";
import { bytesOf } from "../../support/text.ts";
import crypto from "node:crypto";

const ciphers = [
  { name: "aes_128_gcm", keyLength: 16, node: "aes-128-gcm" },
  { name: "aes_256_gcm", keyLength: 32, node: "aes-256-gcm" },
  { name: "chacha20_poly1305", keyLength: 32, node: "chacha20-poly1305" },
  { name: "aes_128_ccm", keyLength: 16, node: undefined },
  { name: "aes_256_ccm", keyLength: 32, node: undefined },
  { name: "aes_128_ccm_8", keyLength: 16, node: undefined },
  { name: "aes_256_ccm_8", keyLength: 32, node: undefined },
] as const;

const PLAINTEXT =
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525" +
  "b16aedf5aa0de657ba637b39";
const WHOLE_PLAINTEXT = `${PLAINTEXT}1aafd255`;
const ADDITIONAL = "feedfacedeadbeeffeedfacedeadbeefabaddad2";

interface Vector {
  readonly source: string;
  readonly name: AeadName;
  readonly key: string;
  readonly nonce: string;
  readonly additional: string;
  readonly plaintext: string;
  readonly sealed: string;
}

const vectors: ReadonlyArray<Vector> = [
  {
    source: "test case 1 of the GCM specification",
    name: "aes_128_gcm",
    key: "00".repeat(16),
    nonce: "00".repeat(12),
    additional: "",
    plaintext: "",
    sealed: "58e2fccefa7e3061367f1d57a4e7455a",
  },
  {
    source: "test case 2 of the GCM specification",
    name: "aes_128_gcm",
    key: "00".repeat(16),
    nonce: "00".repeat(12),
    additional: "",
    plaintext: "00".repeat(16),
    sealed: "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf",
  },
  {
    source: "test case 3 of the GCM specification",
    name: "aes_128_gcm",
    key: "feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: "",
    plaintext: WHOLE_PLAINTEXT,
    sealed:
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05" +
      "1ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4",
  },
  {
    source: "test case 4 of the GCM specification",
    name: "aes_128_gcm",
    key: "feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: ADDITIONAL,
    plaintext: PLAINTEXT,
    sealed:
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05" +
      "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
  },
  {
    source: "test case 13 of the GCM specification",
    name: "aes_256_gcm",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plaintext: "",
    sealed: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    source: "test case 14 of the GCM specification",
    name: "aes_256_gcm",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additional: "",
    plaintext: "00".repeat(16),
    sealed: "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    source: "test case 15 of the GCM specification",
    name: "aes_256_gcm",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: "",
    plaintext: WHOLE_PLAINTEXT,
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838" +
      "c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
  },
  {
    source: "test case 16 of the GCM specification",
    name: "aes_256_gcm",
    key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    nonce: "cafebabefacedbaddecaf888",
    additional: ADDITIONAL,
    plaintext: PLAINTEXT,
    sealed:
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838" +
      "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
  },
  {
    source: "RFC 8439 §2.8.2",
    name: "chacha20_poly1305",
    key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    nonce: "070000004041424344454647",
    additional: "50515253c0c1c2c3c4c5c6c7",
    plaintext: toHex(ascii(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen " +
        "would be it.",
    )),
    sealed:
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b" +
      "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
      "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691",
  },
  {
    source: "RFC 8439 §A.5",
    name: "chacha20_poly1305",
    key: "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
    nonce: "000000000102030405060708",
    additional: "f33388860000000000004e91",
    plaintext: toHex(
      bytesOf(
        "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, replaced, or " +
          "obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts as reference " +
          "material or to cite them other than as /\u201cwork in progress./\u201d",
      ),
    ),
    sealed:
      "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0" +
      "bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855" +
      "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e9" +
      "9040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a" +
      "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130" +
      "305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38",
  },
  {
    source: "example 3 of NIST SP 800-38C",
    name: "aes_128_ccm_8",
    key: "404142434445464748494a4b4c4d4e4f",
    nonce: "101112131415161718191a1b",
    additional: "000102030405060708090a0b0c0d0e0f10111213",
    plaintext: "202122232425262728292a2b2c2d2e2f3031323334353637",
    sealed: "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951",
  },
  {
    source: "Project Wycheproof, aes_ccm 51",
    name: "aes_128_ccm",
    key: "2c9b9ff47d742c4ab224e9ca1ed57c4c",
    nonce: "917962caf3932441c259282f",
    additional: "72175bdfdb4a23e97fdcbd263baf4316",
    plaintext: "b542c2f3f81670ddf74f15184ab7de17e057cde9eef92babdb837500774c19",
    sealed: "320ae0c11e92d10d5bf5485c854b2d8f6318e33f16b520cffd35ada381c967a4866908e664ee140c6ae2b9d2ab8416",
  },
  {
    source: "Project Wycheproof, aes_ccm 207",
    name: "aes_256_ccm",
    key: "f59abcbf4218bd5c7601f080b5fbd3ae088733702c8fbef0c5296a406f563827",
    nonce: "a5eb0e6fe669e68239ace550",
    additional: "d603491fbf0950d36489abb40dd8d42b",
    plaintext: "97dcbacd70a678cfaed13c942cf920e851ec3e6fb1f6c6eb95f1c965fb1a13",
    sealed: "c0b27edd6533cfba81323ac78d0aeb0371b1d7b89938e04c319148961513fb56aabbde47ab2c53db48703033f8ca68",
  },
  {
    source: "Project Wycheproof, aes_ccm 462",
    name: "aes_256_ccm_8",
    key: "110480ea9c9f4c5e6b5be01a2aafc861d1370c243aff9faafd0a92a9d18e5845",
    nonce: "0e5cf683e13204cf91a2d4b6",
    additional: "c490a5fa19b97c3e3adf20bc4df51140",
    plaintext: "c92ec3d6a2c2fa19c45be7107a48a9ea0fe46a92978b5dabb3f94b457b5fbd",
    sealed: "bb5110dd12bd3d12144c8de55b3b2677fc7084d56afcc6a76a5228fff8dbd3e39b0d1174f7609b",
  },
];

const known = layers.flatMap((layer) => vectors.map((vector) => ({ layer, ...vector })));

for (const { layer, source, name, key, nonce, additional, plaintext, sealed } of known) {
  Deno.test(`${layer.name}: ${name} seals and opens as in ${source}`, () => {
    const cipher = layer.crypto.aead(name, hex(key));
    assert.equal(toHex(cipher.seal(hex(nonce), hex(additional), hex(plaintext))), sealed);
    assert.equal(toHex(cipher.open(hex(nonce), hex(additional), hex(sealed))!), plaintext);
  });
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const text = fc.uint8Array({ maxLength: 300 });

for (const { name, keyLength, node } of ciphers) {
  const beside = node === undefined ? "opens what it seals" : "seals as node:crypto does";
  Deno.test(`${name} ${beside}, at any length and any offset in a buffer`, () => {
    fc.assert(
      fc.property(bytes(keyLength), bytes(12), text, text, fc.nat(3), (key, nonce, ad, plain, offset) => {
        const ours = aead(name, key);
        const sealed = ours.seal(nonce, ad, shifted(plain, offset));
        assert.equal(sealed.length, plain.length + tagLength[name]);
        if (node !== undefined) {
          const cipher = crypto.createCipheriv(node as "aes-128-gcm", key, nonce, { authTagLength: 16 });
          cipher.setAAD(ad);
          assert.equal(
            toHex(sealed),
            toHex(concat(cipher.update(plain), cipher.final(), cipher.getAuthTag())),
          );
        }
        assert.deepEqual(
          ours.open(shifted(nonce, offset), shifted(ad, offset), shifted(sealed, offset)),
          plain,
        );
      }),
    );
  });

  Deno.test(`${name} under one key takes many records, in either direction and after a refusal`, () => {
    const cipher = aead(name, new Uint8Array(keyLength).fill(7));
    for (let i = 0; i < 20; i++) {
      const [nonce, ad, plain] = [
        new Uint8Array(12).fill(i),
        ascii(`record ${i}`),
        new Uint8Array(i * 7).fill(i),
      ];
      const sealed = cipher.seal(nonce, ad, plain);
      assert.equal(cipher.open(nonce, EMPTY, sealed), undefined);
      assert.deepEqual(cipher.open(nonce, ad, sealed), plain);
    }
  });

  Deno.test(`${name} opens nothing in which one bit is wrong, wherever it is`, () => {
    const cipher = aead(name, new Uint8Array(keyLength));
    const good = [ascii("nonce nonce!"), ascii("additional data"), ascii("the plaintext")] as const;
    const sealed = cipher.seal(...good);
    const parts = [good[0], good[1], sealed] as const;
    for (const [which, part] of parts.entries()) {
      for (let bit = 0; bit < part.length * 8; bit++) {
        const wrong = part.with(bit >> 3, part[bit >> 3]! ^ (1 << (bit & 7)));
        const [nonce, ad, body] = parts.map((p, i) => i === which ? wrong : p) as [Bytes, Bytes, Bytes];
        assert.equal(cipher.open(nonce, ad, body), undefined);
      }
    }
  });

  Deno.test(`${name} opens nothing that is cut short`, () => {
    const cipher = aead(name, new Uint8Array(keyLength));
    const nonce = new Uint8Array(12);
    const sealed = cipher.seal(nonce, EMPTY, ascii("text"));
    for (let length = 0; length < sealed.length; length++) {
      assert.equal(cipher.open(nonce, EMPTY, sealed.subarray(0, length)), undefined);
    }
  });

  Deno.test(`${name} takes no key or nonce of another length: that is the program's mistake`, () => {
    for (const length of [0, 24, 48 - keyLength]) {
      assert.throws(() => aead(name, new Uint8Array(length)), RangeError);
    }
    const cipher = aead(name, new Uint8Array(keyLength));
    for (const length of [0, 8, 11, 13, 16]) {
      assert.throws(() => cipher.seal(new Uint8Array(length), EMPTY, EMPTY));
      assert.throws(() => cipher.open(new Uint8Array(length), EMPTY, new Uint8Array(16)));
    }
  });

  Deno.test(`${name} keeps a key of its own: wiping the caller's changes nothing`, () => {
    const key = new Uint8Array(keyLength).fill(3);
    const cipher = aead(name, key);
    const nonce = new Uint8Array(12);
    const sealed = cipher.seal(nonce, EMPTY, ascii("text"));
    key.fill(0);
    assert.deepEqual(cipher.open(nonce, EMPTY, sealed), ascii("text"));
  });
}

Deno.test("CCM takes no more than its lengths can tell: that is the program's mistake", () => {
  const cipher = aead("aes_128_ccm", new Uint8Array(16));
  const nonce = new Uint8Array(12);
  assert.throws(() => cipher.seal(nonce, EMPTY, new Uint8Array(2 ** 24)), RangeError);
  assert.equal(cipher.open(nonce, EMPTY, new Uint8Array(2 ** 24 + 16)), undefined);
  assert.throws(() => cipher.seal(nonce, new Uint8Array(0xff00), EMPTY), RangeError);
});

/** The same bytes at another place of a buffer. */
const shifted = (part: Bytes, by: number): Bytes => {
  const buffer = new Uint8Array(part.length + by);
  buffer.set(part, by);
  return buffer.subarray(by);
};
