/**
 * Compiles a layout into a decoder, an encoder and a tracer, as closures: no code is generated.
 *
 * Inside, a fault is thrown without a stack and collects its path while it unwinds, so that diagnostics cost nothing
 * when all is well. Callers get a typed error. Decoded byte strings are views of the bytes given to `decode`, so
 * those bytes must not change afterwards.
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

/** Encodes and decodes the values of one Schema. */
export interface Codec<A, I = unknown> {
  /** Decodes a whole value. Fails with DecodeError, also when bytes are left over. */
  readonly decode: (bytes: Bytes) => Either.Either<A, DecodeError>;
  /** Encodes a value. Fails with EncodeError when a member is out of bounds. */
  readonly encode: (value: A) => Either.Either<Bytes, EncodeError>;
  /**
   * Encodes a value and throws EncodeError when a member is out of bounds: for values whose bounds are known to hold.
   * The result begins with `room` zero bytes, 0 unless given.
   */
  readonly unsafeEncode: (value: A, room?: number) => Bytes;
  /** Lists which bytes hold which member. When the bytes are malformed, lists the members before the fault. */
  readonly spans: (bytes: Bytes) => ReadonlyArray<Span>;
  /** The JSON form: numbers by their registered names, bytes in hexadecimal. */
  readonly json: {
    readonly encode: (value: A) => I;
    readonly decode: (json: unknown) => Either.Either<A, ParseResult.ParseError>;
  };
}

const codecs = new WeakMap<object, Codec<never, never>>();

/** The codec of a Schema, compiled on first use and then cached. Throws TypeError for a Schema without a layout. */
export const codec = <A, I>(schema: Schema.Schema<A, I>): Codec<A, I> => {
  const known = codecs.get(schema);
  if (known) return known as unknown as Codec<A, I>;
  const made = compile(schema);
  codecs.set(schema, made as unknown as Codec<never, never>);
  return made;
};

/** Decodes a value of `schema`. Fails with DecodeError, also when bytes are left over. */
export const decode = <A, I>(schema: Schema.Schema<A, I>, bytes: Bytes): Either.Either<A, DecodeError> =>
  codec(schema).decode(bytes);

/** Encodes a value of `schema`. Fails with EncodeError when a member is out of bounds. */
export const encode = <A, I>(schema: Schema.Schema<A, I>, value: A): Either.Either<Bytes, EncodeError> =>
  codec(schema).encode(value);

/** Lists which bytes hold which member of `schema`. When they are malformed, lists the members before the fault. */
export const spans = <A, I>(schema: Schema.Schema<A, I>, bytes: Bytes): ReadonlyArray<Span> =>
  codec(schema).spans(bytes);

/** The JSON form of a value of `schema`. */
export const json = <A, I>(schema: Schema.Schema<A, I>, value: A): I => codec(schema).json.encode(value);

/** A message class (a `Schema.TaggedClass`), whose constructor takes the members `P`. */
export interface Constructor<A, P> {
  /** Creates a value of the class. */
  new (members: P, trusted: boolean): A;
  /** The tag of the class's values. */
  readonly _tag: string;
}

/**
 * Creates a value of a message class without validating it, which would cost up to 100 µs; the encoder checks its
 * bounds. Default values and fields added by the class are left out: the messages of this library have none.
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
      scratch.bytes.fill(0, 0, scratch.length); // an encoded session holds its master secret
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

/** Encoding is synchronous and never nests, so all codecs share one scratch buffer. */
const scratch = new Writer();
