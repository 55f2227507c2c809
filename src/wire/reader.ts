/**
 * Compiles a layout to a closure that decodes it. Faults are thrown (`Fault`) and collect their path while they
 * unwind.
 *
 * @module
 */
import type { Bytes } from "./bytes.ts";
import { Fault, inside } from "./fault.ts";
import { type Bounds, type Layout, tagOf, type Width } from "./layout.ts";
import type { Span } from "./span.ts";

/** A position in the bytes being decoded, and the spans recorded on the way. */
export class Reader {
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
  /** Advances by `n` bytes and returns the offset of the first. Throws a Fault when fewer are left. */
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

// A value's type is set by its Schema; these closures cannot name it.
// deno-lint-ignore no-explicit-any
type Value = any;
/** Decodes a value at the reader's position. */
export type Read = (r: Reader) => Value;

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

/** Compiles the reader of a layout. A traced reader records spans. Structs get `prototype` as their prototype. */
export const reader = (layout: Layout, traced: boolean, prototype: object = Object.prototype): Read => {
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
  // The long lists of a hello hold one- and two-byte numbers. Reading such a list in one loop takes a third of the
  // time.
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

/** Wraps a reader so that it records its span; returns it unchanged unless `traced`. */
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
