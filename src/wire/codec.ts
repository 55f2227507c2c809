/**
 * Compiles a layout into a decoder, an encoder and a tracer. Closures, no generated code.
 *
 * Inside, a fault is thrown without a stack and gathers its path while it unwinds, so that the good path pays nothing
 * for diagnostics; at the edge it is a typed error. Decoded byte strings are views of what was given to `decode`:
 * whoever gives the bytes may not change them afterwards.
 *
 * @module
 */
import { Data, Either, type ParseResult, Schema } from "../deps.ts";
import { ascii, type Bytes } from "./bytes.ts";
import { type Bounds, type Layout, layoutOf, tagOf, type Width } from "./layout.ts";

/** The bytes are not a value of the declared type; the alert is `decode_error` (RFC 5246 §7.2.2). */
export class DecodeError extends Data.TaggedError("DecodeError")<{
  /** What was being read, e.g. `ClientHello`. */
  readonly subject: string;
  /** The member that could not be read, e.g. `extensions.2.groups`. */
  readonly path: string;
  /** Where in `subject`'s bytes. */
  readonly offset: number;
  readonly reason: string;
}> {
  override get message() {
    const where = this.path ? `${this.subject}.${this.path}` : this.subject;
    return `${where}, byte ${this.offset}: ${this.reason}`;
  }
}

/** A value that cannot be written, because a member is outside its declared bounds: a fault of this end. */
export class EncodeError extends Data.TaggedError("EncodeError")<{
  readonly subject: string;
  readonly path: string;
  readonly reason: string;
}> {
  override get message() {
    return `${this.path ? `${this.subject}.${this.path}` : this.subject}: ${this.reason}`;
  }
}

/** A named run of bytes, as an inspector shows it. */
export interface Span {
  readonly path: string;
  /** Offset of the first byte, and of the one after the last. */
  readonly start: number;
  readonly end: number;
  readonly kind: Layout["kind"];
  readonly value: unknown;
}

/** What one declaration gives. */
export interface Codec<A, I = unknown> {
  /** Reads a whole value; bytes left over are an error. */
  readonly decode: (bytes: Bytes) => Either.Either<A, DecodeError>;
  /** Writes a value, checking every bound. */
  readonly encode: (value: A) => Either.Either<Bytes, EncodeError>;
  /** As `encode`, but throws the EncodeError: for values made here, whose bounds are known to hold. */
  readonly unsafeEncode: (value: A) => Bytes;
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

/** Makes a trusted value of a message class without validating it (which costs up to 100 µs): the encoder checks. */
export const make = <A, P>(Class: new (props: P, trusted: boolean) => A, props: NoInfer<P>): A =>
  new Class(props, true);

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
  const unsafeEncode = (value: A): Bytes => {
    scratch.length = 0;
    try {
      write(scratch, value);
    } catch (e) {
      if (e instanceof Fault) throw new EncodeError({ subject, path: e.path.join("."), reason: e.reason });
      throw e;
    }
    return scratch.bytes.slice(0, scratch.length);
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

/** Thrown inside, never seen outside. No Error: a stack would cost more than the message. */
class Fault {
  readonly path: Array<string> = [];
  constructor(readonly offset: number, readonly reason: string) {}
}

const inside = (e: unknown, name: string): unknown => {
  if (e instanceof Fault) e.path.unshift(name);
  return e;
};

// -- reading --

class Reader {
  position = 0;
  end: number;
  trace: { readonly path: Array<string>; readonly spans: Array<Span | undefined> & Array<Span> } | undefined;
  readonly #buffer: ArrayBufferLike;
  readonly #base: number;
  constructor(readonly bytes: Bytes) {
    this.#buffer = bytes.buffer;
    this.#base = bytes.byteOffset;
    this.end = bytes.length;
  }
  /** Claims `n` bytes and says where they begin. */
  take(n: number): number {
    const at = this.position;
    if (n > this.end - at) throw new Fault(at, `${n} bytes wanted, ${this.end - at} left`);
    this.position = at + n;
    return at;
  }
  view(n: number): Bytes {
    const at = this.take(n);
    return new Uint8Array(this.#buffer, this.#base + at, n);
  }
}

// What is read and written has the type that the schema says; the closures between cannot name it.
// deno-lint-ignore no-explicit-any
type Value = any;
type Read = (r: Reader) => Value;
type Write = (w: Writer, value: Value) => void;

const readUint: Record<Width, (r: Reader) => number> = {
  1: (r) => r.bytes[r.take(1)]!,
  2: (r) => {
    const at = r.take(2), b = r.bytes;
    return b[at]! << 8 | b[at + 1]!;
  },
  3: (r) => {
    const at = r.take(3), b = r.bytes;
    return b[at]! << 16 | b[at + 1]! << 8 | b[at + 2]!;
  },
  4: (r) => {
    const at = r.take(4), b = r.bytes;
    return (b[at]! << 24 | b[at + 1]! << 16 | b[at + 2]! << 8 | b[at + 3]!) >>> 0;
  },
};

const readLength = ({ prefix, min, max }: Bounds): (r: Reader) => number => {
  const read = readUint[prefix];
  return (r) => {
    const at = r.position;
    const n = read(r);
    if (n < min || n > max) throw new Fault(at, `length ${n} is outside <${min}..${max}>`);
    if (n > r.end - r.position) throw new Fault(at, `length ${n}, but ${r.end - r.position} bytes are left`);
    return n;
  };
};

const reader = (layout: Layout, traced: boolean, prototype: object = Object.prototype): Read => {
  switch (layout.kind) {
    case "uint":
      return readUint[layout.width];
    case "constant":
      return () => layout.value;
    case "fixed":
      return (r) => r.view(layout.length);
    case "rest":
      return (r) => r.view(r.end - r.position);
    case "opaque": {
      const length = readLength(layout);
      return (r) => r.view(length(r));
    }
    case "text": {
      const length = readLength(layout);
      return (r) => String.fromCharCode(...r.view(length(r)));
    }
    case "optional": {
      const of = reader(layout.of, traced);
      return (r) => r.position === r.end ? undefined : of(r);
    }
    case "vector":
      return vectorReader(layout, traced);
    case "variant": {
      const cases = new Map([...layout.cases].map(([k, l]) => [k, reader(l, traced)]));
      const otherwise = reader(layout.otherwise, traced);
      const tag = readUint[layout.width];
      return (r) => {
        const at = r.position;
        const read = cases.get(tag(r)) ?? otherwise;
        r.position = at;
        return read(r);
      };
    }
    case "extensions":
      return extensionsReader(layout.cases, traced);
    case "struct": {
      const names = layout.fields.map((f) => f.name);
      const reads = layout.fields.map((f) =>
        tracing(reader(f.layout, traced), f.layout, traced, () => f.name)
      );
      const n = names.length;
      return (r) => {
        const out = Object.create(prototype) as Record<string, unknown>;
        let i = 0;
        try {
          for (; i < n; i++) out[names[i]!] = reads[i]!(r);
        } catch (e) {
          throw inside(e, names[i]!);
        }
        return out;
      };
    }
  }
};

const vectorReader = (layout: Extract<Layout, { kind: "vector" }>, traced: boolean): Read => {
  const length = readLength(layout);
  const { element } = layout;
  // The long lists of a hello are of one- and two-byte numbers; read at once they cost a third.
  if (!traced && element.kind === "uint" && element.width <= 2) {
    const two = element.width === 2;
    return (r) => {
      const n = length(r);
      if (two && n & 1) throw new Fault(r.position, `length ${n} is not a multiple of 2`);
      const b = r.bytes;
      const out = new Array<number>(two ? n >> 1 : n);
      let p = r.take(n);
      if (two) { for (let i = 0; i < out.length; i++, p += 2) out[i] = b[p]! << 8 | b[p + 1]!; }
      else for (let i = 0; i < n; i++) out[i] = b[p++]!;
      return out;
    };
  }
  let index = 0;
  const read = tracing(reader(element, traced), element, traced, () => String(index));
  return (r) => {
    const n = length(r);
    const outer = r.end;
    const end = r.end = r.position + n;
    const out: Array<unknown> = [];
    try {
      while (r.position < end) {
        index = out.length;
        out.push(read(r));
      }
    } catch (e) {
      throw inside(e, String(out.length));
    }
    r.end = outer;
    return out;
  };
};

const extensionsReader = (layouts: ReadonlyMap<number, Layout>, traced: boolean): Read => {
  const cases = new Map([...layouts].map(([type, l]) => [type, reader(l, traced)]));
  const length = readLength({ prefix: 2, min: 0, max: 0xffff });
  let name = "";
  const one: Read = (r) => {
    const b = r.bytes;
    const start = r.take(4);
    const type = b[start]! << 8 | b[start + 1]!;
    const n = b[start + 2]! << 8 | b[start + 3]!;
    if (n > r.end - r.position) {
      throw new Fault(start + 2, `length ${n}, but ${r.end - r.position} bytes are left`);
    }
    const read = cases.get(type);
    if (!read) return { _tag: "unknown", type, data: r.view(n) };
    const outer = r.end;
    r.end = r.position + n;
    const value = read(r);
    if (r.position !== r.end) throw new Fault(r.position, `${r.end - r.position} bytes left over`);
    r.end = outer;
    return value;
  };
  const read = tracing(one, { kind: "struct", fields: [] }, traced, () => name);
  return (r) => {
    const n = length(r);
    const outer = r.end;
    const end = r.end = r.position + n;
    const out: Array<unknown> = [];
    const seen = new Set<number>();
    try {
      while (r.position < end) {
        const at = r.position;
        const type = end - at < 2 ? -1 : r.bytes[at]! << 8 | r.bytes[at + 1]!;
        if (seen.has(type)) throw new Fault(at, `extension ${type} comes twice`);
        seen.add(type);
        if (traced) name = tagOf(layouts.get(type) ?? { kind: "rest" }) ?? `unknown(${type})`;
        out.push(read(r));
      }
    } catch (e) {
      throw inside(e, String(out.length));
    }
    r.end = outer;
    return out;
  };
};

/** In a traced reader, notes what was read where; else the reader itself. */
const tracing = (read: Read, layout: Layout, traced: boolean, name: () => string): Read => {
  if (!traced || layout.kind === "constant") return read;
  return (r) => {
    const { path, spans } = r.trace!;
    const start = r.position;
    path.push(name());
    const slot = spans.push(undefined as unknown as Span) - 1;
    const at = path.join(".");
    const value = read(r);
    if (layout.kind !== "optional" || value !== undefined) {
      spans[slot] = { path: at, start, end: r.position, kind: layout.kind, value };
    }
    path.pop();
    return value;
  };
};

// -- writing --

class Writer {
  bytes: Bytes = new Uint8Array(512);
  length = 0;
  reserve(n: number): number {
    const at = this.length;
    if (at + n > this.bytes.length) {
      const next = new Uint8Array(Math.max(this.bytes.length * 2, at + n));
      next.set(this.bytes);
      this.bytes = next;
    }
    this.length = at + n;
    return at;
  }
  /** Reserves before it reads `bytes`: growing replaces the buffer. */
  raw(b: Bytes): void {
    const at = this.reserve(b.length);
    this.bytes.set(b, at);
  }
  put(at: number, width: Width, n: number): void {
    const b = this.bytes;
    switch (width) {
      case 4:
        b[at] = n >>> 24, b[at + 1] = n >>> 16, b[at + 2] = n >>> 8, b[at + 3] = n;
        return;
      case 3:
        b[at] = n >>> 16, b[at + 1] = n >>> 8, b[at + 2] = n;
        return;
      case 2:
        b[at] = n >>> 8, b[at + 1] = n;
        return;
      case 1:
        b[at] = n;
    }
  }
}

/** Encoding is synchronous and never nests, so one scratch buffer serves all. Secrets are not messages: none stays. */
const scratch = new Writer();

const checkLength = (
  w: Writer,
  n: number,
  { min, max }: { readonly min: number; readonly max: number },
): void => {
  if (n < min || n > max) throw new Fault(w.length, `length ${n} is outside <${min}..${max}>`);
};

const writer = (layout: Layout): Write => {
  switch (layout.kind) {
    case "uint": {
      const { width } = layout;
      const max = 2 ** (8 * width) - 1;
      return (w, v: number) => {
        if (!(Number.isInteger(v) && v >= 0 && v <= max)) {
          throw new Fault(w.length, `${v} is no uint${8 * width}`);
        }
        const at = w.reserve(width);
        w.put(at, width, v);
      };
    }
    case "constant":
      return () => {};
    case "fixed": {
      const bounds = { min: layout.length, max: layout.length };
      return (w, v: Bytes) => (checkLength(w, v.length, bounds), w.raw(v));
    }
    case "rest":
      return (w, v: Bytes) => w.raw(v);
    case "opaque":
      return (w, v: Bytes) => {
        checkLength(w, v.length, layout);
        const at = w.reserve(layout.prefix + v.length);
        w.put(at, layout.prefix, v.length);
        w.bytes.set(v, at + layout.prefix);
      };
    case "text":
      return (w, v: string) => {
        checkLength(w, v.length, layout);
        if (/[^\0-\xff]/.test(v)) throw new Fault(w.length, "a character that is no byte");
        const at = w.reserve(layout.prefix);
        w.put(at, layout.prefix, v.length);
        w.raw(ascii(v));
      };
    case "optional": {
      const of = writer(layout.of);
      return (w, v) => v === undefined ? undefined : of(w, v);
    }
    case "vector": {
      const write = writer(layout.element);
      return (w, v: ReadonlyArray<unknown>) => {
        const at = w.reserve(layout.prefix);
        let i = 0;
        try {
          for (; i < v.length; i++) write(w, v[i]);
        } catch (e) {
          throw inside(e, String(i));
        }
        const n = w.length - at - layout.prefix;
        checkLength(w, n, layout);
        w.put(at, layout.prefix, n);
      };
    }
    case "variant": {
      const cases = new Map([...layout.cases].map(([k, l]) => [k, writer(l)]));
      const otherwise = writer(layout.otherwise);
      return (w, v) => (cases.get(v[layout.on]) ?? otherwise)(w, v);
    }
    case "extensions":
      return extensionsWriter(layout.cases);
    case "struct": {
      const names = layout.fields.map((f) => f.name);
      const writes = layout.fields.map((f) => writer(f.layout));
      return (w, v) => {
        let i = 0;
        try {
          for (; i < names.length; i++) writes[i]!(w, v[names[i]!]);
        } catch (e) {
          throw inside(e, names[i]!);
        }
      };
    }
  }
};

const extensionsWriter = (layouts: ReadonlyMap<number, Layout>): Write => {
  const cases = new Map([...layouts].map(([type, l]) => [tagOf(l), { type, write: writer(l) }]));
  const bounds: Bounds = { prefix: 2, min: 0, max: 0xffff };
  return (w, v: ReadonlyArray<Value>) => {
    const start = w.reserve(2);
    let i = 0;
    try {
      for (; i < v.length; i++) {
        const known = cases.get(v[i]._tag);
        const at = w.reserve(4);
        w.put(at, 2, known ? known.type : v[i].type);
        if (known) known.write(w, v[i]);
        else w.raw(v[i].data);
        checkLength(w, w.length - at - 4, bounds);
        w.put(at + 2, 2, w.length - at - 4);
      }
    } catch (e) {
      throw inside(e, String(i));
    }
    checkLength(w, w.length - start - 2, bounds);
    w.put(start, 2, w.length - start - 2);
  };
};
