/** Records under a stream cipher, or none, with a MAC (RFC 5246 §6.2.3.1). @module */
import { equal } from "../../crypto/equal.ts";
import { BadRecordMac } from "../../faults/errors/connection.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { StreamCipher } from "../../ports/crypto.ts";
import { concat } from "../../wire/bytes.ts";
import type { Mac } from "./mac.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";
import { Sequence } from "./sequence.ts";

/** The protection of one direction by a stream cipher; `cipher` is `undefined` for NULL, which encrypts nothing. */
export const streamProtection = (
  version: ProtocolVersion,
  cipher: StreamCipher | undefined,
  mac: Mac,
): Protection => {
  const sequence = new Sequence(version);
  return {
    limit: MAX_PLAINTEXT + mac.length,
    predictableIv: false,
    shortBlocks: false,
    seal: (type, fragment) => {
      const tag = mac.of([sequence.next(type, fragment.length), fragment]);
      return cipher ? [cipher(concat(fragment, tag))] : [fragment, tag];
    },
    open: (type, sealed) => {
      const length = sealed.length - mac.length;
      if (length < 0) throw new BadRecordMac();
      const plain = cipher ? cipher(sealed) : sealed;
      const fragment = plain.subarray(0, length);
      if (!equal(mac.of([sequence.next(type, length), fragment]), plain.subarray(length))) {
        throw new BadRecordMac();
      }
      return { type, fragment };
    },
  };
};
