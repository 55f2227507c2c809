/** @module */
import { type Bytes, EMPTY } from "../wire/bytes.ts";

/**
 * Bytes that arrive in pieces and leave in runs. What `peek` and `take` give are views that are never written to
 * again: the queue grows into fresh space behind them, and moves only what nobody has taken. A message that comes one
 * byte at a time therefore costs linear time.
 */
export class ByteQueue {
  #buffer: Bytes = EMPTY;
  #start = 0;
  #end = 0;

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends; an empty queue adopts the piece without copying, so the giver may not change it afterwards. */
  push(piece: Bytes): void {
    if (this.#start === this.#end) {
      this.#buffer = piece;
      this.#start = 0;
      this.#end = piece.length;
      return;
    }
    if (this.#end + piece.length > this.#buffer.length || this.#adopted) {
      const next = new Uint8Array(Math.max(2 * (this.length + piece.length), 1024));
      next.set(this.#buffer.subarray(this.#start, this.#end));
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = next;
      this.#own = next;
    }
    this.#buffer.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** The byte at an offset from the front; the caller knows that it is there. */
  at(offset: number): number {
    return this.#buffer[this.#start + offset]!;
  }

  /** The first `n` bytes, left where they are; the caller knows that they are there. */
  peek(n: number): Bytes {
    return this.#buffer.subarray(this.#start, this.#start + n);
  }

  /** The first `n` bytes, taken away. */
  take(n: number): Bytes {
    const view = this.peek(n);
    this.#start += n;
    // An idle connection holds no buffer.
    if (this.#start === this.#end) {
      this.#buffer = EMPTY;
      this.#own = undefined;
    }
    return view;
  }

  #own: Bytes | undefined;
  /** An adopted piece may be a view of somebody's larger buffer, whose space behind it is not ours. */
  get #adopted(): boolean {
    return this.#buffer !== this.#own;
  }
}
