/**
 * The words in which ASN.1 types are declared here, each a reader of DER (X.690 §10).
 *
 * What is not DER is refused: lengths that are indefinite or longer than need be, integers and object identifiers
 * with idle leading bytes, booleans other than 0 and 255, bits set in what is unused, bytes left over. No declaration
 * refers to itself, so the depth is bounded by the declarations. Byte strings are views of what was given. What costs
 * is each value, not each byte, so that there may be so many of them and no more.
 *
 * @module
 */
import { Data, Either } from "../../deps.ts";
import type { Bytes } from "../../wire/bytes.ts";

/** The bytes are not DER of the declared type. */
export class DerError extends Data.TaggedError("DerError")<{
  /** The member that could not be read, e.g. `Certificate.tbsCertificate.validity.notAfter`. */
  readonly path: string;
  /** Where in the bytes. */
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
  /** Whether a value of it can begin with this tag. */
  readonly accepts: (tag: number) => boolean;
  readonly read: (r: Reader) => A;
}

/** A type with one tag, so that IMPLICIT can give it another. */
export interface Tagged<A> extends Der<A> {
  readonly tag: number;
  /** Reads the content; `r` ends with it. */
  readonly content: (r: Reader) => A;
}

/** The TypeScript type of a declaration. */
export type TypeOf<D> = D extends Der<infer A> ? A : never;

/** Reads a whole value; `subject` names it in errors. */
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

/** Thrown inside, never seen outside. No Error: a stack would cost more than the message. */
export class Fault {
  readonly path: Array<string> = [];
  constructor(readonly offset: number, readonly reason: string) {}
}

/** Values with a tag in what is read at once: as many as a certificate with 16,000 names has, which nobody has. */
const MOST_VALUES = 16_384;

/** A place in the bytes, and where the enclosing value ends. */
export class Reader {
  #values = 0;
  constructor(readonly bytes: Bytes, public position: number, public end: number) {}

  /** The tag that comes next, -1 at the end. */
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
  /** All that is left of the enclosing value. */
  rest(): Bytes {
    const from = this.position;
    this.position = this.end;
    return this.bytes.subarray(from, this.end);
  }
  /** Reads one value's tag and length, and its content by `of`, which must read all of it. */
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
  /** Reads so many of the bytes that were just passed again, by `of`, which must read all of them. */
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

/** A type with one tag and a reader of its content. */
export const tagged = <A>(tag: number, content: (r: Reader) => A): Tagged<A> => ({
  tag,
  content,
  accepts: (t) => t === tag,
  read: (r) => r.within(content, tag),
});

/** Any one value: its tag, its content, and all of its bytes. */
export const any: Der<{ readonly tag: number; readonly content: Bytes; readonly raw: Bytes }> = {
  accepts: (tag) => tag >= 0,
  read: (r) => {
    const start = r.position;
    const tag = r.next;
    const content = r.within((inner) => inner.rest());
    return { tag, content, raw: r.bytes.subarray(start, r.position) };
  },
};

/** The declared members, in their order. */
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
/** `SET SIZE (min..MAX) OF`; the order of the members is left unchecked, as real names break it. */
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

/**
 * `DEFAULT`. DER leaves a default out; one that is written nevertheless is taken, because old authorities wrote
 * `cA FALSE` and it says the same.
 */
export const withDefault = <A>(of: Der<A>, value: A): Der<A> => map(optional(of), (a) => a ?? value);

/** `CHOICE`: the first that accepts the tag. */
export const choice = <const D extends ReadonlyArray<Der<unknown>>>(...of: D): Der<TypeOf<D[number]>> => ({
  accepts: (tag) => of.some((one) => one.accepts(tag)),
  read: (r) =>
    (of.find((one) => one.accepts(r.next)) ?? r.fail(`tag ${hex(r.next)} is no choice`))
      .read(r) as TypeOf<D[number]>,
});

/** An `OCTET STRING` (or the like) whose content is itself a value. */
export const containing = <A>(of: Der<A>, tag = 0x04) => tagged(tag, of.read);

/** A value made into another; `fail` refuses it. */
export const map = <A, B>(of: Der<A>, f: (value: A, fail: (reason: string) => never) => B): Der<B> => ({
  accepts: of.accepts,
  read: (r) => {
    const start = r.position;
    return f(of.read(r), (reason) => r.fail(reason, start));
  },
});

/** A value together with its bytes. */
export const withRaw = <A>(of: Der<A>): Der<{ readonly value: A; readonly raw: Bytes }> => ({
  accepts: of.accepts,
  read: (r) => {
    const start = r.position;
    const value = of.read(r);
    return { value, raw: r.bytes.subarray(start, r.position) };
  },
});
