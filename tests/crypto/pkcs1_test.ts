/**
 * Unpadding the premaster secret: whatever is wrong with the block gives the random secret, and nothing tells (RFC
 * 5246 §7.4.7.1).
 *
 * @module
 */
import { unpadPremaster } from "../../src/crypto/pkcs1.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { assert, FastCheck as fc } from "../deps.ts";

const VERSION = 0x0303;
const random = Uint8Array.from({ length: 48 }, (_, i) => 0x80 + i);
const premaster = Uint8Array.from({ length: 48 }, (_, i) => [0x03, 0x03][i] ?? i);

/** `00 02`, padding, `00`, the message: as a block of the modulus' length. */
const block = (message: Bytes = premaster, length = 128): Bytes =>
  concat(
    Uint8Array.of(0, 2),
    new Uint8Array(length - 3 - message.length).fill(0x5a),
    Uint8Array.of(0),
    message,
  );

const changed = (change: (block: Bytes) => void): Bytes => {
  const bytes = block();
  change(bytes);
  return bytes;
};

Deno.test("a well padded premaster with the offered version is taken", () => {
  assert.deepEqual(unpadPremaster(block(), VERSION, random), premaster);
  assert.deepEqual(
    unpadPremaster(block(premaster, 59), VERSION, random),
    premaster,
    "eight bytes of padding",
  );
  const old = premaster.with(1, 0x01);
  assert.deepEqual(unpadPremaster(block(old), 0x0301, random), old);
});

const START = 128 - 48;
const faults: Readonly<Record<string, Bytes>> = {
  "a first byte that is not zero": changed((b) => b[0] = 1),
  "a block type other than two": changed((b) => b[1] = 1),
  "a zero in the first byte of the padding": changed((b) => b[2] = 0),
  "a zero in the middle of the padding": changed((b) => b[40] = 0),
  "a zero in the last byte of the padding": changed((b) => b[START - 2] = 0),
  "no zero before the message": changed((b) => b[START - 1] = 1),
  "a message that is too short": block(premaster.subarray(0, 47)),
  "a message that is too long": block(concat(premaster, Uint8Array.of(9))),
  "an empty message": block(new Uint8Array(0)),
  "another major version": changed((b) => b[START] = 0x02),
  "another minor version": changed((b) => b[START + 1] = 0x02),
  "only seven bytes of padding": block(premaster, 58),
  "nothing but zeros": new Uint8Array(128),
  "nothing but ones": new Uint8Array(128).fill(0xff),
  "a block shorter than a premaster": new Uint8Array(47),
  "no bytes at all": new Uint8Array(0),
};

for (const [name, bytes] of Object.entries(faults)) {
  Deno.test(`a block with ${name} gives the random premaster`, () => {
    assert.deepEqual(unpadPremaster(bytes, VERSION, random), random);
  });
}

Deno.test("the version that counts is the one offered, not the one in the premaster", () => {
  assert.deepEqual(unpadPremaster(block(), 0x0301, random), random);
  assert.deepEqual(unpadPremaster(block(), 0x0403, random), random);
});

Deno.test("one changed byte before the message always gives the random premaster, unless it is still padding", () => {
  fc.assert(fc.property(fc.nat(START - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
    const bytes = changed((b) => b[at]! ^= flip);
    const padding = at >= 2 && at < START - 1 && bytes[at] !== 0;
    assert.deepEqual(unpadPremaster(bytes, VERSION, random), padding ? premaster : random);
  }));
});

Deno.test("the result is bytes of its own, so that wiping the block or the random does not change it", () => {
  for (const bytes of [block(), new Uint8Array(128), new Uint8Array(0)]) {
    const ours = random.slice();
    const result = unpadPremaster(bytes, VERSION, ours);
    const copy = result.slice();
    bytes.fill(0);
    ours.fill(0);
    assert.deepEqual(result, copy);
  }
});

Deno.test("a random of another length is the program's mistake", () => {
  assert.throws(() => unpadPremaster(block(), VERSION, random.subarray(1)), RangeError);
});
