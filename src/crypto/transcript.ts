/**
 * The transcript of a handshake. It keeps the raw messages, and computes any hash of them on request. So no hash need
 * be known in advance (only ServerHello names the suite), and several can be used: TLS 1.2 hashes a CertificateVerify
 * as its own scheme says (RFC 5246 §7.4.8), Ed25519 needs the bytes themselves (RFC 8422 §5.10), and before TLS 1.2
 * there are two hashes.
 *
 * @module
 */
import type { Hash, HashName, RunningHash } from "../ports/crypto.ts";
import { type Bytes, concat } from "../wire/bytes.ts";

/** The handshake messages sent and received so far, in order, with their headers. */
export class Transcript {
  readonly #messages: Array<Bytes> = [];
  readonly #running = new Map<HashName, { count: number; readonly hash: RunningHash }>();

  /** Appends a message as it was on the wire. The bytes are kept, not copied. */
  add(raw: Bytes): void {
    this.#messages.push(raw);
  }

  /** The transcript as it is now; messages added later do not change it. */
  snapshot(): Snapshot {
    return new Snapshot(this, this.#messages.length);
  }

  /** The hash of the first `count` messages followed by `suffix`. */
  digest(hash: Hash, count: number, suffix: ReadonlyArray<Bytes>): Bytes {
    let running = this.#running.get(hash.name);
    // Snapshots are mostly hashed in the order in which they were made; an earlier one restarts the hash.
    if (running === undefined || running.count > count) {
      this.#running.set(hash.name, running = { count: 0, hash: hash.create() });
    }
    while (running.count < count) running.hash.update(this.#messages[running.count++]!);
    const copy = running.hash.copy();
    for (const bytes of suffix) copy.update(bytes);
    return copy.digest();
  }

  /** The first `count` messages, joined. */
  bytes(count: number): Bytes {
    return concat(...this.#messages.slice(0, count));
  }
}

/** A transcript up to one message. Taking one is free: it is only a count. */
export class Snapshot {
  readonly #transcript: Transcript;
  /** The number of messages in the snapshot. */
  readonly count: number;

  /** A snapshot of the first `count` messages of `transcript`. */
  constructor(transcript: Transcript, count: number) {
    this.#transcript = transcript;
    this.count = count;
  }

  /** The hash of the messages and a suffix, which only SSL 3.0 uses. */
  digest(hash: Hash, ...suffix: ReadonlyArray<Bytes>): Bytes {
    return this.#transcript.digest(hash, this.count, suffix);
  }

  /** The messages, joined. */
  get bytes(): Bytes {
    return this.#transcript.bytes(this.count);
  }
}
