/** AEAD ciphers and CBC with OpenSSL. @module */
import {
  type Aead,
  type AeadName,
  type CbcName,
  type CryptoService,
  tagLength,
} from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { guarded, keyOf } from "../noble/aead.ts";
import { checked } from "../noble/cbc.ts";
import type { Symbols } from "./symbols.ts";

/** The names of OpenSSL. CCM is left to the layer below, which makes it of two modes. */
const aeadNames: Partial<Readonly<Record<AeadName, string>>> = {
  aes_128_gcm: "AES-128-GCM",
  aes_256_gcm: "AES-256-GCM",
  chacha20_poly1305: "ChaCha20-Poly1305",
};

const cbcNames: Readonly<
  Record<CbcName, { readonly name: string; readonly key: number; readonly block: number }>
> = {
  aes_128_cbc: { name: "AES-128-CBC", key: 16, block: 16 },
  aes_256_cbc: { name: "AES-256-CBC", key: 32, block: 16 },
  "3des_ede_cbc": { name: "DES-EDE3-CBC", key: 24, block: 8 },
};

const [GET_TAG, SET_TAG] = [0x10, 0x11];
const text = (name: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`${name}\0`);

/** What OpenSSL writes lengths to; nobody reads them, since every cipher here keeps lengths. */
const size = new Uint8Array(4);
const nothing = new Uint8Array(32);

/** A context that encrypts or decrypts under one key. It is freed with its owner. */
type Direction = "Encrypt" | "Decrypt";

const makeContexts = (openssl: Symbols) => {
  const ciphers = new Map<string, Deno.PointerValue>();
  const freed = new FinalizationRegistry<Deno.PointerValue>((context) =>
    openssl.EVP_CIPHER_CTX_free(context)
  );
  const cipherOf = (name: string): Deno.PointerValue => {
    let cipher = ciphers.get(name);
    if (!cipher) ciphers.set(name, cipher = openssl.EVP_CIPHER_fetch(null, text(name), null));
    if (!cipher) throw new Error(`OpenSSL has no ${name}`);
    return cipher;
  };
  return (owner: object, direction: Direction, name: string, key: Bytes): Deno.PointerValue => {
    const context = openssl.EVP_CIPHER_CTX_new();
    freed.register(owner, context);
    const began = openssl[`EVP_${direction}Init_ex`](context, cipherOf(name), null, whole(key), null);
    openssl.EVP_CIPHER_CTX_set_padding(context, 0);
    if (began !== 1) throw new Error(`OpenSSL does not begin ${name}`);
    return context;
  };
};

/** Bytes as the types of FFI want them: a buffer that may be shared is not one of theirs. */
const whole = (bytes: Bytes): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;

/** The AEAD ciphers; what OpenSSL has not, `below` makes. */
export const makeAead = (openssl: Symbols, below: CryptoService["aead"]): CryptoService["aead"] => {
  const begin = makeContexts(openssl);
  return (name, key) => {
    const cipher = aeadNames[name];
    if (cipher === undefined) return below(name, key);
    const own = keyOf(name, key);
    const tag = tagLength[name];
    // A direction is begun when it is first used: a connection's keys mostly serve one.
    let [sealing, opening]: Array<Deno.PointerValue> = [];
    const it: Aead = {
      seal: (nonce, additionalData, plaintext) => {
        const context = sealing ??= begin(it, "Encrypt", cipher, own);
        const { length } = plaintext;
        const sealed = new Uint8Array(length + tag);
        let good = openssl.EVP_EncryptInit_ex(context, null, null, null, whole(nonce));
        good &= openssl.EVP_EncryptUpdate(context, null, size, whole(additionalData), additionalData.length);
        if (length > 0) good &= openssl.EVP_EncryptUpdate(context, sealed, size, whole(plaintext), length);
        good &= openssl.EVP_EncryptFinal_ex(context, nothing, size);
        good &= openssl.EVP_CIPHER_CTX_ctrl(context, GET_TAG, tag, sealed.subarray(length));
        if (good !== 1) throw new Error(`OpenSSL does not seal by ${cipher}`);
        return sealed;
      },
      open: (nonce, additionalData, sealed) => {
        const context = opening ??= begin(it, "Decrypt", cipher, own);
        const length = sealed.length - tag;
        const plaintext = new Uint8Array(length);
        let good = openssl.EVP_DecryptInit_ex(context, null, null, null, whole(nonce));
        good &= openssl.EVP_DecryptUpdate(context, null, size, whole(additionalData), additionalData.length);
        if (length > 0) {
          good &= openssl.EVP_DecryptUpdate(
            context,
            plaintext,
            size,
            whole(sealed.subarray(0, length)),
            length,
          );
        }
        good &= openssl.EVP_CIPHER_CTX_ctrl(context, SET_TAG, tag, whole(sealed.subarray(length)));
        if (good !== 1) throw new Error(`OpenSSL does not open by ${cipher}`);
        if (openssl.EVP_DecryptFinal_ex(context, nothing, size) === 1) return plaintext;
        openssl.ERR_clear_error();
        return undefined;
      },
    };
    return guarded(name, it);
  };
};

/** The block ciphers in CBC mode. */
export const makeCbc = (openssl: Symbols): CryptoService["cbc"] => {
  const begin = makeContexts(openssl);
  return (name, key) => {
    const { name: cipher, key: length, block } = cbcNames[name];
    const own = checked(name, key, length);
    const contexts: Partial<Record<Direction, Deno.PointerValue>> = {};
    const by = (direction: Direction) => (iv: Bytes, data: Bytes): Bytes => {
      if (iv.length !== block || data.length % block !== 0) {
        throw new RangeError(`${name} takes whole blocks of ${block} bytes`);
      }
      const context = contexts[direction] ??= begin(it, direction, cipher, own);
      const out = new Uint8Array(data.length);
      let good = openssl[`EVP_${direction}Init_ex`](context, null, null, null, whole(iv));
      if (data.length > 0) {
        good &= openssl[`EVP_${direction}Update`](context, out, size, whole(data), data.length);
      }
      if (good !== 1) throw new Error(`OpenSSL does not run ${cipher}`);
      return out;
    };
    const it = { blockLength: block, encrypt: by("Encrypt"), decrypt: by("Decrypt") };
    return it;
  };
};
