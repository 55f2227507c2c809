/** What the bytes of a file are, whatever its name or label says. @module */
import { Either } from "../../deps.ts";
import { any, decodeDer, type Der } from "../der/der.ts";
import { derOf } from "../der/ber.ts";
import { type Bytes, toHex } from "../../wire/bytes.ts";

/** The labels of PEM that are told apart by their bytes. */
export type Label =
  | "CERTIFICATE"
  | "TRUSTED CERTIFICATE"
  | "PRIVATE KEY"
  | "RSA PRIVATE KEY"
  | "EC PRIVATE KEY"
  | "ENCRYPTED PRIVATE KEY"
  | "PUBLIC KEY"
  | "PKCS7"
  | "PKCS12";

/** The label that the bytes deserve, by the tags of their first members; `undefined` for anything else. */
export const labelOf = (bytes: Bytes): Label | undefined => {
  // A SEQUENCE of indefinite length is BER, which only PKCS#7 and PKCS#12 are written in.
  const der = bytes[0] === 0x30 && bytes[1] === 0x80 ? derOf(bytes) : bytes;
  const read = der && Either.getOrUndefined(decodeDer("file", heads, der));
  const label = read && labels.find(([tags]) => read.tags.startsWith(tags))?.[1];
  return label !== "CERTIFICATE" || read!.whole ? label : "TRUSTED CERTIFICATE";
};

/** The tags of the first members of a SEQUENCE, and whether nothing follows it. */
const heads: Der<{ readonly tags: string; readonly whole: boolean }> = {
  accepts: (tag) => tag === 0x30,
  read: (r) => {
    const tags: Array<number> = [];
    r.within((inner) => {
      while (inner.more && tags.length < 3) tags.push(any.read(inner).tag);
      inner.rest();
    }, 0x30);
    const whole = !r.more;
    r.rest();
    return { tags: toHex(Uint8Array.from(tags)), whole };
  },
};

/** INTEGER is 02, BIT STRING 03, OCTET STRING 04, OBJECT IDENTIFIER 06, SEQUENCE 30, `[0]` a0. The first row counts. */
const labels: ReadonlyArray<readonly [tags: string, Label]> = [
  ["303003", "CERTIFICATE"],
  ["023004", "PRIVATE KEY"],
  ["020202", "RSA PRIVATE KEY"],
  ["0204", "EC PRIVATE KEY"],
  ["3004", "ENCRYPTED PRIVATE KEY"],
  ["3003", "PUBLIC KEY"],
  ["06a0", "PKCS7"],
  ["0230", "PKCS12"],
];
