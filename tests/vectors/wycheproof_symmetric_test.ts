/** Project Wycheproof's vectors for ciphers, HMAC and HKDF. @module */
import { assert } from "../deps.ts";
import { type AeadName, tagLength } from "../../src/ports/crypto.ts";
import { equal } from "../../src/crypto/equal.ts";
import { expand, extract } from "../../src/crypto/hkdf.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { hex } from "../support/keys.ts";
import { hashIn } from "../support/layers.ts";
import { type Vector, wycheproof } from "./wycheproof.ts";

interface Tagged {
  readonly aad: string;
  readonly tag: string;
  readonly tagSize: number;
}

interface Sealed {
  readonly keySize: number;
  readonly ivSize: number;
  readonly key: string;
  readonly iv: string;
  readonly msg: string;
  readonly ct: string;
}

const no192 = "no suite of ours has keys of 192 bits";

/** The cipher of a vector; `undefined` if its tag is of no cipher of ours. */
const nameOf = ({ file, keySize, tagSize }: Vector & Sealed & Tagged): AeadName | undefined => {
  const name = file.replace("aes_", `aes_${keySize}_`);
  const [found] =
    Object.entries(tagLength).find(([each, length]) =>
      (each === name || each === `${name}_8`) && 8 * length === tagSize
    ) ?? [];
  return found as AeadName | undefined;
};

wycheproof<Sealed & Tagged>("aead", {
  leftOut: (vector) =>
    vector.keySize === 192
      ? no192
      : vector.ivSize !== 96
      ? "the port has nonces of 96 bits alone"
      : nameOf(vector) === undefined
      ? "no suite of ours has such a tag"
      : undefined,
  taken: ({ crypto }, vector) => {
    const { key, iv, aad, msg, ct, tag } = vector;
    const cipher = crypto.aead(nameOf(vector)!, hex(key));
    const sealed = hex(ct + tag);
    const opened = cipher.open(hex(iv), hex(aad), sealed);
    return opened !== undefined && equal(opened, hex(msg)) &&
      equal(cipher.seal(hex(iv), hex(aad), hex(msg)), sealed);
  },
});

/** PKCS #7's padding (RFC 5652 §6.3), which is not that of TLS and so is judged here. */
const padded = (text: Bytes, block: number): Bytes => {
  const padding = block - text.length % block;
  return concat(text, new Uint8Array(padding).fill(padding));
};

wycheproof<Sealed>("cbc", {
  leftOut: ({ keySize }) => keySize === 192 ? no192 : undefined,
  taken: ({ crypto }, { keySize, key, iv, msg, ct }) => {
    const cipher = crypto.cbc(keySize === 128 ? "aes_128_cbc" : "aes_256_cbc", hex(key));
    const [plain, sealed] = [padded(hex(msg), cipher.blockLength), hex(ct)];
    return sealed.length > 0 && sealed.length % cipher.blockLength === 0 && // the port has whole blocks
      equal(cipher.decrypt(hex(iv), sealed), plain) && equal(cipher.encrypt(hex(iv), plain), sealed);
  },
});

interface Mac {
  readonly tagSize: number;
  readonly key: string;
  readonly msg: string;
  readonly tag: string;
}

wycheproof<Mac>("hmac", {
  taken: ({ crypto }, { file, tagSize, key, msg, tag }) =>
    equal(crypto.hash(hashIn(file)).hmac(hex(key))([hex(msg)]).subarray(0, tagSize / 8), hex(tag)),
});

interface Derived {
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

wycheproof<Derived>("hkdf", {
  taken: ({ crypto }, { file, ikm, salt, info, size, okm, flags }) => {
    const hash = crypto.hash(hashIn(file));
    const derive = () => expand(hash, extract(hash, hex(salt), hex(ikm)))(hex(info), size);
    if (!flags.includes("SizeTooLarge")) return equal(derive(), hex(okm));
    assert.throws(derive, RangeError);
    return false;
  },
});
