/**
 * Checks options at run time. Callers from JavaScript, JSON or `Number(text)` can pass values outside their types, so
 * Schemas decode every option once, on entry: no other code need expect a limit of NaN or an unknown word.
 *
 * @module
 */
import { Duration, Either, Option, ParseResult, Schema, SchemaAST } from "./deps.ts";
import { InvalidOption } from "./faults/errors/connection.ts";
import { isBytes, utf8 } from "./wire/bytes.ts";
import { nearest } from "./names/nearest.ts";
import { wordsOf } from "./wire/words_of.ts";

/** Annotates a Schema with what it allows, as `InvalidOption` says it. */
const says = (description: string) => ({ description });

// -- words --

const listed = (words: ReadonlyArray<string>, last: "or" | "and" = "or"): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;

/** A whole number, at least `least`. */
export const whole = (least: number) =>
  Schema.Number.pipe(
    Schema.filter((n) => Number.isSafeInteger(n) && n >= least, says(`a whole number, ${least} or more`)),
  );

/** A whole number, at least `least`, or Infinity for no limit. */
export const limit = (least: number) =>
  Schema.Number.pipe(
    Schema.filter(
      (n) => n === Infinity || (Number.isSafeInteger(n) && n >= least),
      says(`a whole number, ${least} or more, or Infinity`),
    ),
  );

/** The port of an address; 0 lets the system choose. */
export const port = Schema.Number.pipe(
  Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= 65_535, says("a whole number from 0 to 65535")),
);

/** A string of `least` to `most` characters. */
export const text = (least: number, most = Infinity) =>
  Schema.String.pipe(
    Schema.filter(
      ({ length }) => length >= least && length <= most,
      says(
        most < Infinity
          ? `a string of ${least} to ${most} characters`
          : least > 0
          ? "a non-empty string"
          : "a string",
      ),
    ),
  );

/** An object identifier in dotted form. */
export const oid = Schema.String.pipe(
  Schema.filter(
    (text) => /^[0-2](\.(0|[1-9]\d*)){1,32}$/.test(text),
    says("an object identifier, like 2.23.140.1.2.1"),
  ),
);

/** A boolean. */
export const flag = Schema.Boolean.annotations(says("true or false"));

/** One of the given words. */
export const word = <const W extends ReadonlyArray<string>>(...words: W) =>
  among(words as ReadonlyArray<W[number]>, listed(words.map((one) => `"${one}"`)));

/** One of the given values; `what` describes them in errors. */
export const among = <A>(values: ReadonlyArray<A>, what: string): Schema.Schema<A> => {
  const known = new Set<unknown>(values);
  return Schema.declare((u: unknown): u is A => known.has(u), says(what));
};

/** A registered number of an enumeration. */
export const registered = <E extends number>(
  { members, ast }: Schema.Schema<E, string> & { readonly members: Readonly<Record<string, number>> },
): Schema.Schema<E> =>
  among<E>(
    Object.values(members) as ReadonlyArray<number> as ReadonlyArray<E & number>,
    `the number of a ${Option.getOrElse(SchemaAST.getIdentifierAnnotation(ast), () => "name")}`,
  );

/** A Uint8Array of exactly `length` bytes. */
export const bytes = (length: number): Schema.Schema<Uint8Array> =>
  Schema.declare(
    (u: unknown): u is Uint8Array => isBytes(u) && u.length === length,
    says(`a Uint8Array of ${length} bytes`),
  );

/** A string, or a Uint8Array of any length. */
export const bytesOrText: Schema.Schema<string | Uint8Array> = Schema.declare(
  (u: unknown): u is string | Uint8Array => typeof u === "string" || isBytes(u),
  says("a string or a Uint8Array"),
);

/** A function. */
// deno-lint-ignore no-explicit-any -- of any kind
export const functionOf = <F extends (...args: any) => unknown>(): Schema.Schema<F> =>
  Schema.declare((u: unknown): u is F => typeof u === "function", says("a function"));

/** A duration of at least `least` milliseconds. NaN and negative ones are refused; Effect would take them for 0. */
export const duration = (least = 0): Schema.Schema<Duration.DurationInput> =>
  Schema.declare(
    (u: unknown): u is Duration.DurationInput =>
      !Number.isNaN(u) && !isNegative(u) &&
      Option.exists(Duration.decodeUnknown(u), (time) => Duration.toMillis(time) >= least),
    says(least > 0 ? `a duration of ${least} ms or more` : `a duration: "24 hours", or milliseconds`),
  );

/** Whether a duration is negative or NaN; of a pair of seconds and nanoseconds, either part may be. */
const isNegative = (u: unknown): boolean =>
  typeof u === "string" ? /^\s*-/.test(u) : [u].flat().some((part) => Number.isNaN(part) || Number(part) < 0);

/** A list of `least` to `most` items. */
export const list = <A, I>(of: Schema.Schema<A, I>, least = 0, most = Infinity) =>
  Schema.Array(of).pipe(
    Schema.filter(
      ({ length }) => length >= least && length <= most,
      says(
        most < Infinity
          ? `a list of ${least} to ${most} items`
          : least > 0
          ? `a list of ${least} or more items`
          : "a list",
      ),
    ),
  );

/** Names of application protocols, each of 1 to 255 bytes in UTF-8 (RFC 7301 §3.1). */
export const alpnOption: Schema.Schema<ReadonlyArray<string>> = list(
  Schema.declare(
    // UTF-8 cannot encode a lone surrogate: it would become another name.
    (u: unknown): u is string =>
      typeof u === "string" && u.length > 0 && u.isWellFormed() && utf8(u).length < 256,
    says("a string of 1 to 255 bytes"),
  ),
).pipe(
  Schema.filter(
    (names) => names.reduce((sum, name) => sum + 1 + utf8(name).length, 0) < 2 ** 16,
    says("a list of at most 65,535 bytes, counting one more for each name"),
  ),
);

/** Whether a server asks for a certificate. */
export const clientAuthOption = word("none", "request", "require");

// -- decoding --

/** Refuses unknown members: one is probably a typing error, and the setting that it meant would have no effect. */
const STRICT = { onExcessProperty: "error", exact: true } as const;

/** Options that may be left out: `{}` for undefined. Anything else, null as well, is decoded as it is. */
export const given = <A extends object>(options: A | undefined): A | Record<never, never> =>
  options === undefined ? {} : options;

/** A decoder of options. It fails with InvalidOption for the first fault, with its path; `name` begins the path. */
export const decodeOption = <A, I>(schema: Schema.Schema<A, I>, name = "options") => {
  const decode = ParseResult.decodeUnknownEither(schema, STRICT);
  return (input: unknown): Either.Either<A, InvalidOption> => {
    try {
      return Either.mapLeft(decode(input), (issue) => told(name, innermost(issue, [])));
    } catch (thrown) {
      // A getter of the options threw.
      const got = `something that throws: ${wordsOf(thrown)}`;
      return Either.left(new InvalidOption({ option: name, expected: "an object that can be read", got }));
    }
  };
};

/** A fault in the options, and its path. */
interface Fault {
  readonly path: ReadonlyArray<PropertyKey>;
  readonly expected: string;
  readonly got: string;
  readonly fault?: string;
}

const told = (name: string, { path, ...rest }: Fault): InvalidOption =>
  new InvalidOption({
    option: (name === "options" && path.length > 0 ? path : [name, ...path]).map(String).join("."),
    ...rest,
  });

const innermost = (
  issue: ParseResult.ParseIssue,
  path: Fault["path"],
  around?: SchemaAST.AST,
): Fault => {
  switch (issue._tag) {
    case "Pointer":
      return innermost(issue.issue, [...path, ...[issue.path].flat()], around);
    case "Composite": {
      const all = [issue.issues].flat().map((one) => innermost(one, path, issue.ast));
      return all.find((one) => one.path.length > path.length) ?? here(issue, path);
    }
    case "Refinement":
    case "Transformation": {
      const inner = innermost(issue.issue, path, issue.ast);
      return inner.path.length > path.length ? inner : here(issue, path);
    }
    case "Missing":
      return missing(path, around);
    case "Unexpected":
      return unexpected(path, around);
    default:
      return here(issue, path);
  }
};

const here = (
  { ast, actual, message }: {
    readonly ast: SchemaAST.AST;
    readonly actual: unknown;
    readonly message?: string | undefined;
  },
  path: Fault["path"],
): Fault => {
  const isEmpty = isList(ast) && Array.isArray(actual) && actual.length === 0;
  const fault = isEmpty ? "is empty; at least one item is needed" : message;
  const expected = expectedBy(ast);
  // Where bytes are expected, a text may be a key; a URL may hold a password.
  const got = typeof actual === "string" && /Uint8Array|URL/.test(expected)
    ? `a string of ${actual.length} characters`
    : shown(actual);
  return { path, expected, got, ...(fault === undefined ? {} : { fault }) };
};

/** Whether a Schema is a list with bounds on its length. */
const isList = (ast: SchemaAST.AST): boolean => ast._tag === "Refinement" && SchemaAST.isTupleType(ast.from);

const missing = (path: Fault["path"], around: SchemaAST.AST | undefined): Fault => {
  const expected = expectedBy(memberOf(around, path));
  const otherwise = around && Option.getOrUndefined(SchemaAST.getDocumentationAnnotation(around));
  return {
    path,
    expected,
    got: "nothing",
    fault: otherwise ? `is missing; ${otherwise}` : `is missing; expected ${expected}`,
  };
};

const unexpected = (path: Fault["path"], around: SchemaAST.AST | undefined): Fault => {
  const names = namesIn(around);
  const near = nearest(String(path.at(-1)), names);
  return {
    path,
    expected: `an option called ${listed(names)}`,
    got: "another name",
    fault: `there is no such option; ${
      near === undefined ? `there are ${listed(names, "and")}` : `did you mean ${near}?`
    }`,
  };
};

const namesIn = (ast: SchemaAST.AST | undefined): ReadonlyArray<string> =>
  ast?._tag === "TypeLiteral" ? ast.propertySignatures.map(({ name }) => String(name)) : [];

const memberOf = (ast: SchemaAST.AST | undefined, path: Fault["path"]): SchemaAST.AST | undefined =>
  ast?._tag === "TypeLiteral"
    ? ast.propertySignatures.find(({ name }) => name === path.at(-1))?.type
    : undefined;

/** Describes what a Schema allows. */
const expectedBy = (ast: SchemaAST.AST | undefined): string => {
  if (ast === undefined) return "a value";
  const own = SchemaAST.getDescriptionAnnotation(ast);
  if (Option.isSome(own) && !SchemaAST.isStringKeyword(ast)) return own.value;
  if (ast._tag === "Union") {
    return listed(ast.types.filter((t) => !SchemaAST.isUndefinedKeyword(t)).map(expectedBy));
  }
  return ast._tag === "TypeLiteral"
    ? "an object"
    : ast._tag === "TupleType"
    ? "a list"
    : "a value of its type";
};

/** Describes a value in a few printable characters, without the contents of objects. */
export const shown = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return value.length > 40 ? `a string of ${value.length} characters` : JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value)
        ? `a list of ${value.length} items`
        : ArrayBuffer.isView(value)
        ? `${value.byteLength} bytes`
        : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
};
