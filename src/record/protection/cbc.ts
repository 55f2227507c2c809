/**
 * Records under a block cipher in CBC mode, with a MAC: over what was then encrypted (RFC 5246 §6.2.3.2), or, where
 * both ends can, over what is encrypted already (RFC 7366).
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

/** One direction of a CBC suite. */
export interface CbcDirection {
  readonly version: ProtocolVersion;
  readonly cipher: Cbc;
  readonly mac: Mac;
  readonly padding: PaddingForm;
  readonly ivs: Ivs;
}

/** Where IVs come from. */
export interface Ivs {
  /** Bytes of IV in each record. */
  readonly explicit: number;
  readonly predictable: boolean;
  /** For the next record of ours. */
  readonly make: () => Bytes;
  /** For the next record of the peer's, which begins with these bytes if IVs are explicit. */
  readonly take: (explicit: Bytes) => Bytes;
  /** What was encrypted under the last one. */
  readonly used: (ciphertext: Bytes) => void;
}

/** Each record's IV is the last block of the one before it (RFC 2246 §6.2.3.2). */
export const chainedIvs = (first: Bytes): Ivs => {
  let next = first;
  return {
    explicit: 0,
    predictable: true,
    make: () => next,
    take: () => next,
    // A copy: the view would keep the whole record alive.
    used: (ciphertext) => void (next = ciphertext.slice(-first.length)),
  };
};

/** Each record has its own (RFC 4346 §6.2.3.2). */
export const explicitIvs = (length: number, random: (length: number) => Bytes): Ivs => ({
  explicit: length,
  predictable: false,
  make: () => random(length),
  take: (explicit) => explicit,
  used: () => {},
});

/** What both orders of encryption and MAC have in common. */
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

/** Decrypts; what can be no ciphertext, by its length alone, is no more than a record that does not decrypt. */
const decrypt = ({ cipher, ivs }: CbcDirection, sealed: Bytes, least: number): Bytes => {
  const ciphertext = sealed.subarray(ivs.explicit);
  if (ciphertext.length < least || ciphertext.length % cipher.blockLength !== 0) throw new BadRecordMac();
  const plain = cipher.decrypt(ivs.take(sealed.subarray(0, ivs.explicit)), ciphertext);
  ivs.used(ciphertext);
  return plain;
};

/** The MAC is made first and encrypted too. A record is opened with the same work whatever its padding. */
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
      // Lucky 13: what a longer padding saved the hash is worked off.
      mac.waste(mac.blocks(plain.length - mac.length - 1) - mac.blocks(length));
      const same = equal(expected, tag);
      if (!(good && same)) throw new BadRecordMac();
      return { type, fragment };
    },
  };
};

/** The MAC is over IV and ciphertext, and nothing is decrypted before it holds (RFC 7366 §3). */
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
      // Nobody but the peer itself could have made it bad.
      if (!goodPadding(plain, 0, padding, cipher.blockLength)) throw new BadRecordMac();
      return { type, fragment: plain.subarray(0, plain.length - plain.at(-1)! - 1) };
    },
  };
};
