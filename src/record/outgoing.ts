/** The records that this end sends: sealed into an outbox, until the caller takes them. @module */
import { LimitExceeded } from "../faults/errors/connection.ts";
import { ContentType, ProtocolVersion } from "../names/protocol.ts";
import { type Bytes, concat, EMPTY } from "../wire/bytes.ts";
import { CHANGE_CIPHER_SPEC } from "./arrival.ts";
import { HEADER } from "./header.ts";
import type { RecordLimits, RecordOptions } from "./limits.ts";
import { paddingOf } from "./protection/padding.ts";
import { MAX_PLAINTEXT, plaintext, type Protection } from "./protection/protection.ts";

/** The records of one connection that go to the peer. */
export class Outgoing {
  #out: Array<Bytes> = [];
  #length = 0;
  #protection = plaintext;
  /** The version in our records before one is agreed on: every server reads TLS 1.0 (RFC 5246 §E.1). */
  #version: ProtocolVersion = ProtocolVersion.TLS_1_0;
  #agreed = false;
  #packs = false;
  /** Handshake messages that the next record begins with. */
  #packed: Array<Bytes> = [];
  #packedLength = 0;
  /** The most content in bytes of a record, and the zeros behind content of a length. */
  #maxFragment = MAX_PLAINTEXT;
  #padding: ((length: number) => number) | undefined;
  /** Bytes and records sealed under the present key. */
  #bytes = 0;
  #records = 0;
  /** Whether a ChangeCipherSpec goes before the next alert, as it goes before a flight. */
  #owesCompatibility = false;
  /** How often the keys have changed. */
  changes = 0;

  constructor(readonly limits: RecordLimits, readonly options: RecordOptions) {
    this.#padding = paddingOf(options);
  }

  /** Sets the version in records until one is agreed on. */
  sayUntilAgreed(version: ProtocolVersion): void {
    if (!this.#agreed) this.#version = version;
  }

  /** Sets the version of all records from now on, whether messages share records, and the most content of each. */
  agree(version: ProtocolVersion, packs: boolean, maxFragment: number): void {
    this.#version = version;
    this.#agreed = true;
    this.#packs = packs;
    this.#maxFragment = maxFragment;
    this.#padding = paddingOf(this.options, maxFragment);
  }

  /** Changes the keys. The peer hears of it by a message, if at all: nothing here says so. */
  change(protection: Protection): void {
    this.#unpack();
    this.#protection = protection;
    this.#bytes = 0;
    this.#records = 0;
    this.changes++;
  }

  /**
   * Seals data into the outbox, in as many records as it needs; empty data makes no record (RFC 5246 §6.2.1). Throws
   * LimitExceeded for application data if the key has sealed too much.
   */
  write(type: ContentType, data: Bytes): void {
    if (this.#packs && type === ContentType.handshake) {
      this.#packed.push(data);
      this.#packedLength += data.length;
      return;
    }
    this.#unpack();
    if (this.#owesCompatibility && type === ContentType.alert) this.compatibility();
    this.#write(type, data);
  }

  /** A ChangeCipherSpec in the clear, whatever the keys: it means nothing, and is for devices on the way (RFC 8446 §D.4). */
  compatibility(): void {
    this.#unpack();
    this.#owesCompatibility = false;
    // It says TLS 1.2 like all records but the first ClientHello, also where nothing is agreed on (RFC 8446 §5.1).
    this.#record(ContentType.change_cipher_spec, ProtocolVersion.TLS_1_2, [CHANGE_CIPHER_SPEC]);
  }

  /** Lets a ChangeCipherSpec go before an alert of ours that is sealed before our next flight. */
  oweCompatibility(): void {
    this.#owesCompatibility = true;
  }

  /** Whether the key has sealed as many records as it may, so that data must wait for another key. */
  get isWornOut(): boolean {
    const { records } = this.#protection;
    return records !== undefined && this.#records >= Math.min(records, this.limits.recordsPerKey);
  }

  /** The length of the outbox in bytes, at least. */
  get length(): number {
    return this.#length + this.#packedLength;
  }

  /** Empties the outbox: all its records in one piece. */
  take(): Bytes {
    this.#unpack();
    if (this.#length === 0) return EMPTY;
    const out = concat(...this.#out);
    this.#out = [];
    this.#length = 0;
    return out;
  }

  #unpack(): void {
    if (this.#packedLength === 0) return;
    const messages = this.#packed.length === 1 ? this.#packed[0]! : concat(...this.#packed);
    this.#packed = [];
    this.#packedLength = 0;
    this.#write(ContentType.handshake, messages);
  }

  #write(type: ContentType, data: Bytes): void {
    const split = type === ContentType.application_data && this.#protection.predictableIv &&
      this.options.splitRecords;
    for (let at = 0; at < data.length;) {
      const end = Math.min(at + this.#maxFragment, data.length);
      // The 1/n-1 split: the first byte uses up the IV that an attacker knows, and its MAC makes one that nobody knows.
      const first = split && end - at > 1 ? at + 1 : at;
      if (first > at) this.#seal(type, data.subarray(at, first));
      this.#seal(type, data.subarray(first, end));
      at = end;
    }
  }

  #seal(type: ContentType, fragment: Bytes): void {
    const { outer, shortBlocks } = this.#protection;
    // Alerts are still sent when a key is used up.
    if (type === ContentType.application_data && shortBlocks) {
      const [allowed, got] = [this.limits.shortBlockData, this.#bytes + fragment.length];
      if (got > allowed) throw new LimitExceeded({ limit: "shortBlockData", allowed, got });
    }
    const zeros = outer === undefined ? 0 : this.#padding?.(fragment.length);
    const parts = this.#protection.seal(type, fragment, zeros);
    // A sealed record of TLS 1.3 says TLS 1.2 even where nothing is agreed on: around early data (RFC 8446 §5.2).
    this.#bytes += this.#record(outer ?? type, outer ? ProtocolVersion.TLS_1_2 : this.#version, parts);
    this.#records++;
  }

  /** Puts a record into the outbox, and gives the length of its fragment. */
  #record(type: ContentType, version: ProtocolVersion, parts: ReadonlyArray<Bytes>): number {
    let length = 0;
    for (const part of parts) length += part.length;
    this.#out.push(Uint8Array.of(type, version >> 8, version, length >> 8, length), ...parts);
    this.#length += HEADER + length;
    return length;
  }
}
