/**
 * What both sides have said in a handshake so far. The raw messages are kept and every hash that is asked for runs
 * along behind them, so that none need be known beforehand (the suite names it only in ServerHello) and several may be
 * asked: a CertificateVerify of TLS 1.2 is hashed as its own scheme says (RFC 5246 §7.4.8), Ed25519 wants the bytes
 * themselves (RFC 8422 §5.10), and before TLS 1.2 there are two hashes at once.
 *
 * @module
 */
import type { Hash, HashName, RunningHash } from "../ports/crypto.ts";
import { type Bytes, concat } from "../wire/bytes.ts";

/** The handshake messages sent and received, headers included, in order. */
export class Transcript {
  readonly #messages: Array<Bytes> = [];
  readonly #running = new Map<HashName, { count: number; readonly hash: RunningHash }>();

  /** Appends a message as it stood on the wire; the bytes are kept, not copied. */
  add(raw: Bytes): void {
    this.#messages.push(raw);
  }

  /** All so far; what is added later does not change it. */
  snapshot(): Snapshot {
    return new Snapshot(this, this.#messages.length);
  }

  /** The hash of the first `count` messages and what is to follow them. */
  digest(hash: Hash, count: number, suffix: ReadonlyArray<Bytes>): Bytes {
    let running = this.#running.get(hash.name);
    // Snapshots are mostly asked in the order they were made; one from before starts the hash over.
    if (running === undefined || running.count > count) {
      this.#running.set(hash.name, running = { count: 0, hash: hash.create() });
    }
    while (running.count < count) running.hash.update(this.#messages[running.count++]!);
    const copy = running.hash.copy();
    for (const bytes of suffix) copy.update(bytes);
    return copy.digest();
  }

  /** The first `count` messages, one after another. */
  bytes(count: number): Bytes {
    return concat(...this.#messages.slice(0, count));
  }
}

/** A transcript as it stood after one message: a count, free to make. */
export class Snapshot {
  readonly #transcript: Transcript;
  /** How many messages it covers. */
  readonly count: number;

  /** Of `transcript`, the first `count` messages. */
  constructor(transcript: Transcript, count: number) {
    this.#transcript = transcript;
    this.count = count;
  }

  /** The hash of the messages, and of a suffix, which SSL 3.0 has. */
  digest(hash: Hash, ...suffix: ReadonlyArray<Bytes>): Bytes {
    return this.#transcript.digest(hash, this.count, suffix);
  }

  /** The messages themselves, one after another. */
  get bytes(): Bytes {
    return this.#transcript.bytes(this.count);
  }
}
