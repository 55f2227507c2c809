/** Comparing secrets: equal bytes are equal, and no other. @module */
import { equal } from "../../src/crypto/equal.ts";
import { ascii, EMPTY } from "../../src/wire/bytes.ts";
import { assert, FastCheck as fc } from "../deps.ts";

Deno.test("byte strings are equal when they have the same bytes", () => {
  assert.equal(equal(EMPTY, EMPTY), true);
  fc.assert(fc.property(fc.uint8Array(), (a) => equal(a, a.slice())));
});

Deno.test("byte strings of other lengths are not equal, nor those where any one bit differs", () => {
  assert.equal(equal(ascii("abc"), ascii("ab")), false);
  assert.equal(equal(EMPTY, Uint8Array.of(0)), false);
  fc.assert(fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(7), (a, at, bit) => {
    const b = a.slice();
    b[at % a.length]! ^= 1 << bit;
    return !equal(a, b);
  }));
});
