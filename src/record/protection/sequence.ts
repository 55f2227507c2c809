/** @module */
import type { ContentType, ProtocolVersion } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";

/**
 * The record that is next in one direction under one key: `seq_num(8) type(1) version(2) length(2)`, which is what a
 * MAC covers before the fragment and what an AEAD calls additional data (RFC 5246 §6.2.3.1, §6.2.3.3). The bytes are
 * written over for each record.
 */
export class Sequence {
  readonly bytes: Bytes = new Uint8Array(13);
  readonly #view = new DataView(this.bytes.buffer as ArrayBuffer);
  // A double counts exactly to 2^53, which no connection reaches; a BigInt per record would cost an allocation.
  #number = 0;

  constructor(version: ProtocolVersion) {
    this.#view.setUint16(9, version);
  }

  /** Goes on to the next record, whose content has this type and length; gives `bytes`. */
  next(type: ContentType, length: number): Bytes {
    this.#view.setUint32(0, this.#number / 2 ** 32);
    this.#view.setUint32(4, this.#number);
    this.#number++;
    return this.of(type, length);
  }

  /** The same record with another length, where that is known only now. */
  of(type: ContentType, length: number): Bytes {
    this.bytes[8] = type;
    this.#view.setUint16(11, length);
    return this.bytes;
  }
}
