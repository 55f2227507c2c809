/**
 * AEAD records of TLS 1.2 (RFC 5246 §6.2.3.3).
 *
 * AES-GCM writes eight bytes of its nonce into each record (RFC 5288 §3), here the sequence number, which never
 * repeats under one key. ChaCha20-Poly1305 writes none: its nonce is the IV xor the sequence number (RFC 7905 §2).
 *
 * @module
 */
import { BadRecordMac } from "../../faults/errors/connection.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import { type Aead, type AeadName, tagLength } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";
import { Sequence } from "./sequence.ts";

/** How the nonce of a record is made. */
export interface NonceForm {
  /** The bytes of the nonce that each record carries. */
  readonly explicit: 0 | 8;
  /** The bytes of IV that the key block gives. */
  readonly fixed: 4 | 12;
}

const aes: NonceForm = { explicit: 8, fixed: 4 };

/** The nonces of TLS 1.2: AES-GCM (RFC 5288 §3), AES-CCM (RFC 6655 §3) and ChaCha20-Poly1305 (RFC 7905 §2). */
export const nonceForms: Readonly<Record<AeadName, NonceForm>> = {
  aes_128_gcm: aes,
  aes_256_gcm: aes,
  aes_128_ccm: aes,
  aes_256_ccm: aes,
  aes_128_ccm_8: aes,
  aes_256_ccm_8: aes,
  chacha20_poly1305: { explicit: 0, fixed: 12 },
};

/** The protection of one direction by an AEAD cipher. `iv` is the part of the nonce that the key block gives. */
export const aeadProtection = (
  version: ProtocolVersion,
  cipher: Aead,
  iv: Bytes,
  name: AeadName,
): Protection => {
  const form = nonceForms[name];
  const overhead = form.explicit + tagLength[name];
  const sequence = new Sequence(version);
  // The first eight bytes, the sequence number, serve the nonce as well.
  const additionalData = sequence.bytes;
  const nonce = new Uint8Array(12);
  nonce.set(iv);
  const implicit = (): void => {
    for (let i = 0; i < 8; i++) nonce[4 + i] = iv[4 + i]! ^ additionalData[i]!;
  };
  return {
    limit: MAX_PLAINTEXT + overhead,
    predictableIv: false,
    shortBlocks: false,
    seal: (type, fragment) => {
      sequence.next(type, fragment.length);
      if (form.explicit === 0) {
        implicit();
        return [cipher.seal(nonce, additionalData, fragment)];
      }
      nonce.set(additionalData.subarray(0, 8), 4);
      return [additionalData.slice(0, 8), cipher.seal(nonce, additionalData, fragment)];
    },
    open: (type, sealed) => {
      const length = sealed.length - overhead;
      if (length < 0) throw new BadRecordMac();
      sequence.next(type, length);
      if (form.explicit === 0) implicit();
      else nonce.set(sealed.subarray(0, 8), 4);
      const fragment = cipher.open(nonce, additionalData, sealed.subarray(form.explicit));
      if (!fragment) throw new BadRecordMac();
      return { type, fragment };
    },
  };
};
