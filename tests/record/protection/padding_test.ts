/** How much padding records of TLS 1.3 get. @module */
import { assert, FastCheck as fc } from "../../deps.ts";
import { paddingOf } from "../../../src/record/protection/padding.ts";
import { MAX_PLAINTEXT } from "../../../src/record/protection/protection.ts";
import { modern } from "../../../src/tables/policy.ts";

const padding = (recordPadding: number, most?: number) => paddingOf({ recordPadding }, most) ?? assert.fail();
const lengths = fc.nat({ max: MAX_PLAINTEXT });
const multiples = fc.integer({ min: 2, max: MAX_PLAINTEXT });

Deno.test("nothing is padded unless a policy says so", () => assert.equal(paddingOf(modern), undefined));

Deno.test("content and padding are the next multiple, or as much as a record holds; never more, and never less than nothing", () => {
  fc.assert(
    fc.property(lengths, multiples, (length, multiple) => {
      const zeros = padding(multiple)(length);
      const whole = length + zeros;
      assert.ok(Number.isInteger(zeros) && zeros >= 0);
      assert.ok(whole <= MAX_PLAINTEXT);
      assert.ok(whole % multiple === 0 || whole === MAX_PLAINTEXT);
      assert.ok(zeros < multiple || length === 0);
    }),
  );
});

const rows: ReadonlyArray<readonly [number, number, number]> = [
  [16, 0, 16],
  [16, 1, 15],
  [16, 15, 1],
  [16, 16, 0],
  [16, 17, 15],
  [16_384, 0, 16_384],
  [16_384, 1, 16_383],
  [16_384, 16_384, 0],
  [1000, 16_000, 0],
  [1000, 16_001, 383],
  [16_383, 16_384, 0],
];
for (const [multiple, length, zeros] of rows) {
  Deno.test(`to a multiple of ${multiple}, ${length} bytes get ${zeros}`, () =>
    assert.equal(padding(multiple)(length), zeros));
}

Deno.test("to 2^14 bytes, all records look alike", () => {
  fc.assert(
    fc.property(lengths, (length) => assert.equal(length + padding(MAX_PLAINTEXT)(length), MAX_PLAINTEXT)),
  );
});

Deno.test("a peer that wants shorter records gets no longer ones for padding", () => {
  fc.assert(
    fc.property(fc.integer({ min: 63, max: MAX_PLAINTEXT }), multiples, fc.nat(), (most, multiple, n) => {
      const length = n % (most + 1);
      const zeros = padding(multiple, most)(length);
      assert.ok(zeros >= 0 && length + zeros <= most);
    }),
  );
  assert.equal(padding(100, 150)(101), 49);
});

Deno.test("a rule of one's own takes the place of the multiple, and is kept to the room that there is", () => {
  const asked: Array<readonly [number, number]> = [];
  const of = (zeros: number) =>
    paddingOf({
      recordPadding: 16,
      padding: (length, room) => {
        asked.push([length, room]);
        return zeros;
      },
    }, 100)!;
  assert.deepEqual([of(7)(10), of(1000)(10), of(-1)(10), of(5)(100)], [7, 90, 0, 0]);
  assert.deepEqual(asked, [[10, 90], [10, 90], [10, 90], [100, 0]]);
});
