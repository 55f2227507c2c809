/**
 * Compiles a layout to a closure that encodes it and checks every bound. Faults are thrown (`Fault`), as in the
 * reader.
 *
 * @module
 */
import { ascii, type Bytes } from "./bytes.ts";
import { Fault, inside } from "./fault.ts";
import { type Bounds, type Layout, tagOf, type Width } from "./layout.ts";

// A value's type is set by its Schema; these closures cannot name it.
// deno-lint-ignore no-explicit-any
type Value = any;

/** Appends a value to what was written. */
export type Write = (w: Writer, value: Value) => void;

/** A buffer that grows. */
export class Writer {
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
  /** Reserves first and reads `bytes` afterwards, because growing replaces the buffer. */
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

const checkLength = (
  w: Writer,
  n: number,
  { min, max }: { readonly min: number; readonly max: number },
): void => {
  if (n < min || n > max) throw new Fault(w.length, `length ${n} is outside <${min}..${max}>`);
};

/** Compiles the writer of a layout. */
export const writer = (layout: Layout): Write => {
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
