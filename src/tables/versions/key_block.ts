/** The key block, and the protection of both directions that is cut from it. @module */
import type { OfBoth } from "../../names/side.ts";
import type { CryptoService } from "../../ports/crypto.ts";
import { keyLengths, protect, type RecordForm } from "../../record/protection/cipher.ts";
import type { Protection } from "../../record/protection/protection.ts";
import type { Bytes } from "../../wire/bytes.ts";
import type { Suite } from "../suites.ts";

/** Cuts a key block into MAC keys, cipher keys and IVs, the client's first (RFC 5246 §6.3, RFC 6101 §6.2.2). */
export const protections = (
  { cipher }: Suite,
  form: RecordForm,
  crypto: CryptoService,
  encryptThenMac: boolean,
  expand: (length: number) => Bytes,
): OfBoth<Protection> => {
  const { mac, key, iv } = keyLengths(cipher, form, crypto);
  const block = expand(2 * (mac + key + iv));
  const cut = (start: number, length: number, index: 0 | 1) =>
    block.subarray(start + index * length, start + (index + 1) * length);
  const side = (index: 0 | 1) => {
    const keys = {
      mac: cut(0, mac, index),
      key: cut(2 * mac, key, index),
      iv: cut(2 * (mac + key), iv, index),
    };
    return protect(cipher, form, crypto, keys, encryptThenMac);
  };
  return { client: side(0), server: side(1) };
};
