/**
 * The record layer of one connection (RFC 5246 §6.2): synchronous, no Effect.
 *
 * Bytes go in by `feed` and come out of `next`, one arrival at a time. `next` opens one record at a time, so that a change
 * of keys falls between two records and nothing is decrypted past it. Records to send gather in an outbox until the
 * caller takes them. Errors are thrown, as `RecordError`.
 *
 * @module
 */
import {
  LimitExceeded,
  RecordOverflow,
  RecordVersion,
  UnexpectedMessage,
} from "../faults/errors/connection.ts";
import { ContentType, HandshakeType, ProtocolVersion } from "../names/protocol.ts";
import { type Bytes, concat, EMPTY } from "../wire/bytes.ts";
import { DecodeError } from "../wire/errors.ts";
import {
  alert,
  type Arrival,
  changeCipherSpec,
  contentName,
  contentNames,
  type HandshakeMessage,
  notTls,
} from "./arrival.ts";
import { ByteQueue } from "./byte_queue.ts";
import { anything, type Due, messageName } from "./due.ts";
import { type Phase, phases } from "./phase.ts";
import type { RecordLimits, RecordOptions } from "./limits.ts";
import { MAX_PLAINTEXT, plaintext, type Protection } from "./protection/protection.ts";
import { beginsWithSslv2Hello, SSLV2_HEADER, sslv2Hello, sslv2Length } from "./sslv2_hello.ts";

const HEADER = 5;
/** The longest sealed fragment in bytes, under any protection (RFC 5246 §6.2.3). */
const MAX_CIPHERTEXT = MAX_PLAINTEXT + 2048;

/** The records of one connection, in both directions. */
export class Records {
  readonly #in = new ByteQueue();
  readonly #message = new ByteQueue();
  #out: Array<Bytes> = [];
  #outLength = 0;
  #read = plaintext;
  #write = plaintext;
  #started = false;
  #empty = 0;
  /** Whether Finished is due, which must be first under the peer's new keys (RFC 5246 §7.4.9). */
  #changing = false;
  /** What may come under the peer's present key. */
  #phase: Phase = phases.initial;
  #readChanges = 0;
  #writeChanges = 0;
  #agreed: ProtocolVersion | undefined;
  /** The version in our records before one is agreed on: every server reads TLS 1.0 (RFC 5246 §E.1). */
  #first: ProtocolVersion = ProtocolVersion.TLS_1_0;
  /** The most content in bytes of a record of ours. */
  #maxFragment = MAX_PLAINTEXT;
  /** The most content in bytes of a record of the peer's. */
  #maxFragmentRead = MAX_PLAINTEXT;
  /** Bytes opened under the peer's present key, and sealed under ours. */
  #opened = 0;
  #sealed = 0;

  constructor(
    readonly limits: RecordLimits,
    readonly options: RecordOptions = { splitRecords: true, sslv2Hello: false },
  ) {}

  /** How often the peer's keys have changed, and how often ours have. */
  get epochs(): { readonly read: number; readonly write: number } {
    return { read: this.#readChanges, write: this.#writeChanges };
  }

  /** Takes bytes from the peer. The caller may not change them afterwards: arrivals are views of them. */
  feed(chunk: Bytes): void {
    this.#in.push(chunk);
  }

  /** Sets the version in our records until one is agreed on. */
  sayUntilAgreed(version: ProtocolVersion): void {
    this.#first = version;
  }

  /**
   * Sets the version of all records from now on, ours and the peer's (RFC 5246 §E.1), and the most content in bytes that
   * a record carries (RFC 6066 §4). In a renegotiation the peer's old limit holds until its keys change.
   */
  agree(version: ProtocolVersion, maxFragment: number = MAX_PLAINTEXT): void {
    this.#agreed = version;
    this.#maxFragment = maxFragment;
    this.#maxFragmentRead = this.#readChanges === 0
      ? maxFragment
      : Math.max(maxFragment, this.#maxFragmentRead);
  }

  /** The next arrival; `undefined` if more bytes are needed. A message that may not come is refused at its header. */
  next(due: Due = anything): Arrival | undefined {
    for (;;) {
      const message = this.#whole(due) ?? this.#oldHello();
      if (message) return message;
      const record = this.#record();
      if (!record) return undefined;
      const { type, fragment } = record;
      if (fragment.length > this.#maxFragmentRead) {
        throw new RecordOverflow({ length: fragment.length, limit: this.#maxFragmentRead });
      }
      // Alerts and data may stand between two fragments of a message (RFC 5246 §6.2.1); a change of keys may not.
      if (type === ContentType.change_cipher_spec && this.#message.length > 0) {
        throw unexpected("the rest of a handshake message", contentName(type));
      }
      if (
        this.#changing && (type === ContentType.application_data || type === ContentType.change_cipher_spec)
      ) {
        throw unexpected("Finished", contentName(type));
      }
      if (fragment.length > 0) this.#empty = 0;
      else if (++this.#empty > this.limits.emptyRecords) {
        const allowed = this.limits.emptyRecords;
        throw new LimitExceeded({ limit: "emptyRecords", allowed, got: this.#empty });
      }
      switch (type) {
        case ContentType.handshake:
          this.#message.push(fragment);
          break;
        case ContentType.change_cipher_spec:
          return changeCipherSpec(fragment);
        case ContentType.alert:
          return alert(fragment);
        case ContentType.application_data:
          if (!this.#phase.applicationData) throw unexpected("a handshake message", contentName(type));
          if (fragment.length > 0) return { _tag: "ApplicationData", data: fragment };
          break;
        default:
          throw new UnexpectedMessage({ expected: Object.values(contentNames), got: contentName(type) });
      }
    }
  }

  /** Whether the peer's last record holds more than HelloRequests, which are no part of a flight (RFC 5246 §7.4.1.1). */
  get saysMore(): boolean {
    const queue = this.#message;
    for (let i = 0; i < queue.length; i++) if (queue.at(i) !== 0) return true;
    return false;
  }

  /** Changes the peer's keys. Throws UnexpectedMessage if a message under the old keys is incomplete. */
  changeRead(protection: Protection, phase: Phase): void {
    if (this.#message.length > 0) {
      throw unexpected("ChangeCipherSpec between two messages", "handshake bytes before a change of keys");
    }
    this.#read = protection;
    this.#maxFragmentRead = this.#maxFragment;
    this.#opened = 0;
    this.#readChanges++;
    this.#phase = phase;
    this.#changing = phase.finishedFirst;
  }

  /** Changes our keys. The peer hears of it by a message: nothing here says so. */
  changeWrite(protection: Protection): void {
    this.#write = protection;
    this.#sealed = 0;
    this.#writeChanges++;
  }

  /**
   * Seals data into the outbox, in as many records as it needs; empty data makes no record (RFC 5246 §6.2.1). Throws
   * LimitExceeded for application data if the key has sealed too much.
   */
  write(type: ContentType, data: Bytes): void {
    const split = type === ContentType.application_data && this.#write.predictableIv &&
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
    const version = this.#agreed ?? this.#first;
    // Alerts are still sent when a key is used up.
    if (type === ContentType.application_data) this.#within(this.#write, this.#sealed + fragment.length);
    const parts = this.#write.seal(type, fragment);
    let length = 0;
    for (const part of parts) length += part.length;
    this.#sealed += length;
    this.#out.push(Uint8Array.of(type, version >> 8, version, length >> 8, length), ...parts);
    this.#outLength += HEADER + length;
  }

  /** Throws LimitExceeded if a cipher with short blocks would see too many bytes under one key. */
  #within(protection: Protection, bytes: number): void {
    const allowed = this.limits.shortBlockData;
    if (protection.shortBlocks && bytes > allowed) {
      throw new LimitExceeded({ limit: "shortBlockData", allowed, got: bytes });
    }
  }

  /** A first record in the format of SSL 2.0; `undefined` if there is none, or not all of it. */
  #oldHello(): HandshakeMessage | undefined {
    const queue = this.#in;
    if (this.#started || !this.options.sslv2Hello || !beginsWithSslv2Hello(queue)) return undefined;
    const length = sslv2Length(queue);
    const allowed = this.limits.handshakeMessage;
    if (length > allowed) throw new LimitExceeded({ limit: "handshakeMessage", allowed, got: length });
    if (queue.length < SSLV2_HEADER + length) return undefined;
    this.#started = true;
    queue.take(SSLV2_HEADER);
    const raw = queue.take(length);
    return { _tag: "Handshake", type: HandshakeType.client_hello, raw, body: sslv2Hello(raw) };
  }

  /** The length of the outbox in bytes. */
  get outboxLength(): number {
    return this.#outLength;
  }

  /** Empties the outbox: all its records in one piece. */
  takeOutbox(): Bytes {
    if (this.#outLength === 0) return EMPTY;
    const out = concat(...this.#out);
    this.#out = [];
    this.#outLength = 0;
    return out;
  }

  /** The next record, opened; `undefined` if more bytes are needed. */
  #record() {
    const queue = this.#in;
    if (!this.#started && this.options.sslv2Hello && beginsWithSslv2Hello(queue) !== false) return undefined;
    if (queue.length < HEADER) return undefined;
    const type = ContentType.of(queue.at(0));
    const version = queue.at(1) << 8 | queue.at(2);
    const length = queue.at(3) << 8 | queue.at(4);
    if (!this.#started && !(type in contentNames && version >> 8 === 3)) throw notTls(queue);
    // A peer that gave up before a version was agreed on sends its alert in a record of another version.
    const any = this.#agreed === undefined || (type === ContentType.alert && this.#phase.alertsOfAnyVersion);
    if (any ? version >> 8 !== 3 : version !== this.#agreed) {
      throw new RecordVersion({
        expected: any ? "a version of SSL 3.0 or TLS" : ProtocolVersion.nameOf(this.#agreed!),
        got: ProtocolVersion.nameOf(version),
      });
    }
    const limit = Math.min(this.#read.limit, MAX_CIPHERTEXT);
    if (length > limit) throw new RecordOverflow({ length, limit });
    if (queue.length < HEADER + length) return undefined;
    this.#started = true;
    queue.take(HEADER);
    this.#opened += length;
    // As in sealing, alerts and handshake messages may still come when a key is used up.
    if (type === ContentType.application_data) this.#within(this.#read, this.#opened);
    return this.#read.open(type, queue.take(length));
  }

  /** The next handshake message, if it is complete. An error in its header is thrown before its body arrives. */
  #whole(due: Due): HandshakeMessage | undefined {
    const queue = this.#message;
    if (queue.length < 4) return undefined;
    const type = HandshakeType.of(queue.at(0));
    const length = queue.at(1) << 16 | queue.at(2) << 8 | queue.at(3);
    if (this.#changing && type !== HandshakeType.finished) {
      throw unexpected("Finished", `handshake message ${HandshakeType.nameOf(type)}`);
    }
    const most = due.most(type);
    if (most === undefined) {
      throw new UnexpectedMessage({ expected: due.expected(), got: messageName(type) });
    }
    if (length > most) {
      const reason = `${length} bytes, where at most ${most} have a meaning`;
      throw new DecodeError({ subject: messageName(type), path: "", offset: 0, reason });
    }
    const limit = type === HandshakeType.certificate ? "certificateMessage" : "handshakeMessage";
    if (length > this.limits[limit]) {
      throw new LimitExceeded({ limit, allowed: this.limits[limit], got: length });
    }
    if (queue.length < 4 + length) return undefined;
    const raw = queue.take(4 + length);
    // A Finished is the last message of its side: the next one begins a record.
    if (this.#changing && queue.length > 0) {
      throw unexpected("the end of the record", "handshake bytes behind Finished");
    }
    this.#changing = false;
    return { _tag: "Handshake", type, raw, body: raw.subarray(4) };
  }
}

const unexpected = (expected: string, got: string) => new UnexpectedMessage({ expected: [expected], got });
