/**
 * The transcript of a handshake. It keeps the raw messages, and computes any hash of them on request. So no hash need
 * be known in advance (only ServerHello names the suite), and several can be used: TLS 1.2 hashes a CertificateVerify
 * as its own scheme says (RFC 5246 §7.4.8), Ed25519 needs the bytes themselves (RFC 8422 §5.10), and before TLS 1.2
 * there are two hashes.
 *
 * @module
 */
import { HandshakeType } from "../names/protocol.ts";
import type { Hash, HashName, RunningHash } from "../ports/crypto.ts";
import { type Bytes, concat } from "../wire/bytes.ts";

/** Messages of which nothing but a running hash was kept. */
export interface Past {
  readonly name: HashName;
  readonly hash: RunningHash;
}

/** The handshake messages sent and received so far, in order, with their headers. */
export class Transcript {
  readonly #messages: Array<Bytes> = [];
  readonly #running = new Map<HashName, { count: number; readonly hash: RunningHash }>();
  readonly #past: Past | undefined;

  /**
   * An empty transcript, or one that continues where another was left: in TLS 1.3 a client's certificate after the
   * handshake is bound to all of it (RFC 8446 §4.4). Such a one has no hash but that of `past`, and no bytes.
   */
  constructor(past?: Past) {
    this.#past = past;
  }

  /** Appends a message as it was on the wire. The bytes are kept, not copied. */
  add(raw: Bytes): void {
    this.#messages.push(raw);
  }

  /**
   * After a HelloRetryRequest the first ClientHello counts as its hash alone, as a message of a type of its own, so that
   * a server need not remember it (RFC 8446 §4.4.1). Earlier snapshots must not be used afterwards.
   */
  retry(hash: Hash): void {
    this.#messages[0] = messageHash(hash.digest([this.#messages[0]!]));
    this.#running.clear();
  }

  /**
   * Puts before the messages a first ClientHello's hash and the HelloRetryRequest that answered it, which came and went on
   * another connection (RFC 8446 §4.2.2). Earlier snapshots must not be used afterwards.
   */
  precede(clientHello: Bytes, helloRetryRequest: Bytes): void {
    this.#messages.unshift(messageHash(clientHello), helloRetryRequest);
    this.#running.clear();
  }

  /** The transcript as it is now; messages added later do not change it. */
  snapshot(): Snapshot {
    return new Snapshot(this, this.#messages.length);
  }

  /** The hash of the first `count` messages followed by `suffix`. */
  digest(hash: Hash, count: number, suffix: ReadonlyArray<Bytes>): Bytes {
    const copy = this.running(hash, count);
    for (const bytes of suffix) copy.update(bytes);
    return copy.digest();
  }

  /** The running hash of the first `count` messages, as a copy of the caller's own. */
  running(hash: Hash, count: number): RunningHash {
    let running = this.#running.get(hash.name);
    // Snapshots are mostly hashed in the order in which they were made; an earlier one restarts the hash.
    if (running === undefined || running.count > count) {
      this.#running.set(hash.name, running = { count: 0, hash: this.#start(hash) });
    }
    while (running.count < count) running.hash.update(this.#messages[running.count++]!);
    return running.hash.copy();
  }

  #start(hash: Hash): RunningHash {
    if (this.#past === undefined) return hash.create();
    if (this.#past.name !== hash.name) throw new TypeError(`${this.#past.name} was kept, not ${hash.name}`);
    return this.#past.hash.copy();
  }

  /** The first `count` messages, joined. */
  bytes(count: number): Bytes {
    if (this.#past) throw new TypeError("the messages were not kept");
    return concat(...this.#messages.slice(0, count));
  }
}

/** What stands for a first ClientHello, given its hash (RFC 8446 §4.4.1). */
const messageHash = (digest: Bytes): Bytes =>
  concat(Uint8Array.of(HandshakeType.message_hash, 0, 0, digest.length), digest);

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

  /** The hash of the messages and a suffix: what SSL 3.0 adds, or a ClientHello of TLS 1.3 without its binders. */
  digest(hash: Hash, ...suffix: ReadonlyArray<Bytes>): Bytes {
    return this.#transcript.digest(hash, this.count, suffix);
  }

  /** The running hash of the messages, from which another transcript can continue. */
  past(hash: Hash): Past {
    return { name: hash.name, hash: this.#transcript.running(hash, this.count) };
  }

  /** The transcript before the last message. */
  get before(): Snapshot {
    return new Snapshot(this.#transcript, this.count - 1);
  }

  /** The messages, joined. */
  get bytes(): Bytes {
    return this.#transcript.bytes(this.count);
  }
}
