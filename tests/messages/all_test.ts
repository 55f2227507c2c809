/**
 * What holds for every message and extension, whatever its bytes: read and written back, cut short, spans, JSON.
 *
 * @module
 */
import { Arbitrary, assert, Either, Equal, FastCheck as fc, Hash } from "../deps.ts";
import { codec, type Constructor, make } from "../../src/wire/codec.ts";
import { declarationOf } from "../../src/wire/layout.ts";
import { all, numbered } from "./all.ts";

for (const [name, schema] of all) {
  const { decode, encode, json, spans } = codec(schema);
  const arbitrary = Arbitrary.make(schema);
  const bytesOf = (v: unknown) => Either.getOrThrow(encode(v));

  Deno.test(`${name}: what is written is read back, by its bytes and by its JSON`, () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const bytes = bytesOf(value);
        const again = Either.getOrThrow(decode(bytes));
        assert.deepEqual(bytesOf(again), bytes);
        const text = JSON.stringify(json.encode(value));
        assert.equal(JSON.stringify(json.encode(again)), text);
        const revived = Either.getOrThrow(json.decode(JSON.parse(text)));
        assert.deepEqual(bytesOf(revived), bytes);
      }),
      { numRuns: 60 },
    );
  });

  Deno.test(`${name}: whatever the bytes, the answer is a value that writes them back, or a DecodeError`, () => {
    const check = (bytes: Uint8Array) => {
      const read = decode(bytes);
      if (Either.isRight(read)) assert.deepEqual(bytesOf(read.right), bytes);
      else {
        assert.equal(read.left._tag, "DecodeError");
        assert.ok(read.left.offset >= 0 && read.left.offset <= bytes.length, read.left.message);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), check), { numRuns: 60 });
    fc.assert(
      fc.property(arbitrary, fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = bytesOf(value).slice();
        if (bytes.length > 0) bytes[at % bytes.length] = byte;
        check(bytes);
      }),
      { numRuns: 60 },
    );
  });

  Deno.test(`${name}: every prefix is a DecodeError or a value of just these bytes`, () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const bytes = bytesOf(value);
        for (let n = 0; n < bytes.length; n++) {
          const cut = bytes.subarray(0, n);
          const read = decode(cut);
          if (Either.isRight(read)) assert.deepEqual(bytesOf(read.right), cut);
          else assert.equal(read.left._tag, "DecodeError");
        }
      }),
      { numRuns: 8 },
    );
  });

  Deno.test(`${name}: the spans lie inside the bytes and inside their parents`, () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const bytes = bytesOf(value);
        const found = spans(bytes);
        const byPath = new Map(found.map((s) => [s.path, s]));
        assert.equal(byPath.size, found.length, "each path once");
        for (const s of found) {
          assert.ok(0 <= s.start && s.start <= s.end && s.end <= bytes.length);
          const parent = byPath.get(s.path.split(".").slice(0, -1).join("."));
          if (parent) assert.ok(parent.start <= s.start && s.end <= parent.end, s.path);
        }
      }),
      { numRuns: 20 },
    );
  });
}

Deno.test("every message and extension says its number and cites its RFC", () => {
  const declared = numbered.map(([, schema]) => declarationOf(schema));
  assert.equal(declared.filter((d) => d.meta.type === 12).length, 6, "the six forms of ServerKeyExchange");
  assert.ok(declared.length >= 67, `${declared.length}`);
  for (const { tag, meta } of declared) assert.match(meta.rfc, /^RFC \d{4} §[\d.]+$/, tag);
});

const classes = all.filter(([, schema]) => "_tag" in schema);

Deno.test("what make makes is what the class's constructor makes, whatever _tag is among the members", () => {
  assert.ok(classes.length > 20, String(classes.length));
  for (const [name, schema] of classes) {
    const Class = schema as unknown as Constructor<object, object | undefined>;
    fc.assert(
      fc.property(Arbitrary.make(schema), ({ _tag: _, ...members }) => {
        const made = make(Class, { ...members, _tag: "Another" });
        const constructed = new Class(members, true);
        assert.ok(made instanceof Class, name);
        assert.deepEqual(Object.entries(made), Object.entries(constructed), name);
        assert.equal(JSON.stringify(made), JSON.stringify(constructed), name);
        assert.ok(Equal.equals(made, constructed) && Hash.hash(made) === Hash.hash(constructed), name);
      }),
      { numRuns: 10 },
    );
  }
});
