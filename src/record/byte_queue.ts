/** A queue of bytes. @module */
import { type Bytes, EMPTY } from "../wire/bytes.ts";

/**
 * Bytes that arrive in pieces and leave in runs. `peek` and `take` give views, which are never written to again: the queue
 * grows into fresh space behind them and moves only bytes that are still in it. So a message that arrives byte by byte
 * costs linear time.
 */
export class ByteQueue {
  #buffer: Bytes = EMPTY;
  #start = 0;
  #end = 0;

  /** The number of bytes in the queue. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a piece. An empty queue adopts it without copying, so the caller may not change it afterwards. */
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

  /** The byte at an offset from the front, which must be in the queue. */
  at(offset: number): number {
    return this.#buffer[this.#start + offset]!;
  }

  /** The first `n` bytes, which must be in the queue; they stay there. */
  peek(n: number): Bytes {
    return this.#buffer.subarray(this.#start, this.#start + n);
  }

  /** Takes the first `n` bytes, which must be in the queue. */
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
  /** Whether the buffer is an adopted piece. It may be a view of a larger buffer, whose space behind it is not ours. */
  get #adopted(): boolean {
    return this.#buffer !== this.#own;
  }
}
