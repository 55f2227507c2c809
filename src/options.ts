/**
 * Options as JavaScript, JSON and `Number(text)` give them, outside their types too: decoded once by Schemas, where they
 * come in, so that nothing behind the door meets a limit that is NaN or a word that nobody compares with.
 *
 * @module
 */
import { Duration, Either, Option, ParseResult, Schema, SchemaAST } from "./deps.ts";
import { InvalidOption } from "./faults/errors/connection.ts";
import { isBytes, utf8 } from "./wire/bytes.ts";
import { wordsOf as wordsOfThrown } from "./wire/words_of.ts";

/** Says in an `InvalidOption` what is allowed. */
const says = (description: string) => ({ description });

// -- words --

const listed = (words: ReadonlyArray<string>, last: "or" | "and" = "or"): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;

/** A whole number from `least` on. */
export const whole = (least: number) =>
  Schema.Number.pipe(
    Schema.filter((n) => Number.isSafeInteger(n) && n >= least, says(`a whole number from ${least} on`)),
  );

/** The same, or Infinity: no limit. */
export const limit = (least: number) =>
  Schema.Number.pipe(
    Schema.filter(
      (n) => n === Infinity || (Number.isSafeInteger(n) && n >= least),
      says(`a whole number from ${least} on, or Infinity`),
    ),
  );

/** The port of an address; 0 is the system's choice. */
export const port = Schema.Number.pipe(
  Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= 65_535, says("a whole number from 0 to 65535")),
);

/** A text of `least` to `most` characters. */
export const text = (least: number, most = Infinity) =>
  Schema.String.pipe(
    Schema.filter(
      ({ length }) => length >= least && length <= most,
      says(
        most < Infinity
          ? `a text of ${least} to ${most} characters`
          : least > 0
          ? "a text that says something"
          : "a text",
      ),
    ),
  );

/** Yes or no. */
export const flag = Schema.Boolean.annotations(says("true or false"));

/** One of a few words. */
export const word = <const W extends ReadonlyArray<string>>(...words: W) =>
  among(words as ReadonlyArray<W[number]>, listed(words.map((one) => `"${one}"`)));

/** One of a few values, which `what` tells. */
export const among = <A>(values: ReadonlyArray<A>, what: string): Schema.Schema<A> => {
  const known = new Set<unknown>(values);
  return Schema.declare((u: unknown): u is A => known.has(u), says(what));
};

/** One of those that an enumeration names. */
export const registered = <E extends number>(
  { members, ast }: Schema.Schema<E, string> & { readonly members: Readonly<Record<string, number>> },
): Schema.Schema<E> =>
  among<E>(
    Object.values(members) as ReadonlyArray<number> as ReadonlyArray<E & number>,
    `the number of a ${Option.getOrElse(SchemaAST.getIdentifierAnnotation(ast), () => "name")}`,
  );

/** So many bytes. */
export const bytes = (length: number): Schema.Schema<Uint8Array> =>
  Schema.declare(
    (u: unknown): u is Uint8Array => isBytes(u) && u.length === length,
    says(`a Uint8Array of ${length} bytes`),
  );

/** A function. */
// deno-lint-ignore no-explicit-any -- of any kind
export const functionOf = <F extends (...args: any) => unknown>(): Schema.Schema<F> =>
  Schema.declare((u: unknown): u is F => typeof u === "function", says("a function"));

/** A time, which Effect would take for 0 where it is NaN or negative; `least` in milliseconds. */
export const duration = (least = 0): Schema.Schema<Duration.DurationInput> =>
  Schema.declare(
    (u: unknown): u is Duration.DurationInput =>
      !Number.isNaN(u) && !isNegative(u) &&
      Option.exists(Duration.decodeUnknown(u), (time) => Duration.toMillis(time) >= least),
    says(least > 0 ? `a duration of ${least} ms or more` : `a duration: "24 hours", or milliseconds`),
  );

/** A pair of seconds and nanoseconds has two parts to be so. */
const isNegative = (u: unknown): boolean =>
  typeof u === "string" ? /^\s*-/.test(u) : [u].flat().some((part) => Number.isNaN(part) || Number(part) < 0);

/** A list with at least so many items. */
export const list = <A, I>(of: Schema.Schema<A, I>, least = 0, most = Infinity) =>
  Schema.Array(of).pipe(
    Schema.filter(
      ({ length }) => length >= least && length <= most,
      says(
        most < Infinity
          ? `a list of ${least} to ${most}`
          : least > 0
          ? `a list of at least ${least}`
          : "a list",
      ),
    ),
  );

/** Names of application protocols: each goes out in UTF-8, in 1 to 255 bytes (RFC 7301 §3.1). */
export const alpnOption: Schema.Schema<ReadonlyArray<string>> = list(
  Schema.declare(
    // Half a character is another text in UTF-8.
    (u: unknown): u is string =>
      typeof u === "string" && u.length > 0 && u.isWellFormed() && utf8(u).length < 256,
    says("a text of 1 to 255 bytes"),
  ),
).pipe(
  Schema.filter(
    (names) => names.reduce((sum, name) => sum + 1 + utf8(name).length, 0) < 2 ** 16,
    says("a list of at most 65,535 bytes, with one for the length of each"),
  ),
);

/** Whether a server asks for a certificate. */
export const clientAuthOption = word("none", "request", "require");

// -- decoding --

/** What members are there is known: another one is a slip of the pen, and what it meant would not hold. */
const STRICT = { onExcessProperty: "error", exact: true } as const;

/** Decodes options; `name` is where they stand. The first thing that is wrong is told, by its path. */
export const decodeOption = <A, I>(schema: Schema.Schema<A, I>, name = "options") => {
  const decode = ParseResult.decodeUnknownEither(schema, STRICT);
  return (input: unknown): Either.Either<A, InvalidOption> => {
    try {
      return Either.mapLeft(decode(input), (issue) => told(name, innermost(issue, [])));
    } catch (thrown) {
      // By a getter of theirs.
      const got = `something that throws: ${wordsOfThrown(thrown)}`;
      return Either.left(new InvalidOption({ option: name, expected: "an object that can be read", got }));
    }
  };
};

/** What is wrong, and where. */
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
  const fault = isEmpty ? "is empty, where at least one is wanted" : message;
  return { path, expected: wordsOf(ast), got: shown(actual), ...(fault === undefined ? {} : { fault }) };
};

/** A list that may be of some lengths only. */
const isList = (ast: SchemaAST.AST): boolean => ast._tag === "Refinement" && SchemaAST.isTupleType(ast.from);

const missing = (path: Fault["path"], around: SchemaAST.AST | undefined): Fault => {
  const expected = wordsOf(memberOf(around, path));
  const otherwise = around && Option.getOrUndefined(SchemaAST.getDocumentationAnnotation(around));
  return {
    path,
    expected,
    got: "nothing",
    fault: otherwise ? `is missing; ${otherwise}` : `is missing, where ${expected} is wanted`,
  };
};

const unexpected = (path: Fault["path"], around: SchemaAST.AST | undefined): Fault => {
  const names = namesIn(around);
  const near = nearest(String(path.at(-1)), names);
  return {
    path,
    expected: `a member of the name ${listed(names)}`,
    got: "another one",
    fault: `there is no such option; ${
      near === undefined ? `there are ${listed(names, "and")}` : `did you mean ${near}?`
    }`,
  };
};

/** The name that was meant, if one is near: what differs is a third of it at most. */
const nearest = (name: string, names: ReadonlyArray<string>): string | undefined => {
  if (name.length > 64) return undefined; // what is no name costs nothing
  const [best] = names.map((one) => [one, distance(name.toLowerCase(), one.toLowerCase())] as const)
    .sort(([, a], [, b]) => a - b);
  return best && best[1] <= Math.max(1, best[0].length / 3) ? best[0] : undefined;
};

/** How many letters are to be put in, left out or changed to make one word of another (Levenshtein). */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
};

const namesIn = (ast: SchemaAST.AST | undefined): ReadonlyArray<string> =>
  ast?._tag === "TypeLiteral" ? ast.propertySignatures.map(({ name }) => String(name)) : [];

const memberOf = (ast: SchemaAST.AST | undefined, path: Fault["path"]): SchemaAST.AST | undefined =>
  ast?._tag === "TypeLiteral"
    ? ast.propertySignatures.find(({ name }) => name === path.at(-1))?.type
    : undefined;

/** What a Schema allows, as it says itself. */
const wordsOf = (ast: SchemaAST.AST | undefined): string => {
  if (ast === undefined) return "a value";
  const own = SchemaAST.getDescriptionAnnotation(ast);
  if (Option.isSome(own) && !SchemaAST.isStringKeyword(ast)) return own.value;
  if (ast._tag === "Union") {
    return listed(ast.types.filter((t) => !SchemaAST.isUndefinedKeyword(t)).map(wordsOf));
  }
  return ast._tag === "TypeLiteral"
    ? "an object"
    : ast._tag === "TupleType"
    ? "a list"
    : "a value of its type";
};

/** What came, in a few printable characters; never what is in an object. */
export const shown = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return value.length > 40 ? `a text of ${value.length} characters` : JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      return Array.isArray(value)
        ? `a list of ${value.length}`
        : ArrayBuffer.isView(value)
        ? `${value.byteLength} bytes`
        : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
};
