/** Verdicts that are remembered, so that a peer that is met again costs no signature. @module */
import type { CryptoService } from "../../ports/crypto.ts";
import type { Verdict, Verification } from "../../ports/trust.ts";
import { type Bytes, EMPTY, toHex, utf8 } from "../../wire/bytes.ts";

interface Remembered {
  readonly verdict: Verdict;
  /** When the chain was judged, in seconds since the epoch: at an earlier time it may not have been valid yet. */
  readonly from: number;
}

/**
 * The verdicts on trusted chains, the most recently used ones. One set of trust settings has one such memory, so that a
 * verdict never outlives them.
 */
export class Verdicts {
  readonly #byKey = new Map<string, Remembered>();
  constructor(readonly most: number) {}

  /** The verdict under a key, if it holds at `time`, in seconds since the epoch. */
  get(key: string, time: number): Verdict | undefined {
    const found = this.#byKey.get(key);
    if (!found) return undefined;
    this.#byKey.delete(key);
    if (time < found.from || time > found.verdict.until) return undefined;
    this.#byKey.set(key, found);
    // Whoever gets it may change it.
    return structuredClone(found.verdict);
  }

  /** Remembers a verdict of the time `from`, and forgets the one that was used longest ago if there are too many. */
  put(key: string, verdict: Verdict, from: number): void {
    if (this.most === 0) return;
    const [oldest] = this.#byKey.keys();
    if (oldest !== undefined && this.#byKey.size >= this.most) this.#byKey.delete(oldest);
    // Copies, because views would keep whole records alive.
    const path = verdict.path.map((der) => der.slice());
    this.#byKey.set(key, { verdict: structuredClone({ ...verdict, path }), from });
  }
}

/** The key of what is to be judged: its hash. Each part has its length before it, so that no two of them run together. */
export const keyOf = (
  { chain, name, purpose, ocspResponse, signedCertificateTimestamps = [], unanswered }: Verification,
  { hash }: CryptoService,
): string => {
  const texts = utf8(JSON.stringify([purpose, name ?? null, unanswered ? [...unanswered].sort() : null]));
  const parts = [
    texts,
    ocspResponse ?? EMPTY,
    lengthOf(chain.length),
    ...chain,
    ...signedCertificateTimestamps,
  ];
  return toHex(hash("sha256").digest(parts.flatMap((part) => [lengthOf(part.length), part])));
};

const lengthOf = (n: number): Bytes => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
