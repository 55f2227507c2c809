/** Chance that a seed determines: fast, and never safe. @module */
import type { Bytes } from "../../src/wire/bytes.ts";

/** A number of 32 bits for each list of words (FNV-1a, and a last stir). */
export const seedOf = (...words: ReadonlyArray<string | number>): number => {
  let h = 0x811c9dc5;
  for (const word of words) {
    for (const c of `${word}\n`) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193);
  }
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b);
  return (h ^ h >>> 13) >>> 0;
};

/** One stream of chance (mulberry32). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  /** A whole number from 0 up to, and without, `n`. */
  below(n: number): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let t = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * n);
  }
  /** Whether, once in so many times. */
  once(inHowMany: number): boolean {
    return this.below(inHowMany) === 0;
  }
  pick<A>(from: ReadonlyArray<A>): A {
    return from[this.below(from.length)]!;
  }
  bytes(length: number): Bytes {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
