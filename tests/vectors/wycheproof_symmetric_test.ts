/** Project Wycheproof's vectors for ciphers, HMAC and HKDF. @module */
import { assert } from "../deps.ts";
import { equal } from "../../src/crypto/equal.ts";
import { expand, extract } from "../../src/crypto/hkdf.ts";
import { type Bytes, concat } from "../../src/wire/bytes.ts";
import { hex } from "../support/keys.ts";
import { hashIn } from "../support/layers.ts";
import { wycheproof } from "./wycheproof.ts";

interface Sealed {
  readonly keySize: number;
  readonly ivSize: number;
  readonly key: string;
  readonly iv: string;
  readonly msg: string;
  readonly ct: string;
}

const no192 = "no suite of ours has keys of 192 bits";

wycheproof<Sealed & { readonly aad: string; readonly tag: string }>("aead", {
  leftOut: ({ keySize, ivSize }) =>
    keySize === 192 ? no192 : ivSize !== 96 ? "the port has nonces of 96 bits alone" : undefined,
  taken: ({ crypto }, { file, keySize, key, iv, aad, msg, ct, tag }) => {
    const name = file !== "aes_gcm" ? "chacha20_poly1305" : keySize === 128 ? "aes_128_gcm" : "aes_256_gcm";
    const cipher = crypto.aead(name, hex(key));
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
