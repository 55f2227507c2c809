/** DER, read and written: each type, and what is not DER (X.690). @module */
import { assert, Either, FastCheck } from "../deps.ts";
import { ascii, type Bytes, toHex } from "../../src/wire/bytes.ts";
import {
  any,
  choice,
  decodeDer,
  type Der,
  explicit,
  implicit,
  optional,
  sequence,
  sequenceOf,
  setOf,
  withDefault,
} from "../../src/x509/der/der.ts";
import * as T from "../../src/x509/der/types.ts";
import * as W from "../../src/x509/der/writer.ts";

const bytes = (hex: string): Bytes =>
  Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (digits) => parseInt(digits, 16));

const read = <A>(shape: Der<A>, hex: string): A => {
  const result = decodeDer("X", shape, bytes(hex));
  return Either.getOrThrowWith(result, (e) => e);
};

const pair = sequence({ a: T.integer, b: optional(explicit(0, T.boolean)), c: withDefault(T.count, 7) });

/** Declaration, bytes, and what they mean. */
const good: ReadonlyArray<readonly [string, Der<unknown>, string, unknown]> = [
  ["a boolean", T.boolean, "01 01 ff", true],
  ["zero", T.unsigned, "02 01 00", bytes("00")],
  ["an integer with a sign byte", T.unsigned, "02 02 00 80", bytes("80")],
  ["a count", T.count, "02 02 01 00", 256],
  ["a count beyond counting", T.count, "02 05 7f ff ff ff ff", Infinity],
  ["a bit string", T.bitString, "03 02 05 a0", { bytes: bytes("a0"), unused: 5 }],
  ["an empty bit string", T.bitString, "03 01 00", { bytes: bytes(""), unused: 0 }],
  ["an object identifier", T.objectIdentifier, "06 03 55 04 03", "2.5.4.3"],
  ["one of the largest first arc", T.objectIdentifier, "06 03 88 37 03", "2.999.3"],
  [
    "one with an arc of 64 bits",
    T.objectIdentifier,
    "06 0b 60 81 ff ff ff ff ff ff ff ff 7f",
    "2.16.18446744073709551615",
  ],
  ["UTCTime before 2000", T.anyTime, `17 0d ${toHex(ascii("500101000000Z"))}`, Date.UTC(1950, 0) / 1000],
  ["UTCTime after 2000", T.anyTime, `17 0d ${toHex(ascii("491231235959Z"))}`, Date.UTC(2050, 0) / 1000 - 1],
  ["GeneralizedTime", T.anyTime, `18 0f ${toHex(ascii("20500101000000Z"))}`, Date.UTC(2050, 0) / 1000],
  ["the last time there is", T.anyTime, `18 0f ${toHex(ascii("99991231235959Z"))}`, 253402300799],
  ["the leap day", T.anyTime, `18 0f ${toHex(ascii("20240229000000Z"))}`, Date.UTC(2024, 1, 29) / 1000],
  ["optional members that are there", pair, "30 0b 02 01 05 a0 03 01 01 00 02 01 09", {
    a: bytes("05"),
    b: false,
    c: 9,
  }],
  ["optional members that are not", pair, "30 03 02 01 05", { a: bytes("05"), b: undefined, c: 7 }],
  ["a list", sequenceOf(T.count), "30 06 02 01 01 02 01 02", [1, 2]],
  ["an implicit tag", implicit(3, T.octetString), "83 01 aa", bytes("aa")],
  ["a choice", choice(T.boolean, T.nullValue), "05 00", null],
  ["a long length", T.octetString, `04 81 80 ${"00".repeat(128)}`, new Uint8Array(128)],
];

for (const [name, shape, hex, value] of good) {
  Deno.test(`DER: ${name}`, () => assert.deepEqual(read(shape, hex), value));
}

/** Declaration, bytes, and where and why they are refused. */
const bad: ReadonlyArray<readonly [string, Der<unknown>, string, string, number, RegExp]> = [
  ["another tag", T.boolean, "02 01 00", "X", 0, /expected tag 0x01, got 0x02/],
  ["nothing", T.boolean, "", "X", 0, /got the end/],
  ["a tag and no length", any, "30", "X", 0, /no length/],
  ["a tag of many bytes", any, "1f 81 01 00", "X", 0, /more than one byte/],
  ["an indefinite length", any, "30 80 00 00", "X", 2, /indefinite/],
  ["a long length that would be short", T.octetString, "04 81 01 00", "X", 2, /not minimal/],
  ["a length with a leading zero", T.octetString, `04 82 00 80 ${"00".repeat(128)}`, "X", 2, /not minimal/],
  ["a length of four bytes", any, "04 84 01 00 00 00", "X", 2, /more than 3/],
  ["half a length", any, "04 82 01", "X", 2, /half/],
  ["a length beyond the end", any, "04 05 00", "X", 0, /length 5, but 1 bytes are left/],
  ["a member beyond its sequence", sequenceOf(any), "30 03 04 02 00 ff", "X.0", 2, /length 2, but 1/],
  ["bytes after the value", T.nullValue, "05 00 00", "X", 2, /1 bytes left over/],
  ["bytes after the members", pair, "30 05 02 01 05 05 00", "X", 5, /2 bytes left over/],
  ["a missing member", pair, "30 00", "X.a", 2, /got the end/],
  ["a bad member in a list", sequenceOf(T.count), "30 06 02 01 01 02 01 ff", "X.1", 5, /negative/],
  ["a list that is empty", setOf(any), "31 00", "X", 2, /empty/],
  ["a boolean of 1", T.boolean, "01 01 01", "X", 3, /no boolean/],
  ["a boolean of two bytes", T.boolean, "01 02 ff ff", "X", 4, /no boolean/],
  ["an empty integer", T.integer, "02 00", "X", 2, /empty/],
  ["an integer with an idle zero", T.integer, "02 02 00 7f", "X", 2, /not minimal/],
  ["an integer with an idle sign", T.integer, "02 02 ff 80", "X", 2, /not minimal/],
  ["a negative count", T.count, "02 01 80", "X", 0, /negative/],
  ["an empty bit string without its first byte", T.bitString, "03 00", "X", 2, /empty/],
  ["eight unused bits", T.bitString, "03 02 08 00", "X", 2, /8 unused/],
  ["unused bits of nothing", T.bitString, "03 01 01", "X", 2, /1 unused/],
  ["unused bits that are set", T.bitString, "03 02 01 01", "X", 2, /set/],
  ["an empty object identifier", T.objectIdentifier, "06 00", "X", 2, /half/],
  ["half an object identifier", T.objectIdentifier, "06 02 55 84", "X", 2, /half/],
  ["an arc with an idle byte", T.objectIdentifier, "06 03 55 80 01", "X", 2, /not minimal/],
  [
    "a time with a fraction",
    T.anyTime,
    `18 11 ${toHex(ascii("20240229000000.1Z"))}`,
    "X",
    2,
    /no time of DER/,
  ],
  [
    "a time of another zone",
    T.anyTime,
    `17 11 ${toHex(ascii("240229000000+0100"))}`,
    "X",
    2,
    /no time of DER/,
  ],
  ["a time without seconds", T.anyTime, `17 0b ${toHex(ascii("2402290000Z"))}`, "X", 2, /no time of DER/],
  ["a day that never was", T.anyTime, `17 0d ${toHex(ascii("230229000000Z"))}`, "X", 2, /ever is/],
  ["the second 60", T.anyTime, `17 0d ${toHex(ascii("230101000060Z"))}`, "X", 2, /ever is/],
  ["no ASCII", T.ia5String, "16 01 80", "X", 2, /ASCII/],
  ["no choice", choice(T.boolean, T.nullValue), "04 00", "X", 0, /no choice/],
];

for (const [name, shape, hex, path, offset, reason] of bad) {
  Deno.test(`DER refuses ${name}`, () => {
    const result = decodeDer("X", shape, bytes(hex));
    assert.ok(Either.isLeft(result), "it was taken");
    assert.deepEqual([result.left.path, result.left.offset], [path, offset], result.left.message);
    assert.match(result.left.reason, reason);
  });
}

Deno.test("what is written is read back, whatever it is", () => {
  const roundTrip = <A>(arbitrary: FastCheck.Arbitrary<A>, write: (a: A) => Bytes, shape: Der<A>) =>
    FastCheck.assert(
      FastCheck.property(
        arbitrary,
        (a) => assert.deepEqual(Either.getOrThrow(decodeDer("X", shape, write(a))), a),
      ),
    );
  const octets = FastCheck.uint8Array({ maxLength: 300 });
  const arc = FastCheck.nat({ max: 2 ** 40 });
  roundTrip(octets, W.octetString, T.octetString);
  roundTrip(FastCheck.nat({ max: 2 ** 32 - 1 }), W.integer, T.count);
  roundTrip(FastCheck.boolean(), W.boolean, T.boolean);
  roundTrip(FastCheck.integer({ min: -(10 ** 9), max: 10 ** 11 }), W.time, T.anyTime);
  roundTrip(
    FastCheck.tuple(FastCheck.nat({ max: 39 }), arc, arc).map((arcs) => `1.${arcs.join(".")}`),
    W.objectIdentifier,
    T.objectIdentifier,
  );
  roundTrip(
    FastCheck.array(octets, { minLength: 1 }),
    (list) => W.sequence(...list.map(W.octetString)),
    sequenceOf(T.octetString),
  );
});

Deno.test("a set is written in the order that DER asks for", () => {
  const one = W.octetString(Uint8Array.of(2)), other = W.octetString(Uint8Array.of(1));
  assert.equal(toHex(W.set(one, other)), "3106040101040102");
});
