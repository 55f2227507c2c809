/**
 * The TLS presentation language (RFC 5246 §4, RFC 8446 §3) as data.
 *
 * A `Layout` describes the wire format of a value. It is an annotation on a Schema's AST, so a declaration stays an
 * ordinary Effect Schema. All access to Effect's AST is in this file.
 *
 * @module
 */
import { Option, type Schema, SchemaAST as AST } from "../deps.ts";

/** Width in bytes of a number or of a length prefix. */
export type Width = 1 | 2 | 3 | 4;

/** The bounds of a variable-length vector, in bytes, as the RFC writes them: `<min..max>`. */
export interface Bounds {
  readonly prefix: Width;
  readonly min: number;
  readonly max: number;
}

/** The wire format of a value. */
export type Layout =
  | {
    readonly kind: "uint";
    readonly width: Width;
    readonly name?: string;
    readonly names?: ReadonlyMap<number, string>;
  }
  | { readonly kind: "fixed"; readonly length: number }
  | { readonly kind: "opaque" } & Bounds
  | { readonly kind: "text" } & Bounds
  | { readonly kind: "rest" }
  | { readonly kind: "vector"; readonly element: Layout } & Bounds
  | { readonly kind: "struct"; readonly fields: ReadonlyArray<Field>; readonly meta?: Meta }
  | { readonly kind: "constant"; readonly value: unknown }
  /** Allowed only as the last member of a message. It is absent when no bytes are left. */
  | { readonly kind: "optional"; readonly of: Layout }
  | {
    readonly kind: "variant";
    readonly on: string;
    readonly width: Width;
    readonly cases: ReadonlyMap<number, Layout>;
    readonly otherwise: Layout;
  }
  /** `Extension extensions<0..2^16-1>`: no type may occur twice. */
  | { readonly kind: "extensions"; readonly cases: ReadonlyMap<number, Layout> };

/** A named member of a struct. */
export interface Field {
  readonly name: string;
  readonly layout: Layout;
}

/** The number of a handshake message or an extension, and where it is specified. */
export interface Meta {
  readonly type: number;
  readonly rfc: string;
}

/** The annotation that holds the `Layout` of a Schema. */
export const LayoutId: unique symbol = Symbol.for("effect-tls/Layout");

/** The annotation that holds the `Meta` of a message or an extension. */
export const MetaId: unique symbol = Symbol.for("effect-tls/Meta");

const meta = AST.getAnnotation<Meta>(MetaId);
const annotated = AST.getAnnotation<Layout>(LayoutId);
const cache = new WeakMap<AST.AST, Layout>();

/** The layout of a Schema: its annotation, or else the layout of its struct. Throws TypeError when it has none. */
export const layoutOf = (schema: Schema.Schema.Any): Layout => fromAST(schema.ast);

/** The layout, number and tag of a message or an extension. Throws TypeError for any other Schema. */
export const declarationOf = (
  schema: Schema.Schema.Any,
): { readonly tag: string; readonly meta: Meta; readonly layout: Layout } => {
  const layout = layoutOf(schema);
  if (layout.kind === "struct" && layout.meta) {
    const tag = tagOf(layout);
    if (tag !== undefined) return { tag, meta: layout.meta, layout };
  }
  throw new TypeError(`neither a message nor an extension: ${schema.ast}`);
};

/** The `_tag` of a struct's values; `undefined` when it has none. */
export const tagOf = (layout: Layout): string | undefined => {
  if (layout.kind !== "struct") return undefined;
  const tag = layout.fields.find((f) => f.name === "_tag")?.layout;
  return tag?.kind === "constant" ? String(tag.value) : undefined;
};

/** The most bytes that a value of this layout can take; `Infinity` when only its container bounds it. */
export const longest = (layout: Layout): number => {
  switch (layout.kind) {
    case "uint":
      return layout.width;
    case "fixed":
      return layout.length;
    case "opaque":
    case "text":
    case "vector":
      return layout.prefix + layout.max;
    case "rest":
      return Infinity;
    case "struct":
      return layout.fields.reduce((sum, field) => sum + longest(field.layout), 0);
    case "constant":
      return 0;
    case "optional":
      return longest(layout.of);
    case "variant":
      return layout.width + Math.max(...[...layout.cases.values(), layout.otherwise].map(longest));
    case "extensions":
      return 2 + 2 ** 16 - 1;
  }
};

const fromAST = (ast: AST.AST): Layout => {
  const known = cache.get(ast);
  if (known) return known;
  const layout = derive(ast);
  cache.set(ast, layout);
  return layout;
};

const derive = (ast: AST.AST): Layout => {
  const own = annotated(ast);
  if (Option.isSome(own)) return own.value;
  switch (ast._tag) {
    case "Literal":
      return { kind: "constant", value: ast.literal };
    case "Refinement":
      return fromAST(ast.from);
    case "Transformation": {
      const inner = fromAST(ast.from);
      const named = Option.orElse(meta(ast), () => meta(ast.to));
      return inner.kind === "struct" && Option.isSome(named) ? { ...inner, meta: named.value } : inner;
    }
    case "TypeLiteral": {
      const fields = ast.propertySignatures.map((p): Field => ({
        name: String(p.name),
        layout: p.isOptional ? { kind: "optional", of: fromAST(withoutUndefined(p.type)) } : fromAST(p.type),
      }));
      const named = meta(ast);
      return { kind: "struct", fields, ...(Option.isSome(named) ? { meta: named.value } : {}) };
    }
  }
  throw new TypeError(`no wire layout on schema: ${ast}`);
};

const withoutUndefined = (ast: AST.AST): AST.AST =>
  ast._tag === "Union" ? ast.types.find((t) => t._tag !== "UndefinedKeyword") ?? ast : ast;
