/**
 * The words of the TLS presentation language (RFC 5246 §4, RFC 8446 §3). Each gives an ordinary Effect Schema whose
 * Encoded side is JSON and whose AST carries the wire layout.
 *
 * @module
 */
import { Arbitrary, Schema } from "../deps.ts";
import { ascii, type Bytes, toHex } from "./bytes.ts";
import { declarationOf, type Layout, LayoutId, layoutOf, type Meta, MetaId, type Width } from "./layout.ts";

const widthFor = (max: number): Width => max < 0x100 ? 1 : max < 0x10000 ? 2 : max < 0x1000000 ? 3 : 4;
const wire = (layout: Layout) => ({ [LayoutId]: layout });

// -- numbers (RFC 5246 §4.4) --

const uint = (width: Width) => {
  const max = 2 ** (8 * width) - 1;
  return Schema.Number.pipe(Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= max, {
    identifier: `uint${width * 8}`,
    arbitrary: () => (fc) => fc.integer({ min: 0, max }),
    jsonSchema: { type: "integer", minimum: 0, maximum: max },
    ...wire({ kind: "uint", width }),
  }));
};

/** `uint8` (RFC 5246 §4.4). */
export const uint8 = uint(1);
/** `uint16`, big-endian. */
export const uint16 = uint(2);
/** `uint24`, big-endian. */
export const uint24 = uint(3);
/** `uint32`, big-endian. */
export const uint32 = uint(4);

// -- opaque bytes (RFC 5246 §4.3) --

const within = (min: number, max: number) =>
  Schema.Uint8ArrayFromSelf.pipe(Schema.filter((b) => b.length >= min && b.length <= max, {
    arbitrary: () => (fc) => fc.uint8Array({ minLength: min, maxLength: Math.min(max, min + 24) }),
  }));

const bytes = (min: number, max: number, layout: Layout) =>
  Schema.transform(Schema.Uint8ArrayFromHex, within(min, max), {
    strict: true,
    decode: (b) => b,
    encode: (b) => b,
  }).annotations(wire(layout));

/** `opaque x[length]`; hexadecimal in JSON. */
export const fixed = (length: number) => bytes(length, length, { kind: "fixed", length });

/** `opaque x<min..max>`; hexadecimal in JSON. */
export const opaque = (min: number, max: number) =>
  bytes(min, max, { kind: "opaque", prefix: widthFor(max), min, max });

/** All the bytes that are left in the enclosing vector or message. */
export const rest = bytes(0, 2 ** 24 - 1, { kind: "rest" });

/** `opaque x<min..max>` that a standard says is text (a host name): a string of one character a byte. */
export const text = (min: number, max: number) =>
  Schema.String.pipe(Schema.filter((s) => s.length >= min && s.length <= max && /^[\0-\xff]*$/.test(s), {
    arbitrary: () => (fc) => fc.stringMatching(/^[a-z0-9.-]{1,24}$/),
    ...wire({ kind: "text", prefix: widthFor(max), min, max }),
  }));

/** JSON of bytes that are mostly readable: the text itself if printable ASCII, else `0x` and hexadecimal. */
const Readable = Schema.transform(Schema.String, Schema.Uint8ArrayFromSelf, {
  strict: true,
  decode: (s) => /^0x([0-9a-f]{2})*$/.test(s) ? fromHexDigits(s.slice(2)) : ascii(s),
  encode: (b) => {
    const s = String.fromCharCode(...b);
    return /^[\x20-\x7e]+$/.test(s) && !s.startsWith("0x") ? s : `0x${toHex(b)}`;
  },
});
const fromHexDigits = (s: string): Bytes =>
  Uint8Array.from(s.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** `opaque x<min..max>` that is bytes to the protocol yet readable to people (an ALPN name, RFC 7301 §3.1). */
export const label = (min: number, max: number) =>
  Schema.transform(Readable, within(min, max), { strict: true, decode: (b) => b, encode: (b) => b })
    .annotations(
      wire({ kind: "opaque", prefix: widthFor(max), min, max }),
    );

// -- vectors (RFC 5246 §4.3) --

const fixedSize = (l: Layout): number | undefined =>
  l.kind === "uint" ? l.width : l.kind === "fixed" ? l.length : undefined;

/** `T x<min..max>`; the bounds count bytes, as in the RFC. */
export const vector = <A, I>(element: Schema.Schema<A, I>, min: number, max: number) => {
  const of = layoutOf(element);
  // Bounds on bytes become bounds on items: exact for items of a fixed size, else the weakest true ones.
  // (`Schema.minItems(0)` throws in Effect 3.)
  const size = fixedSize(of);
  const least = size ? Math.ceil(min / size) : Math.min(min, 1);
  const items = Schema.Array(element).pipe(Schema.maxItems(Math.floor(max / (size ?? 1))));
  return (least > 0 ? items.pipe(Schema.minItems(least)) : items).annotations(
    wire({ kind: "vector", prefix: widthFor(max), min, max, element: of }),
  );
};

// -- enumerations (RFC 5246 §4.5) --

/**
 * `enum { name(value), …, (2^n-1) }`. The type is the branded number, so that values nobody named (GREASE, RFC 8701)
 * survive; its JSON is the name, or hexadecimal. The members are properties of the result.
 */
export const enumerated = <const B extends string, const N extends Record<string, number>>(
  brand: B,
  width: Width,
  members: N,
) => {
  const names = new Map(Object.entries(members).map(([k, v]) => [v, k] as const));
  const max = 2 ** (8 * width) - 1;
  const Self = Schema.Number.pipe(
    Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= max, {
      arbitrary: () => (fc) => fc.oneof(fc.constantFrom(...names.keys()), fc.integer({ min: 0, max })),
    }),
    Schema.brand(brand),
  );
  type Member = typeof Self.Type;
  const nameOf = (n: number): string => names.get(n) ?? `0x${n.toString(16).padStart(width * 2, "0")}`;
  const schema = Schema.transform(Schema.String.pipe(Schema.pattern(/^\w+$/)), Self, {
    strict: true,
    decode: (s) => (Object.hasOwn(members, s) ? members[s]! : Number(s)) as Member,
    encode: nameOf,
  }).annotations({ identifier: brand, ...wire({ kind: "uint", width, name: brand, names }) });
  return Object.assign(schema, members as unknown as { readonly [K in keyof N]: Member }, {
    /** Name to number, as declared. */
    members,
    /** The registered name, or hexadecimal. */
    nameOf,
    /** A number as a member of the enumeration, registered or not. */
    of: (n: number): Member => n as Member,
  });
};

// -- variants (RFC 5246 §4.6.1) --

/**
 * `struct { E tag; select (tag) { case v: …; } }`, as a union of structs that share the tag: a value whose tag and
 * body disagree cannot be written down.
 */
export const variant = <
  K extends string,
  E extends number,
  const N extends Record<string, number>,
  C extends { readonly [M in keyof N]?: Schema.Struct.Fields },
  O extends Schema.Struct.Fields,
>(on: K, tag: Schema.Schema<E, string> & { readonly members: N }, cases: C, otherwise: O) => {
  const layout = layoutOf(tag);
  if (layout.kind !== "uint") throw new TypeError(`a variant is told by a number: ${tag.ast}`);
  const max = 2 ** (8 * layout.width) - 1;
  const known = new Set(Object.keys(cases).map((name) => tag.members[name]!));
  const only = (p: (n: number) => boolean, some: ReadonlyArray<number>) =>
    tag.pipe(Schema.filter((n) => p(n), { arbitrary: () => (fc) => fc.constantFrom(...some) as never }));
  const member = (of: ReturnType<typeof only>, fields: Schema.Struct.Fields) =>
    Schema.Struct({ [on]: of, ...fields } as Schema.Struct.Fields);
  const structs = Object.entries(cases).map(([name, fields]) => {
    const value = tag.members[name]!;
    return [value, member(only((n) => n === value, [value]), fields!)] as const;
  });
  const others = [max, max - 1, ...Object.values(tag.members)].filter((n) => !known.has(n));
  const rest = member(only((n) => !known.has(n), others), otherwise);
  type Tagged<F extends Schema.Struct.Fields> = Schema.Struct<{ [_ in K]: Schema.Schema<E, string> } & F>;
  type All =
    | { [M in keyof C]: C[M] extends Schema.Struct.Fields ? Tagged<C[M]> : never }[keyof C]
    | Tagged<O>;
  // The union is built from a computed list, which TypeScript cannot follow; the type above says what it is.
  return Schema.Union(...structs.map(([, s]) => s), rest).annotations(wire({
    kind: "variant",
    on,
    width: layout.width,
    cases: new Map(structs.map(([n, s]) => [n, layoutOf(s)])),
    otherwise: layoutOf(rest),
  })) as unknown as Schema.Schema<Schema.Schema.Type<All>, Schema.Schema.Encoded<All>>;
};

// -- messages and extensions --

/** Says of a message or an extension its number and where it is specified. */
export const meta = (type: number, rfc: string) => ({ [MetaId]: { type, rfc } satisfies Meta });

/** One extension as one message carries it: `struct { ExtensionType type; opaque data<0..2^16-1>; }`, body known. */
export const extension = <Tag extends string, F extends Schema.Struct.Fields>(
  tag: Tag,
  type: number,
  rfc: string,
  fields: F,
) => Schema.TaggedStruct(tag, fields).annotations(meta(type, rfc));

// Below, `as never` stands where an arbitrary of numbers is one of a brand's, and a brand's schema one of numbers.

/** What is not declared for the message is kept as it came; its number may not be one that is declared. */
const unknownExtension = (type: Schema.Schema<number, string>, known: ReadonlySet<number>) =>
  Schema.TaggedStruct("unknown", {
    type: type.pipe(Schema.filter((n) => !known.has(n), {
      arbitrary: () => (fc) => fc.integer({ min: 0, max: 0xffff }).filter((n) => !known.has(n)) as never,
    })),
    data: rest,
  });
/**
 * `Extension extensions<0..2^16-1>` of one carrying message (RFC 8446 §4.2): order and unknown ones are kept, a type
 * that comes twice is a decode_error.
 */
export const extensions =
  <E extends number>(type: Schema.Schema<E, string>) =>
  <M extends ReadonlyArray<Schema.Schema.AnyNoContext>>(...known: M) => {
    const declared = known.map(declarationOf);
    const numbers = new Map(declared.map((d) => [d.tag, d.meta.type]));
    const cases = new Map(declared.map((d) => [d.meta.type, d.layout]));
    const one = Schema.Union(...known, unknownExtension(type as never, new Set(cases.keys())));
    type Unknown = { readonly _tag: "unknown"; readonly type: E; readonly data: Bytes };
    type Item = Schema.Schema<
      Schema.Schema.Type<M[number]> | Unknown,
      Schema.Schema.Encoded<M[number]> | {
        readonly _tag: "unknown";
        readonly type: string;
        readonly data: string;
      }
    >;
    type Value = Schema.Schema.Type<Item>;
    const typeOf = (e: Value): number => (e as Unknown).type ?? numbers.get((e as Unknown)._tag)!;
    const item = one as unknown as Item;
    return Schema.Array(item).pipe(
      Schema.filter((list) => new Set(list.map(typeOf)).size === list.length, {
        arbitrary: () => (fc) =>
          fc.uniqueArray(Arbitrary.makeLazy(item)(fc), { maxLength: 6, selector: typeOf }),
      }),
    ).annotations(wire({ kind: "extensions", cases }));
  };
