/** Bytes made into other bytes: by chance, and by what is known of their structure. @module */
import type { Schema } from "../deps.ts";
import { type Bytes, concat, EMPTY } from "../../src/wire/bytes.ts";
import { codec } from "../../src/wire/codec.ts";
import type { Span } from "../../src/wire/span.ts";
import type { Random } from "./random.ts";

/** A run of bytes whose length stands before it: the field begins `at`, is so wide, and counts up to `end`. */
interface Box {
  readonly at: number;
  readonly width: number;
  readonly end: number;
}

/** What is known of some bytes. */
export interface Anatomy {
  readonly boxes: ReadonlyArray<Box>;
  /** Members, and members of members. */
  readonly parts: ReadonlyArray<Pick<Span, "start" | "end">>;
}

/** Bytes, and what is known of them. */
export interface Specimen {
  readonly bytes: Bytes;
  readonly anatomy: Anatomy;
}

const widthOf = ({ start, end, kind, value, path }: Span, all: ReadonlyArray<Span>): number => {
  if (kind === "opaque" || kind === "text") return end - start - (value as { length: number }).length;
  if (kind !== "vector" && kind !== "extensions" && kind !== "optional") return 0;
  const first = all.find((one) => one.path.startsWith(`${path}.`));
  return first ? first.start - start : Math.min(2, end - start);
};

/** The anatomy of a message, as its schema says it; `before`: so many bytes precede it. */
export const anatomyOf = <A, I>(schema: Schema.Schema<A, I>, bytes: Bytes, before = 0): Anatomy => {
  const all = codec(schema).spans(bytes);
  const boxes = all.flatMap((span): ReadonlyArray<Box> => {
    const { start, end, kind, path } = span;
    // The type and the length of an extension.
    if (kind === "struct" && /(^|\.)extensions\.[^.]+$/.test(path)) {
      return [{ at: start + 2 + before, width: 2, end: end + before }];
    }
    const width = widthOf(span, all);
    return width >= 1 && width <= 3 ? [{ at: start + before, width, end: end + before }] : [];
  });
  const shifted = (n: number) => n + before;
  return { boxes, parts: all.map(({ start, end }) => ({ start: shifted(start), end: shifted(end) })) };
};

const INTERESTING = [
  0,
  1,
  2,
  3,
  4,
  0x7f,
  0x80,
  0xfe,
  0xff,
  0x100,
  0x3fff,
  0x4000,
  0x4001,
  0x7fff,
  0x8000,
  0xffff,
  0x10000,
  0xffffff,
];

const putNumber = (bytes: Bytes, at: number, width: number, value: number): void => {
  for (let i = width - 1; i >= 0; i--, value = Math.floor(value / 256)) {
    if (at + i < bytes.length) bytes[at + i] = value & 255;
  }
};

const numberAt = (bytes: Bytes, at: number, width: number): number => {
  let n = 0;
  for (let i = 0; i < width; i++) n = n * 256 + (bytes[at + i] ?? 0);
  return n;
};

/** Puts other bytes in the place of some, and tells all lengths around of it. */
const replaced = ({ bytes, anatomy }: Specimen, start: number, end: number, by: Bytes): Bytes => {
  const out = concat(bytes.subarray(0, start), by, bytes.subarray(end));
  const grown = by.length - (end - start);
  for (const { at, width, end: last } of anatomy.boxes) {
    if (at + width <= start && end <= last) putNumber(out, at, width, numberAt(bytes, at, width) + grown);
  }
  return out;
};

type Mutation = (specimen: Specimen, random: Random, other: () => Specimen) => Bytes;

const part = ({ anatomy, bytes }: Specimen, random: Random) =>
  anatomy.parts.length > 0 ? random.pick(anatomy.parts) : { start: 0, end: bytes.length };

const flip: Mutation = ({ bytes }, random) => {
  const out = bytes.slice();
  if (out.length > 0) out[random.below(out.length)]! ^= 1 << random.below(8);
  return out;
};
const put: Mutation = ({ bytes }, random) => {
  const out = bytes.slice();
  if (out.length > 0) putNumber(out, random.below(out.length), 1 + random.below(3), random.pick(INTERESTING));
  return out;
};
const truncate: Mutation = ({ bytes }, random) => bytes.slice(0, random.below(bytes.length + 1));
const extend: Mutation = ({ bytes }, random) => concat(bytes, random.bytes(1 + random.below(8)));
const repeat: Mutation = ({ bytes }, random) => {
  const start = random.below(bytes.length + 1);
  const segment = bytes.subarray(start, start + 1 + random.below(32));
  const times = 1 + random.below(random.once(8) ? 64 : 4);
  return concat(
    bytes.subarray(0, start),
    ...Array.from({ length: times }, () => segment),
    bytes.subarray(start),
  );
};
const remove: Mutation = ({ bytes }, random) => {
  const start = random.below(bytes.length + 1);
  return concat(bytes.subarray(0, start), bytes.subarray(start + 1 + random.below(16)));
};
const splice: Mutation = ({ bytes }, random, other) => {
  const tail = other().bytes;
  return concat(
    bytes.subarray(0, random.below(bytes.length + 1)),
    tail.subarray(random.below(tail.length + 1)),
  );
};

/** A length field that is wrong: by one, by much, or as another one is. */
const length: Mutation = (specimen, random) => {
  const { bytes, anatomy: { boxes } } = specimen;
  if (boxes.length === 0) return put(specimen, random, () => specimen);
  const out = bytes.slice();
  const { at, width } = random.pick(boxes);
  const is = numberAt(bytes, at, width);
  const another = random.pick(boxes);
  const values = [
    is + 1,
    is - 1,
    is + random.below(9) - 4,
    random.pick(INTERESTING),
    numberAt(bytes, another.at, another.width),
  ];
  putNumber(out, at, width, Math.max(0, random.pick(values)));
  return out;
};
const swapLengths: Mutation = (specimen, random) => {
  const { bytes, anatomy: { boxes } } = specimen;
  if (boxes.length < 2) return length(specimen, random, () => specimen);
  const [a, b] = [random.pick(boxes), random.pick(boxes)];
  const out = bytes.slice();
  putNumber(out, a.at, a.width, numberAt(bytes, b.at, b.width));
  putNumber(out, b.at, b.width, numberAt(bytes, a.at, a.width));
  return out;
};
/** The rest keeps lengths that are right: what is judged is what stands there. */
const dropPart: Mutation = (specimen, random) => {
  const { start, end } = part(specimen, random);
  return replaced(specimen, start, end, EMPTY);
};
const doublePart: Mutation = (specimen, random) => {
  const { start, end } = part(specimen, random);
  return replaced(specimen, end, end, specimen.bytes.subarray(start, end));
};
const movePart: Mutation = (specimen, random) => {
  const [a, b] = [part(specimen, random), part(specimen, random)];
  return replaced(specimen, a.start, a.end, specimen.bytes.subarray(b.start, b.end));
};
const otherPart: Mutation = (specimen, random, other) => {
  const { start, end } = part(specimen, random);
  const from = other();
  const theirs = part(from, random);
  return replaced(specimen, start, end, from.bytes.subarray(theirs.start, theirs.end));
};
const noisePart: Mutation = (specimen, random) => {
  const { start, end } = part(specimen, random);
  const size = random.once(2) ? end - start : random.below(random.once(16) ? 2000 : 24);
  return replaced(specimen, start, end, random.bytes(size));
};
const bloatPart: Mutation = (specimen, random) => {
  const { start, end } = part(specimen, random);
  const one = specimen.bytes.subarray(start, end);
  const times = random.below(random.once(8) ? 400 : 12);
  return replaced(specimen, start, end, concat(...Array.from({ length: times }, () => one)));
};

/** What needs no more than bytes. */
const blind: ReadonlyArray<Mutation> = [flip, flip, put, truncate, extend, repeat, remove, splice];
const informed: ReadonlyArray<Mutation> = [
  ...[length, length, swapLengths, dropPart, doublePart, movePart, otherPart, noisePart, bloatPart],
];

/** As long as anything needs to be that tells something new. */
const MAX = 2 ** 17;

/** Other bytes, one change away or a few; in one case of sixteen the same. */
export const mutated = (specimen: Specimen, random: Random, other: () => Specimen): Bytes => {
  if (random.once(16)) return specimen.bytes;
  const known = specimen.anatomy.parts.length > 0;
  let bytes = random.pick(known && !random.once(3) ? informed : blind)(specimen, random, other);
  // After the first change nothing is known any more.
  while (random.once(3)) bytes = random.pick(blind)({ bytes, anatomy: UNKNOWN }, random, other);
  return bytes.length > MAX ? bytes.slice(0, MAX) : bytes;
};

/** Bytes of which nothing is known. */
export const UNKNOWN: Anatomy = { boxes: [], parts: [] };

/** Bytes in pieces. */
export const fragmented = (bytes: Bytes, random: Random): ReadonlyArray<Bytes> => {
  // Many pieces cost much, and tell little.
  const most = random.pick(bytes.length < 1000 ? [1, 3, 16, 200] : [64, 200, 20000]);
  const pieces: Array<Bytes> = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(most);
    pieces.push(bytes.slice(at, at + size));
    at += size;
  }
  return pieces;
};
