/**
 * Combinators that declare ASN.1 types; each declaration is a reader of DER (X.690 §10).
 *
 * Anything but DER is refused: indefinite or overlong lengths, integers and object identifiers with superfluous
 * leading bytes, booleans other than 0 and 255, unused bits that are set, and bytes left over. No declaration refers
 * to itself, which bounds the depth. Byte strings are views of the input. The cost depends on the number of values
 * rather than bytes, so their number is limited.
 *
 * @module
 */
import { Data, Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The bytes are not DER of the expected type. */
export class DerError extends Data.TaggedError("DerError")<{
  /** The member that could not be decoded, e.g. `Certificate.tbsCertificate.validity.notAfter`. */
  readonly path: string;
  /** The offset of the fault in the bytes. */
  readonly offset: number;
  readonly reason: string;
}> {
  /** What happened, in one sentence. */
  override get message(): string {
    return `${this.path}, byte ${this.offset}: ${this.reason}`;
  }
}

/** A declared ASN.1 type. */
export interface Der<A> {
  /** Whether a value of the type can begin with this tag. */
  readonly accepts: (tag: number) => boolean;
  readonly read: (r: Reader) => A;
}

/** A type with exactly one tag, so that IMPLICIT can replace it. */
export interface Tagged<A> extends Der<A> {
  readonly tag: number;
  /** Decodes the content, which reaches to the end of `r`. */
  readonly content: (r: Reader) => A;
}

/** The TypeScript type of a declaration. */
export type TypeOf<D> = D extends Der<infer A> ? A : never;

/** Decodes a whole value. Fails with DerError; `subject` begins the error's path. */
export const decodeDer = <A>(subject: string, shape: Der<A>, bytes: Bytes): Either.Either<A, DerError> => {
  const r = new Reader(bytes, 0, bytes.length);
  try {
    const value = shape.read(r);
    r.finish();
    return Either.right(value);
  } catch (e) {
    if (!(e instanceof Fault)) throw e;
    const path = [subject, ...e.path].join(".");
    return Either.left(new DerError({ path, offset: e.offset, reason: e.reason }));
  }
};

/** A decoding fault. It never leaves the decoder. Not an Error: a stack would cost more than the message. */
export class Fault {
  readonly path: Array<string> = [];
  constructor(readonly offset: number, readonly reason: string) {}
}

/** The most tagged values in one input. A certificate with 16,000 names would have that many; none does. */
const MOST_VALUES = 16_384;

/** A position in the bytes, and the end of the enclosing value. */
export class Reader {
  #values = 0;
  constructor(readonly bytes: Bytes, public position: number, public end: number) {}

  /** The next tag; -1 at the end. */
  get next(): number {
    return this.position < this.end ? this.bytes[this.position]! : -1;
  }
  get more(): boolean {
    return this.position < this.end;
  }
  fail(reason: string, at = this.position): never {
    throw new Fault(at, reason);
  }
  finish(): void {
    if (this.more) this.fail(`${this.end - this.position} bytes left over`);
  }
  /** The remaining bytes of the enclosing value. */
  rest(): Bytes {
    const from = this.position;
    this.position = this.end;
    return this.bytes.subarray(from, this.end);
  }
  /** Reads a value's tag and length, then its content with `of`, which must consume all of it. */
  within<A>(of: (r: Reader) => A, tag: number = this.next): A {
    const { bytes, end, position: start } = this;
    if (this.next !== tag || tag < 0) this.fail(`expected tag ${hex(tag)}, got ${hex(this.next)}`);
    if ((tag & 0x1f) === 0x1f) this.fail("a tag of more than one byte");
    if (end - start < 2) this.fail("no length");
    if (++this.#values > MOST_VALUES) this.fail(`more than ${MOST_VALUES} values`);
    let length = bytes[start + 1]!;
    this.position = start + 2;
    if (length >= 0x80) length = this.longLength(length & 0x7f);
    if (length > end - this.position) {
      this.fail(`length ${length}, but ${end - this.position} bytes are left`, start);
    }
    this.end = this.position + length;
    const value = of(this);
    this.finish();
    this.end = end;
    return value;
  }
  /** Reads the last `length` bytes once more, with `of`, which must consume all of them. */
  again<A>(length: number, of: (r: Reader) => A): A {
    const { end, position } = this;
    this.position -= length;
    this.end = position;
    const value = of(this);
    this.finish();
    this.end = end;
    return value;
  }
  private longLength(octets: number): number {
    const start = this.position;
    if (octets === 0) this.fail("an indefinite length");
    if (octets > 3) this.fail("a length of more than 3 bytes");
    if (octets > this.end - start) this.fail("half a length");
    let length = 0;
    while (this.position < start + octets) length = length << 8 | this.bytes[this.position++]!;
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) this.fail("a length that is not minimal", start);
    return length;
  }
}

const hex = (tag: number) => tag < 0 ? "the end" : `0x${tag.toString(16).padStart(2, "0")}`;

/** Declares a type with one tag and a reader of its content. */
export const tagged = <A>(tag: number, content: (r: Reader) => A): Tagged<A> => ({
  tag,
  content,
  accepts: (t) => t === tag,
  read: (r) => r.within(content, tag),
});

/** Any single value: its tag, its content, and all of its bytes. */
export const any: Der<{ readonly tag: number; readonly content: Bytes; readonly raw: Bytes }> = {
  accepts: (tag) => tag >= 0,
  read: (r) => {
    const start = r.position;
    const tag = r.next;
    const content = r.within((inner) => inner.rest());
    return { tag, content, raw: r.bytes.subarray(start, r.position) };
  },
};

/** Reads the declared members in order. */
export const members = <S extends Record<string, Der<unknown>>>(
  shape: S,
): (r: Reader) => { readonly [K in keyof S]: TypeOf<S[K]> } => {
  const fields = Object.entries(shape);
  return (r) => {
    const out: Record<string, unknown> = {};
    for (const [name, field] of fields) {
      try {
        out[name] = field.read(r);
      } catch (e) {
        if (e instanceof Fault) e.path.unshift(name);
        throw e;
      }
    }
    return out as { readonly [K in keyof S]: TypeOf<S[K]> };
  };
};

/** `SEQUENCE { … }`. */
export const sequence = <S extends Record<string, Der<unknown>>>(shape: S) => tagged(0x30, members(shape));

const listOf = (tag: number) => <A>(of: Der<A>, min = 1) =>
  tagged(tag, (r) => {
    const out: Array<A> = [];
    try {
      while (r.more) out.push(of.read(r));
    } catch (e) {
      if (e instanceof Fault) e.path.unshift(String(out.length));
      throw e;
    }
    return out.length >= min ? out as ReadonlyArray<A> : r.fail("an empty list");
  });

/** `SEQUENCE SIZE (min..MAX) OF`. */
export const sequenceOf = listOf(0x30);
/** `SET SIZE (min..MAX) OF`. The order of the members is not checked, because real names violate it. */
export const setOf = listOf(0x31);

/** `[n] EXPLICIT`. */
export const explicit = <A>(n: number, of: Der<A>) => tagged(0xa0 | n, of.read);

/** `[n] IMPLICIT`. */
export const implicit = <A>(n: number, of: Tagged<A>) => tagged(0x80 | of.tag & 0x20 | n, of.content);

/** `OPTIONAL`: `undefined` when it is not there. */
export const optional = <A>(of: Der<A>): Der<A | undefined> => ({
  accepts: () => true,
  read: (r) => of.accepts(r.next) ? of.read(r) : undefined,
});

/** `DEFAULT`. DER omits a default value. An explicit one is accepted anyway: older CAs encoded `cA FALSE`. */
export const withDefault = <A>(of: Der<A>, value: A): Der<A> => map(optional(of), (a) => a ?? value);

/** `CHOICE`: the first alternative that accepts the tag. */
export const choice = <const D extends ReadonlyArray<Der<unknown>>>(...of: D): Der<TypeOf<D[number]>> => ({
  accepts: (tag) => of.some((one) => one.accepts(tag)),
  read: (r) =>
    (of.find((one) => one.accepts(r.next)) ?? r.fail(`tag ${hex(r.next)} is no choice`))
      .read(r) as TypeOf<D[number]>,
});

/** An `OCTET STRING`, or a value of another `tag`, whose content is itself a value. */
export const containing = <A>(of: Der<A>, tag = 0x04) => tagged(tag, of.read);

/** Transforms a decoded value; `fail` refuses it. */
export const map = <A, B>(of: Der<A>, f: (value: A, fail: (reason: string) => never) => B): Der<B> => ({
  accepts: of.accepts,
  read: (r) => {
    const start = r.position;
    return f(of.read(r), (reason) => r.fail(reason, start));
  },
});

/** A value together with its encoded bytes. */
export const withRaw = <A>(of: Der<A>): Der<{ readonly value: A; readonly raw: Bytes }> => ({
  accepts: of.accepts,
  read: (r) => {
    const start = r.position;
    const value = of.read(r);
    return { value, raw: r.bytes.subarray(start, r.position) };
  },
});
