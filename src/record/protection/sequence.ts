/** The sequence number of records. @module */
import type { ContentType, ProtocolVersion } from "../../names/protocol.ts";
import type { Bytes } from "../../wire/bytes.ts";

/**
 * The header of the next record in one direction under one key: `seq_num(8) type(1) version(2) length(2)`. A MAC covers it
 * before the fragment; an AEAD takes it as additional data (RFC 5246 §6.2.3.1, §6.2.3.3). The same bytes are overwritten for
 * each record.
 */
export class Sequence {
  readonly bytes: Bytes = new Uint8Array(13);
  readonly #view = new DataView(this.bytes.buffer as ArrayBuffer);
  // A double counts exactly up to 2^53, which no connection reaches. A BigInt would cost an allocation for each record.
  #number = 0;

  constructor(version: ProtocolVersion) {
    this.#view.setUint16(9, version);
  }

  /** The header of the next record, given the type and the length of its content. */
  next(type: ContentType, length: number): Bytes {
    this.#view.setUint32(0, this.#number / 2 ** 32);
    this.#view.setUint32(4, this.#number);
    this.#number++;
    return this.of(type, length);
  }

  /** Corrects the length in the header of the present record, where it is known only now. */
  of(type: ContentType, length: number): Bytes {
    this.bytes[8] = type;
    this.#view.setUint16(11, length);
    return this.bytes;
  }
}
