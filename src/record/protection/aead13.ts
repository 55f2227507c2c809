/**
 * Records of TLS 1.3 (RFC 8446 §5.2): the content type is sealed with the content, and padding may follow. The nonce is the
 * IV xor the sequence number (§5.3), which is on no wire.
 *
 * @module
 */
import { BadRecordMac, UnexpectedMessage } from "../../faults/errors/connection.ts";
import { ContentType } from "../../names/protocol.ts";
import type { Aead } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";

/** The most that a sealed fragment is longer than its content (RFC 8446 §5.2). */
const MAX_EXPANSION = 256;

/** What TLS 1.3 makes of a traffic secret, beside the cipher. */
export interface SealedRecords {
  readonly iv: Bytes;
  /** The bytes of the authentication tag. */
  readonly tag: number;
  /** The most records that the key may seal (RFC 8446 §5.5). */
  readonly records: number;
}

/** The protection of one direction under one traffic secret. */
export const aead13Protection = (cipher: Aead, { iv, tag, records }: SealedRecords): Protection => {
  let number = 0;
  const nonce = iv.slice();
  const digits = new Uint8Array(8);
  const sequence = new DataView(digits.buffer);
  // opaque_type(1) legacy_record_version(2) length(2)
  const additionalData = Uint8Array.of(ContentType.application_data, 3, 3, 0, 0);
  const prepare = (length: number): void => {
    sequence.setUint32(0, number / 2 ** 32);
    sequence.setUint32(4, number);
    for (let i = 0; i < 8; i++) nonce[4 + i] = iv[4 + i]! ^ digits[i]!;
    additionalData[3] = length >> 8;
    additionalData[4] = length;
  };
  return {
    outer: ContentType.application_data,
    limit: MAX_PLAINTEXT + MAX_EXPANSION,
    predictableIv: false,
    shortBlocks: false,
    records,
    seal: (type, fragment, zeros = 0) => {
      const inner = new Uint8Array(fragment.length + 1 + zeros);
      inner.set(fragment);
      inner[fragment.length] = type;
      prepare(inner.length + tag);
      number++;
      return [cipher.seal(nonce, additionalData, inner)];
    },
    open: (_, sealed) => {
      if (sealed.length < tag + 1) throw new BadRecordMac();
      prepare(sealed.length);
      const inner = cipher.open(nonce, additionalData, sealed);
      // A record that does not open uses no number up: it may be early data that is passed over.
      if (!inner) throw new BadRecordMac();
      number++;
      let end = inner.length - 1;
      while (end >= 0 && inner[end] === 0) end--;
      if (end < 0) throw new UnexpectedMessage({ expected: ["a content type"], got: "padding alone" });
      const type = ContentType.of(inner[end]!);
      // Only data may be empty (RFC 8446 §5.4).
      if (end === 0 && type !== ContentType.application_data) {
        throw new UnexpectedMessage({ expected: ["content"], got: "an empty sealed record that is no data" });
      }
      if (type === ContentType.change_cipher_spec) {
        throw new UnexpectedMessage({ expected: ["a message"], got: "a sealed ChangeCipherSpec" }); // RFC 8446 §5
      }
      return { type, fragment: inner.subarray(0, end), size: inner.length - 1 };
    },
  };
};
