/**
 * Compiles a layout into a decoder, an encoder and a tracer. Closures, no generated code.
 *
 * Inside, a fault is thrown without a stack and gathers its path while it unwinds, so that the good path pays nothing
 * for diagnostics; at the edge it is a typed error. Decoded byte strings are views of what was given to `decode`:
 * whoever gives the bytes may not change them afterwards.
 *
 * @module
 */
import { Either, type ParseResult, Schema } from "../deps.ts";
import type { Bytes } from "./bytes.ts";
import { DecodeError, EncodeError } from "./errors.ts";
import { Fault } from "./fault.ts";
import { layoutOf, tagOf } from "./layout.ts";
import { type Read, Reader, reader } from "./reader.ts";
import type { Span } from "./span.ts";
import { Writer, writer } from "./writer.ts";

/** What one declaration gives. */
export interface Codec<A, I = unknown> {
  /** Reads a whole value; bytes left over are an error. */
  readonly decode: (bytes: Bytes) => Either.Either<A, DecodeError>;
  /** Writes a value, checking every bound. */
  readonly encode: (value: A) => Either.Either<Bytes, EncodeError>;
  /**
   * As `encode`, but throws the EncodeError: for values made here, whose bounds are known to hold. In front of them
   * `room` bytes are left, zero.
   */
  readonly unsafeEncode: (value: A, room?: number) => Bytes;
  /** Which bytes are which member; as far as it goes when the bytes cannot be read to the end. */
  readonly spans: (bytes: Bytes) => ReadonlyArray<Span>;
  /** JSON: numbers by their registered names, bytes in hexadecimal. */
  readonly json: {
    readonly encode: (value: A) => I;
    readonly decode: (json: unknown) => Either.Either<A, ParseResult.ParseError>;
  };
}

const codecs = new WeakMap<object, Codec<never, never>>();

/** The codec of a Schema; compiled when first asked for and then kept. Throws a TypeError for a schema without layout. */
export const codec = <A, I>(schema: Schema.Schema<A, I>): Codec<A, I> => {
  const known = codecs.get(schema);
  if (known) return known as unknown as Codec<A, I>;
  const made = compile(schema);
  codecs.set(schema, made as unknown as Codec<never, never>);
  return made;
};

/** Reads a value of `schema`. */
export const decode = <A, I>(schema: Schema.Schema<A, I>, bytes: Bytes): Either.Either<A, DecodeError> =>
  codec(schema).decode(bytes);

/** Writes a value of `schema`. */
export const encode = <A, I>(schema: Schema.Schema<A, I>, value: A): Either.Either<Bytes, EncodeError> =>
  codec(schema).encode(value);

/** Says which bytes are which member of `schema`. */
export const spans = <A, I>(schema: Schema.Schema<A, I>, bytes: Bytes): ReadonlyArray<Span> =>
  codec(schema).spans(bytes);

/** The JSON form of a value of `schema`. */
export const json = <A, I>(schema: Schema.Schema<A, I>, value: A): I => codec(schema).json.encode(value);

/** How a message class, which is a `Schema.TaggedClass`, makes its values of members `P`. */
export interface Constructor<A, P> {
  /** Makes a value of the class. */
  new (members: P, trusted: boolean): A;
  /** The tag of its values. */
  readonly _tag: string;
}

/**
 * Makes a trusted value of a message class without validating it (which costs up to 100 µs): the encoder checks. It is
 * what the class's constructor makes, but for members that have a default and fields that the class adds, which are
 * left out: the messages here have none.
 */
export const make = <A, P>(Class: Constructor<A, P>, members: NoInfer<P>): A =>
  Object.assign(Object.create(Class.prototype), members, { _tag: Class._tag });

const compile = <A, I>(schema: Schema.Schema<A, I>): Codec<A, I> => {
  const layout = layoutOf(schema);
  const subject = tagOf(layout) ?? (layout.kind === "uint" ? layout.name : undefined) ?? layout.kind;
  const prototype = "prototype" in schema ? schema.prototype as object : Object.prototype;
  const read = reader(layout, false, prototype);
  const write = writer(layout);
  const whole = (r: Reader, of: Read): A => {
    const value = of(r);
    if (r.position !== r.end) throw new Fault(r.position, `${r.end - r.position} bytes left over`);
    return value;
  };
  const unsafeEncode = (value: A, room = 0): Bytes => {
    scratch.length = room;
    try {
      write(scratch, value);
      return scratch.bytes.slice(0, scratch.length);
    } catch (e) {
      if (e instanceof Fault) throw new EncodeError({ subject, path: e.path.join("."), reason: e.reason });
      throw e;
    } finally {
      scratch.bytes.fill(0, 0, scratch.length); // a session's encoding holds its master secret
    }
  };
  let traced: Read | undefined;
  return {
    decode: (bytes) => {
      try {
        return Either.right(whole(new Reader(bytes), read));
      } catch (e) {
        if (!(e instanceof Fault)) throw e;
        return Either.left(
          new DecodeError({ subject, path: e.path.join("."), offset: e.offset, reason: e.reason }),
        );
      }
    },
    encode: (value) => {
      try {
        return Either.right(unsafeEncode(value));
      } catch (e) {
        if (e instanceof EncodeError) return Either.left(e);
        throw e;
      }
    },
    unsafeEncode,
    spans: (bytes) => {
      const r = new Reader(bytes);
      r.trace = { path: [], spans: [] };
      try {
        whole(r, traced ??= reader(layout, true, prototype));
      } catch (e) {
        if (!(e instanceof Fault)) throw e;
      }
      return r.trace.spans.filter((s) => s !== undefined);
    },
    json: {
      encode: Schema.encodeSync(schema),
      decode: Schema.decodeUnknownEither(schema),
    },
  };
};

/** Encoding is synchronous and never nests, so one scratch buffer serves all. */
const scratch = new Writer();
