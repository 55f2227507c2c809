/**
 * Records under a block cipher in CBC mode, with a MAC: over the plaintext, which is encrypted afterwards
 * (RFC 5246 §6.2.3.2), or over the ciphertext if both ends can (RFC 7366).
 *
 * @module
 */
import { equal } from "../../crypto/equal.ts";
import { BadRecordMac } from "../../faults/errors/connection.ts";
import type { ProtocolVersion } from "../../names/protocol.ts";
import type { Cbc } from "../../ports/crypto.ts";
import { type Bytes, concat, EMPTY } from "../../wire/bytes.ts";
import { goodPadding, paddingFor, type PaddingForm, unpadded } from "./cbc_padding.ts";
import type { Mac } from "./mac.ts";
import { MAX_PLAINTEXT, type Protection } from "./protection.ts";
import { Sequence } from "./sequence.ts";

/** What protects one direction of a CBC suite. */
export interface CbcDirection {
  readonly version: ProtocolVersion;
  readonly cipher: Cbc;
  readonly mac: Mac;
  readonly padding: PaddingForm;
  readonly ivs: Ivs;
}

/** Where the IVs of records come from. */
export interface Ivs {
  /** The bytes of IV that each record carries. */
  readonly explicit: number;
  readonly predictable: boolean;
  /** The IV of our next record. */
  readonly make: () => Bytes;
  /** The IV of the peer's next record, which begins with these bytes if IVs are explicit. */
  readonly take: (explicit: Bytes) => Bytes;
  /** Told the ciphertext that was made, or opened, under the last IV. */
  readonly used: (ciphertext: Bytes) => void;
}

/** IVs of TLS 1.0 and before: the last block of the record before (RFC 2246 §6.2.3.2). */
export const chainedIvs = (first: Bytes): Ivs => {
  let next = first;
  return {
    explicit: 0,
    predictable: true,
    make: () => next,
    take: () => next,
    // A copy, because a view would keep the whole record alive.
    used: (ciphertext) => void (next = ciphertext.slice(-first.length)),
  };
};

/** IVs of TLS 1.1 and later: each record carries its own (RFC 4346 §6.2.3.2). */
export const explicitIvs = (length: number, random: (length: number) => Bytes): Ivs => ({
  explicit: length,
  predictable: false,
  make: () => random(length),
  take: (explicit) => explicit,
  used: () => {},
});

/** What both orders of encryption and MAC share. */
const direction = ({ cipher, ivs, mac }: CbcDirection) => ({
  limit: MAX_PLAINTEXT + ivs.explicit + mac.length + 256,
  predictableIv: ivs.predictable,
  shortBlocks: cipher.blockLength === 8,
});

const encrypt = ({ cipher, ivs }: CbcDirection, ...content: ReadonlyArray<Bytes>): ReadonlyArray<Bytes> => {
  let length = 0;
  for (const part of content) length += part.length;
  const iv = ivs.make();
  const ciphertext = cipher.encrypt(iv, concat(...content, paddingFor(length, cipher.blockLength)));
  ivs.used(ciphertext);
  return [ivs.explicit > 0 ? iv : EMPTY, ciphertext];
};

/** Decrypts a record. One whose length is impossible fails like any other that does not decrypt. */
const decrypt = ({ cipher, ivs }: CbcDirection, sealed: Bytes, least: number): Bytes => {
  const ciphertext = sealed.subarray(ivs.explicit);
  if (ciphertext.length < least || ciphertext.length % cipher.blockLength !== 0) throw new BadRecordMac();
  const plain = cipher.decrypt(ivs.take(sealed.subarray(0, ivs.explicit)), ciphertext);
  ivs.used(ciphertext);
  return plain;
};

/** MAC, then encrypt (RFC 5246 §6.2.3.2). Opening a record costs the same work whatever its padding. */
export const macThenEncrypt = (of: CbcDirection): Protection => {
  const { cipher, mac, padding, version } = of;
  const sequence = new Sequence(version);
  return {
    ...direction(of),
    seal: (type, fragment) => encrypt(of, fragment, mac.of([sequence.next(type, fragment.length), fragment])),
    open: (type, sealed) => {
      const plain = decrypt(of, sealed, Math.max(mac.length + 1, cipher.blockLength));
      const { length, good, tag } = unpadded(plain, mac.length, padding, cipher.blockLength);
      const fragment = plain.subarray(0, length);
      const expected = mac.of([sequence.next(type, length), fragment]);
      // Against Lucky 13: the hash does the work that a longer padding would save it.
      mac.waste(mac.blocks(plain.length - mac.length - 1) - mac.blocks(length));
      const same = equal(expected, tag);
      if (!(good && same)) throw new BadRecordMac();
      return { type, fragment };
    },
  };
};

/** Encrypt, then MAC over IV and ciphertext (RFC 7366 §3). Nothing is decrypted before the MAC is verified. */
export const encryptThenMac = (of: CbcDirection): Protection => {
  const { cipher, ivs, mac, padding, version } = of;
  const sequence = new Sequence(version);
  return {
    ...direction(of),
    seal: (type, fragment) => {
      const [iv, ciphertext] = encrypt(of, fragment) as readonly [Bytes, Bytes];
      const header = sequence.next(type, iv.length + ciphertext.length);
      return [iv, ciphertext, mac.of([header, iv, ciphertext])];
    },
    open: (type, sealed) => {
      const length = sealed.length - mac.length;
      if (length < ivs.explicit) throw new BadRecordMac();
      const encrypted = sealed.subarray(0, length);
      if (!equal(mac.of([sequence.next(type, length), encrypted]), sealed.subarray(length))) {
        throw new BadRecordMac();
      }
      const plain = decrypt(of, encrypted, cipher.blockLength);
      // Bad padding can only be the peer's own doing: the MAC holds.
      if (!goodPadding(plain, 0, padding, cipher.blockLength)) throw new BadRecordMac();
      return { type, fragment: plain.subarray(0, plain.length - plain.at(-1)! - 1) };
    },
  };
};
