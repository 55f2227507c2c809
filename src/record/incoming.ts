/**
 * The records that come from the peer. Bytes go in by `feed` and come out of `next`, one arrival at a time. `next` opens one
 * record at a time, so that a change of keys falls between two records and nothing is decrypted past it.
 *
 * @module
 */
import {
  BadRecordMac,
  LimitExceeded,
  RecordOverflow,
  RecordVersion,
  UnexpectedMessage,
} from "../faults/errors/connection.ts";
import { ContentType, HandshakeType, ProtocolVersion } from "../names/protocol.ts";
import type { Bytes } from "../wire/bytes.ts";
import { DecodeError } from "../wire/errors.ts";
import {
  alert,
  type Arrival,
  changeCipherSpec,
  contentName,
  contentNames,
  type HandshakeMessage,
  isChangeCipherSpec,
  notTls,
} from "./arrival.ts";
import { ByteQueue } from "./byte_queue.ts";
import { anything, type Due, messageName } from "./due.ts";
import { HEADER } from "./header.ts";
import type { RecordLimits, RecordOptions } from "./limits.ts";
import { type Phase, phases } from "./phase.ts";
import { MAX_PLAINTEXT, type Opened, plaintext, type Protection } from "./protection/protection.ts";
import { beginsWithSslv2Hello, SSLV2_HEADER, sslv2Hello, sslv2Length } from "./sslv2_hello.ts";

/** The longest sealed fragment in bytes, under any protection (RFC 5246 §6.2.3). */
const MAX_CIPHERTEXT = MAX_PLAINTEXT + 2048;

/** The records of one connection that come from the peer. Errors are thrown, as `RecordError`. */
export class Incoming {
  /** The bytes of records that are not opened yet. */
  readonly unread = new ByteQueue();
  readonly #message = new ByteQueue();
  #protection = plaintext;
  #started = false;
  #empty = 0;
  /** Whether Finished is due, which must be first under the peer's new keys (RFC 5246 §7.4.9). */
  #changing = false;
  /** What may come under the peer's present key. */
  phase: Phase = phases.initial;
  #agreed: ProtocolVersion | undefined;
  #anyVersion = false;
  /** The most content in bytes of a record, now and under the peer's next keys. */
  #maxFragment = MAX_PLAINTEXT;
  #maxFragmentNext = MAX_PLAINTEXT;
  /** Bytes opened under the peer's present key, and whether a record was. */
  #bytes = 0;
  #sealedSeen = false;
  /** Bytes of refused early data that may still come, and of accepted early data. */
  #skippable = 0;
  #skipped = 0;
  #earlyData = Infinity;
  /** How often the peer's keys have changed. */
  changes = 0;

  constructor(readonly limits: RecordLimits, readonly options: RecordOptions) {}

  /** Takes bytes from the peer. The caller may not change them afterwards: arrivals are views of them. */
  feed(chunk: Bytes): void {
    this.unread.push(chunk);
  }

  /** Sets the version that records must say, and the most content of each; the old limit may hold until the keys change. */
  agree(version: ProtocolVersion, anyVersion: boolean, phase: Phase, maxFragment: number): void {
    this.#agreed = version;
    this.#anyVersion = anyVersion;
    if (this.changes === 0) this.phase = phase;
    this.#maxFragmentNext = maxFragment;
    this.#maxFragment = this.changes === 0 ? maxFragment : Math.max(maxFragment, this.#maxFragment);
  }

  /** Changes the peer's keys. Throws UnexpectedMessage if a message under the old keys is incomplete. */
  change(protection: Protection, phase: Phase): void {
    if (this.#message.length > 0) {
      throw unexpected("a change of keys between two messages", "handshake bytes before a change of keys");
    }
    this.#protection = protection;
    this.#maxFragment = this.#maxFragmentNext;
    this.#bytes = 0;
    this.#sealedSeen = false;
    this.#earlyData = Infinity;
    this.changes++;
    this.phase = phase;
    this.#changing = phase.finishedFirst;
  }

  /** Passes over refused early data, so many bytes of its records, until one is as it must be (RFC 8446 §4.2.10). */
  skipEarlyData(bytes: number): void {
    this.#skippable = this.#skipped = bytes;
  }

  /** Limits the application data under the peer's present key, which is that of early data (RFC 8446 §4.2.10). */
  limitEarlyData(bytes: number): void {
    this.#earlyData = bytes;
  }

  /** Whether the peer's last record holds more than HelloRequests, which are no part of a flight (RFC 5246 §7.4.1.1). */
  get saysMore(): boolean {
    const queue = this.#message;
    for (let i = 0; i < queue.length; i++) if (queue.at(i) !== 0) return true;
    return false;
  }

  /** The next arrival; `undefined` if more bytes are needed. A message that may not come is refused at its header. */
  next(due: Due = anything): Arrival | undefined {
    for (;;) {
      const message = this.#whole(due) ?? this.#oldHello();
      if (message) return message;
      const record = this.#record();
      if (record === undefined) return undefined;
      if (record === PASSED_OVER) continue;
      const { type, fragment } = record;
      const size = record.size ?? fragment.length;
      if (size > this.#maxFragment) throw new RecordOverflow({ length: size, limit: this.#maxFragment });
      // A change of keys may never stand between two fragments of a message.
      if (this.#message.length > 0 && type !== ContentType.handshake) {
        if (type === ContentType.change_cipher_spec || !this.phase.interleaves) {
          throw unexpected("the rest of a handshake message", contentName(type));
        }
      }
      if (
        this.#changing && (type === ContentType.application_data || type === ContentType.change_cipher_spec)
      ) {
        throw unexpected("Finished", contentName(type));
      }
      if (fragment.length > 0) this.#empty = 0;
      else this.#countEmpty();
      switch (type) {
        case ContentType.handshake:
          this.#message.push(fragment);
          break;
        case ContentType.change_cipher_spec:
          return changeCipherSpec(fragment);
        case ContentType.alert:
          return alert(fragment);
        case ContentType.application_data:
          if (!this.phase.applicationData) throw unexpected("a handshake message", contentName(type));
          // Padding does not count (RFC 8446 §4.2.10).
          if ((this.#earlyData -= fragment.length) < 0) {
            throw unexpected("EndOfEarlyData", "more early data than allowed");
          }
          if (fragment.length > 0) {
            return { _tag: "ApplicationData", data: fragment, early: this.phase === phases.early13 };
          }
          break;
        default:
          throw new UnexpectedMessage({ expected: Object.values(contentNames), got: contentName(type) });
      }
    }
  }

  #countEmpty(): void {
    const [got, allowed] = [++this.#empty, this.limits.emptyRecords];
    if (got > allowed) throw new LimitExceeded({ limit: "emptyRecords", allowed, got });
  }

  /** The next record, opened, or passed over; `undefined` if more bytes are needed. */
  #record(): Opened | typeof PASSED_OVER | undefined {
    const queue = this.unread;
    if (!this.#started && this.options.sslv2Hello && beginsWithSslv2Hello(queue) !== false) return undefined;
    if (queue.length < HEADER) return undefined;
    const type = ContentType.of(queue.at(0));
    const version = queue.at(1) << 8 | queue.at(2);
    const length = queue.at(3) << 8 | queue.at(4);
    if (!this.#started && !(type in contentNames && version >> 8 === 3)) throw notTls(queue);
    // A peer that gave up before a version was agreed on sends its alert in a record of another version.
    const any = this.#agreed === undefined || this.#anyVersion ||
      (type === ContentType.alert && this.phase.alertsOfAnyVersion);
    if (any ? version >> 8 !== 3 : version !== this.#agreed) {
      throw new RecordVersion({
        expected: any ? "a version of SSL 3.0 or TLS" : ProtocolVersion.nameOf(this.#agreed!),
        got: ProtocolVersion.nameOf(version),
      });
    }
    const { outer, shortBlocks } = this.#protection;
    const sealed = outer === undefined || type === outer;
    // Refused early data is sealed, though nothing else is yet.
    const early = this.#skippable > 0 && type === ContentType.application_data;
    const limit = early ? MAX_CIPHERTEXT : sealed ? this.#protection.limit : MAX_PLAINTEXT;
    if (length > limit) throw new RecordOverflow({ length, limit });
    if (queue.length < HEADER + length) return undefined;
    this.#started = true;
    queue.take(HEADER);
    const fragment = queue.take(length);
    this.#bytes += length;
    // As in sealing, alerts and handshake messages may still come when a key is used up.
    if (shortBlocks && type === ContentType.application_data && this.#bytes > this.limits.shortBlockData) {
      const allowed = this.limits.shortBlockData;
      throw new LimitExceeded({ limit: "shortBlockData", allowed, got: this.#bytes });
    }
    if (type === ContentType.change_cipher_spec && this.phase.changeCipherSpec !== "message") {
      return this.#passOverChangeCipherSpec(fragment);
    }
    return sealed ? this.#open(type, fragment) : this.#plain(type, fragment);
  }

  /** Opens a record, or passes it over as refused early data. */
  #open(type: ContentType, sealed: Bytes): Opened | typeof PASSED_OVER {
    if (this.#skippable > 0) {
      // Without keys, what is sealed is early data; with keys, what they do not open.
      if (!this.#protection.outer && type === ContentType.application_data) return this.#skip(sealed);
      try {
        const opened = this.#protection.open(type, sealed);
        this.#skippable = 0;
        this.#sealedSeen = true;
        return opened;
      } catch (e) {
        if (e instanceof BadRecordMac) return this.#skip(sealed);
        throw e;
      }
    }
    const opened = this.#protection.open(type, sealed);
    this.#sealedSeen = true;
    return opened;
  }

  #skip({ length }: Bytes): typeof PASSED_OVER {
    if ((this.#skippable -= HEADER + length) > 0) return PASSED_OVER;
    const allowed = this.#skipped;
    throw new LimitExceeded({ limit: "skippedEarlyData", allowed, got: allowed - this.#skippable });
  }

  /** Passes over a ChangeCipherSpec that means nothing, and counts it as an empty record (RFC 8446 §5, §D.4). */
  #passOverChangeCipherSpec(fragment: Bytes): typeof PASSED_OVER {
    const isOne = isChangeCipherSpec(fragment);
    if (this.#message.length > 0 || this.phase.changeCipherSpec === "out of place" || !isOne) {
      throw unexpected(
        "a record under the agreed keys",
        `ChangeCipherSpec${isOne ? "" : " that is not one byte 01"}`,
      );
    }
    this.#countEmpty();
    return PASSED_OVER;
  }

  /** A record in the clear where records are sealed: only the alert of a peer that has no keys yet. */
  #plain(type: ContentType, fragment: Bytes): Opened {
    if (type === ContentType.alert && this.phase.plainAlerts && !this.#sealedSeen) return { type, fragment };
    throw unexpected("a record under the agreed keys", `${contentName(type)} in the clear`);
  }

  /** A first record in the format of SSL 2.0; `undefined` if there is none, or not all of it. */
  #oldHello(): HandshakeMessage | undefined {
    const queue = this.unread;
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

/** A record that is passed over. */
const PASSED_OVER = Symbol("passed over");

const unexpected = (expected: string, got: string) => new UnexpectedMessage({ expected: [expected], got });
