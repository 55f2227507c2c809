/**
 * The TLS presentation language (RFC 5246 §4, RFC 8446 §3) as Effect Schemas. The Encoded side of each Schema is
 * JSON, and its AST carries the wire layout.
 *
 * @module
 */
import { Arbitrary, type Brand, Schema } from "../deps.ts";
import { ascii, type Bytes, toHex } from "./bytes.ts";
import { declarationOf, type Layout, LayoutId, layoutOf, type Meta, MetaId, type Width } from "./layout.ts";

const widthFor = (max: number): Width => max < 0x100 ? 1 : max < 0x10000 ? 2 : max < 0x1000000 ? 3 : 4;
const wire = (layout: Layout) => ({ [LayoutId]: layout });

// -- numbers (RFC 5246 §4.4) --

/** A number, also in JSON. */
export type Uint = Schema.Schema<number>;

const uint = (width: Width): Uint => {
  const max = 2 ** (8 * width) - 1;
  return Schema.Number.pipe(Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= max, {
    identifier: `uint${width * 8}`,
    arbitrary: () => (fc) => fc.integer({ min: 0, max }),
    jsonSchema: { type: "integer", minimum: 0, maximum: max },
    ...wire({ kind: "uint", width }),
  }));
};

/** `uint8` (RFC 5246 §4.4). */
export const uint8: Uint = uint(1);
/** `uint16`, big-endian. */
export const uint16: Uint = uint(2);
/** `uint24`, big-endian. */
export const uint24: Uint = uint(3);
/** `uint32`, big-endian. */
export const uint32: Uint = uint(4);

// -- opaque bytes (RFC 5246 §4.3) --

/** A byte string; a string in JSON. */
export type Opaque = Schema.Schema<Bytes, string>;

const within = (min: number, max: number) =>
  Schema.Uint8ArrayFromSelf.pipe(Schema.filter((b) => b.length >= min && b.length <= max, {
    arbitrary: () => (fc) => fc.uint8Array({ minLength: min, maxLength: Math.min(max, min + 24) }),
  }));

const bytes = (min: number, max: number, layout: Layout): Opaque =>
  Schema.transform(Schema.Uint8ArrayFromHex, within(min, max), {
    strict: true,
    decode: (b) => b,
    encode: (b) => b,
  }).annotations(wire(layout));

/** `opaque x[length]`: exactly `length` bytes, hexadecimal in JSON. */
export const fixed = (length: number): Opaque => bytes(length, length, { kind: "fixed", length });

/** `opaque x<min..max>`: a byte string with a length prefix, hexadecimal in JSON. */
export const opaque = (min: number, max: number): Opaque =>
  bytes(min, max, { kind: "opaque", prefix: widthFor(max), min, max });

/** All remaining bytes of the enclosing vector or message. */
export const rest: Opaque = bytes(0, 2 ** 24 - 1, { kind: "rest" });

/** `opaque x<min..max>` that a standard defines as text, such as a host name: a string of one character per byte. */
export const text = (min: number, max: number): Schema.Schema<string> =>
  Schema.String.pipe(Schema.filter((s) => s.length >= min && s.length <= max && /^[\0-\xff]*$/.test(s), {
    arbitrary: () => (fc) => fc.stringMatching(/^[a-z0-9.-]{1,24}$/),
    ...wire({ kind: "text", prefix: widthFor(max), min, max }),
  }));

/**
 * The JSON form of bytes that are usually text: the text itself if it is printable ASCII, otherwise `0x` and
 * hexadecimal.
 */
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

/**
 * `opaque x<min..max>` whose bytes are usually text, such as an ALPN name (RFC 7301 §3.1): readable in JSON where
 * possible.
 */
export const label = (min: number, max: number): Opaque =>
  Schema.transform(Readable, within(min, max), { strict: true, decode: (b) => b, encode: (b) => b })
    .annotations(
      wire({ kind: "opaque", prefix: widthFor(max), min, max }),
    );

// -- vectors (RFC 5246 §4.3) --

const fixedSize = (l: Layout): number | undefined =>
  l.kind === "uint" ? l.width : l.kind === "fixed" ? l.length : undefined;

/** A list of values of type `A`, each an `I` in JSON. */
export type Vector<A, I = A> = Schema.Schema<ReadonlyArray<A>, ReadonlyArray<I>>;

/** `T x<min..max>`: a list with a length prefix. The bounds count bytes, as in the RFC. */
export const vector = <A, I>(element: Schema.Schema<A, I>, min: number, max: number): Vector<A, I> => {
  const of = layoutOf(element);
  // Turns bounds in bytes into bounds on items: exact for items of a fixed size, otherwise as tight as is safe.
  // (`Schema.minItems(0)` throws in Effect 3.)
  const size = fixedSize(of);
  const least = size ? Math.ceil(min / size) : Math.min(min, 1);
  const items = Schema.Array(element).pipe(Schema.maxItems(Math.floor(max / (size ?? 1))));
  return (least > 0 ? items.pipe(Schema.minItems(least)) : items).annotations(
    wire({ kind: "vector", prefix: widthFor(max), min, max, element: of }),
  );
};

// -- enumerations (RFC 5246 §4.5) --

/** A number of the enumeration `B`, registered or not. */
export type Member<B extends string> = number & Brand.Brand<B>;

/** The Schema of an enumeration, with lookups between names and numbers. */
export interface Enumeration<B extends string, N> extends Schema.Schema<Member<B>, string> {
  /** The declared numbers by name. */
  readonly members: N;
  /** The registered name of a number, or the number in hexadecimal. */
  readonly nameOf: (n: number) => string;
  /** Brands a number as a value of the enumeration, registered or not. */
  readonly of: (n: number) => Member<B>;
}

/** The Schema of an enumeration, with each member as a property. */
export type Enumerated<B extends string, N> =
  & Enumeration<B, N>
  & { readonly [K in keyof N]: Member<B> };

/**
 * `enum { name(value), …, (2^n-1) }`. A value is a branded number, so that unregistered values (GREASE, RFC 8701)
 * survive. Its JSON is the name, or hexadecimal. Each member is a property of the result.
 */
export const enumerated = <const B extends string, const N extends Record<string, number>>(
  brand: B,
  width: Width,
  members: N,
): Enumerated<B, N> => {
  const names = new Map<number, string>(Object.entries(members).map(([k, v]) => [v, k] as const));
  const max = 2 ** (8 * width) - 1;
  const Self = Schema.Number.pipe(
    Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= max, {
      arbitrary: () => (fc) => fc.oneof(fc.constantFrom(...names.keys()), fc.integer({ min: 0, max })),
    }),
    Schema.brand(brand),
  );
  const nameOf = (n: number): string => names.get(n) ?? `0x${n.toString(16).padStart(width * 2, "0")}`;
  const schema = Schema.transform(Schema.String.pipe(Schema.pattern(/^\w+$/)), Self, {
    strict: true,
    decode: (s) => (Object.hasOwn(members, s) ? members[s]! : Number(s)) as Member<B>,
    encode: nameOf,
  }).annotations({ identifier: brand, ...wire({ kind: "uint", width, name: brand, names }) });
  return Object.assign(schema, members as unknown as { readonly [K in keyof N]: Member<B> }, {
    members,
    nameOf,
    of: (n: number) => n as Member<B>,
  });
};

// -- variants (RFC 5246 §4.6.1) --

type Tagged<K extends string, E, F extends Schema.Struct.Fields> = Schema.Struct<
  { [_ in K]: Schema.Schema<E, string> } & F
>;
type Case<K extends string, E, C, O extends Schema.Struct.Fields> =
  | { [M in keyof C]: C[M] extends Schema.Struct.Fields ? Tagged<K, E, C[M]> : never }[keyof C]
  | Tagged<K, E, O>;

/** A struct whose member `K` selects one of the cases `C`, or the remaining case `O`. */
export type Variant<K extends string, E, C, O extends Schema.Struct.Fields> = Schema.Schema<
  Schema.Schema.Type<Case<K, E, C, O>>,
  Schema.Schema.Encoded<Case<K, E, C, O>>
>;

/**
 * `struct { E tag; select (tag) { case v: …; } }`, as a union of structs that share the tag. A value whose tag and
 * body disagree does not type-check.
 */
export const variant = <
  K extends string,
  E extends number,
  const N extends Record<string, number>,
  C extends { readonly [M in keyof N]?: Schema.Struct.Fields },
  O extends Schema.Struct.Fields,
>(
  on: K,
  tag: Schema.Schema<E, string> & { readonly members: N },
  cases: C,
  otherwise: O,
): Variant<K, E, C, O> => {
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
  // TypeScript cannot type a union of a computed list; the return type states it.
  return Schema.Union(...structs.map(([, s]) => s), rest).annotations(wire({
    kind: "variant",
    on,
    width: layout.width,
    cases: new Map(structs.map(([n, s]) => [n, layoutOf(s)])),
    otherwise: layoutOf(rest),
  })) as unknown as Variant<K, E, C, O>;
};

// -- messages and extensions --

/** Annotates a message or an extension with its number and the section that specifies it. */
export const meta = (type: number, rfc: string): { readonly [MetaId]: Meta } => ({ [MetaId]: { type, rfc } });

/** The Schema of an extension, by its tag and the Schemas of its members. */
export type Extension<Tag extends string, F extends Schema.Struct.Fields = Record<never, never>> =
  Schema.TaggedStruct<Tag, F>;

/** Declares an extension as one message carries it: `struct { ExtensionType type; opaque data<0..2^16-1>; }`. */
export const extension = <Tag extends string, F extends Schema.Struct.Fields>(
  tag: Tag,
  type: number,
  rfc: string,
  fields: F,
): Extension<Tag, F> => Schema.TaggedStruct(tag, fields).annotations(meta(type, rfc));

// Below, `as never` makes an arbitrary or a Schema of plain numbers pass for one of branded numbers.

/** An extension that is not declared for the message: kept as bytes. Its number must not be a declared one. */
const unknownExtension = (type: Schema.Schema<number, string>, known: ReadonlySet<number>) =>
  Schema.TaggedStruct("unknown", {
    type: type.pipe(Schema.filter((n) => !known.has(n), {
      arbitrary: () => (fc) => fc.integer({ min: 0, max: 0xffff }).filter((n) => !known.has(n)) as never,
    })),
    data: rest,
  });
type Undeclared<E> = { readonly _tag: "unknown"; readonly type: E; readonly data: Bytes };
type UndeclaredJson = { readonly _tag: "unknown"; readonly type: string; readonly data: string };

/** The Schema of a message's extensions: those declared in `M` are decoded, all others are kept as bytes. */
export type Extensions<E, M extends ReadonlyArray<Schema.Schema.AnyNoContext>> = Vector<
  Schema.Schema.Type<M[number]> | Undeclared<E>,
  Schema.Schema.Encoded<M[number]> | UndeclaredJson
>;

/**
 * `Extension extensions<0..2^16-1>` of one carrying message (RFC 8446 §4.2): order and unknown ones are kept, a type
 * that comes twice is a decode_error.
 */
export const extensions = <E extends number>(
  type: Schema.Schema<E, string>,
): <M extends ReadonlyArray<Schema.Schema.AnyNoContext>>(...known: M) => Extensions<E, M> =>
<M extends ReadonlyArray<Schema.Schema.AnyNoContext>>(...known: M): Extensions<E, M> => {
  const declared = known.map(declarationOf);
  const numbers = new Map(declared.map((d) => [d.tag, d.meta.type]));
  const cases = new Map(declared.map((d) => [d.meta.type, d.layout]));
  const one = Schema.Union(...known, unknownExtension(type as never, new Set(cases.keys())));
  type Item = Schema.Schema<
    Schema.Schema.Type<M[number]> | Undeclared<E>,
    Schema.Schema.Encoded<M[number]> | UndeclaredJson
  >;
  type Value = Schema.Schema.Type<Item>;
  const typeOf = (e: Value): number => (e as Undeclared<E>).type ?? numbers.get((e as Undeclared<E>)._tag)!;
  const item = one as unknown as Item;
  return Schema.Array(item).pipe(
    Schema.filter((list) => new Set(list.map(typeOf)).size === list.length, {
      arbitrary: () => (fc) =>
        fc.uniqueArray(Arbitrary.makeLazy(item)(fc), { maxLength: 6, selector: typeOf }),
    }),
  ).annotations(wire({ kind: "extensions", cases }));
};
