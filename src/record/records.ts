/**
 * The record layer of one connection (RFC 5246 §6.2, RFC 8446 §5): synchronous, no Effect. What comes in is read by
 * `Incoming`, what goes out is sealed by `Outgoing`; this is both of them, and what they agree on.
 *
 * @module
 */
import type { ContentType, ProtocolVersion } from "../names/protocol.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { Arrival } from "./arrival.ts";
import type { Due } from "./due.ts";
import { Incoming } from "./incoming.ts";
import type { RecordLimits, RecordOptions } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
import type { Phase, RecordRules } from "./phase.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection/protection.ts";

/** The most content in bytes of the records of each direction. */
export interface FragmentLimits {
  /** Of the peer's records. */
  readonly read: number;
  /** Of our records. */
  readonly write: number;
}

/** Records as long as the protocol allows. */
export const longest: FragmentLimits = { read: MAX_PLAINTEXT, write: MAX_PLAINTEXT };

/** The records of one connection, in both directions. Errors are thrown, as `RecordError`. */
export class Records {
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;

  constructor(
    limits: RecordLimits,
    options: RecordOptions = { splitRecords: true, sslv2Hello: false },
  ) {
    this.#incoming = new Incoming(limits, options);
    this.#outgoing = new Outgoing(limits, options);
  }

  /** How often the peer's keys have changed, and how often ours have. */
  get epochs(): { readonly read: number; readonly write: number } {
    return { read: this.#incoming.changes, write: this.#outgoing.changes };
  }

  /** Takes bytes from the peer. The caller may not change them afterwards: arrivals are views of them. */
  feed(chunk: Bytes): void {
    this.#incoming.feed(chunk);
  }

  /** Takes the bytes that belong to no record that was opened: what follows the peer's close_notify. */
  rest(): Bytes {
    const { unread } = this.#incoming;
    return unread.take(unread.length);
  }

  /** Sets the version in our records until one is agreed on. */
  sayUntilAgreed(version: ProtocolVersion): void {
    this.#outgoing.sayUntilAgreed(version);
  }

  /**
   * Sets the rules of all records from now on, ours and the peer's, and the most content in bytes that a record carries
   * (RFC 6066 §4, RFC 8449). In a renegotiation the peer's old limit holds until its keys change.
   */
  agree(rules: RecordRules, fragments: FragmentLimits = longest): void {
    this.#outgoing.agree(rules.says, rules.packs, fragments.write);
    this.#incoming.agree(rules.says, rules.readsAnyVersion, rules.phase, fragments.read);
  }

  /** Says what may come before the first message. */
  begin(phase: Phase): void {
    this.#incoming.phase = phase;
  }

  /** The next arrival; `undefined` if more bytes are needed. A message that may not come is refused at its header. */
  next(due?: Due): Arrival | undefined {
    return this.#incoming.next(due);
  }

  /** Whether the peer's last record holds more than HelloRequests, which are no part of a flight (RFC 5246 §7.4.1.1). */
  get saysMore(): boolean {
    return this.#incoming.saysMore;
  }

  /** Changes the peer's keys. Throws UnexpectedMessage if a message under the old keys is incomplete. */
  changeRead(protection: Protection, phase: Phase): void {
    this.#incoming.change(protection, phase);
  }

  /** Lets refused early data come, and passes it over: so many bytes of its records (RFC 8446 §4.2.10). */
  skipEarlyData(bytes: number): void {
    this.#incoming.skipEarlyData(bytes);
  }

  /** Limits the application data under the peer's present key, which is that of early data (RFC 8446 §4.2.10). */
  limitEarlyData(bytes: number): void {
    this.#incoming.limitEarlyData(bytes);
  }

  /** Changes our keys. The peer hears of it by a message, if at all: nothing here says so. */
  changeWrite(protection: Protection): void {
    this.#outgoing.change(protection);
  }

  /**
   * Seals data into the outbox, in as many records as it needs; empty data makes no record (RFC 5246 §6.2.1). Throws
   * LimitExceeded for application data if the key has sealed too much.
   */
  write(type: ContentType, data: Bytes): void {
    this.#outgoing.write(type, data);
  }

  /** Puts a ChangeCipherSpec in the clear into the outbox, for devices on the way (RFC 8446 §D.4). */
  compatibility(): void {
    this.#outgoing.compatibility();
  }

  /** Lets a ChangeCipherSpec go before an alert that is sealed before our next flight: devices on the way see no other order. */
  oweCompatibility(): void {
    this.#outgoing.oweCompatibility();
  }

  /** Whether our key has sealed as many records as it may: data must wait for another key (RFC 8446 §5.5). */
  get isWornOut(): boolean {
    return this.#outgoing.isWornOut;
  }

  /** The length of the outbox in bytes, at least. */
  get outboxLength(): number {
    return this.#outgoing.length;
  }

  /** Empties the outbox: all its records in one piece. */
  takeOutbox(): Bytes {
    return this.#outgoing.take();
  }
}
