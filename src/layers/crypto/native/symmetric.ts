/** Hashes and ciphers of `node:crypto`. @module */
import {
  type Aead,
  type AeadName,
  type CbcName,
  type CryptoService,
  type RunningHash,
  tagLength,
} from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { guarded, keyOf } from "../noble/aead.ts";
import { cbc as nobleCbc, checked } from "../noble/cbc.ts";
import { ccm } from "../noble/ccm.ts";
import { hash as nobleHash, over, tableOf } from "../noble/hash.ts";
import type { NativeCrypto, NativeHash } from "./platform.ts";
import { bytesOf } from "./platform.ts";

/** From this many bytes on, an HMAC is faster here than with noble. */
const HMAC_FROM = 512;
/** From this many bytes on, AES-CBC is faster here than with noble. */
const CBC_FROM = 256;

const running = (state: NativeHash): RunningHash => ({
  update: (bytes) => void state.update(bytes),
  copy: () => running(state.copy()),
  digest: () => bytesOf(state.digest()),
});

const total = (data: ReadonlyArray<Bytes>): number => data.reduce((sum, { length }) => sum + length, 0);

/** The hash functions. A short HMAC is left to noble. */
export const makeHash = ({ createHash, createHmac }: NativeCrypto): CryptoService["hash"] => {
  const hashes = tableOf((name) => {
    const noble = nobleHash(name);
    return {
      ...noble,
      create: () => running(createHash(name)),
      digest: (data) => bytesOf(over(createHash(name), data)),
      hmac: (key) => {
        const short = noble.hmac(key);
        const own = key.slice(); // a copy, as in noble: the caller may overwrite its key
        return (data) => total(data) < HMAC_FROM ? short(data) : bytesOf(over(createHmac(name, own), data));
      },
    };
  });
  return (name) => hashes[name];
};

/** The AEAD ciphers. CCM, which not every `node:crypto` has, is made of two other modes, as with noble. */
export const makeAead = (native: NativeCrypto): CryptoService["aead"] => (name, key) =>
  guarded(name, aeads[name](native, keyOf(name, key), tagLength[name]));

type MakeAead = (native: NativeCrypto, key: Bytes, tag: number) => Aead;

const aead = (cipher: string): MakeAead => ({ createCipheriv, createDecipheriv }, key, tag) => {
  const tagged = { authTagLength: tag };
  return {
    seal: (nonce, additionalData, plaintext) => {
      const { length } = plaintext;
      const state = createCipheriv(cipher, key, nonce, tagged);
      state.setAAD(additionalData, { plaintextLength: length });
      const sealed = new Uint8Array(length + tag);
      sealed.set(state.update(plaintext));
      state.final();
      sealed.set(state.getAuthTag(), length);
      return sealed;
    },
    open: (nonce, additionalData, sealed) => {
      const length = sealed.length - tag;
      const state = createDecipheriv(cipher, key, nonce, tagged);
      state.setAAD(additionalData, { plaintextLength: length });
      state.setAuthTag(sealed.subarray(length));
      const plaintext = bytesOf(state.update(sealed.subarray(0, length)));
      try {
        state.final();
      } catch {
        return undefined; // only a wrong tag throws here
      }
      return plaintext;
    },
  };
};

const ccmOver = (bits: 128 | 256): MakeAead => ({ createCipheriv }, key, tag) => {
  const mode = (cipher: string) => (iv: Bytes, data: Bytes): Bytes => {
    if (data.length === 0) return data;
    const state = createCipheriv(`aes-${bits}-${cipher}`, key, iv);
    state.setAutoPadding(false);
    const out = bytesOf(state.update(data));
    state.final();
    return out;
  };
  const cbc = mode("cbc");
  return ccm({ cbc: (blocks) => cbc(new Uint8Array(16), blocks), ctr: mode("ctr") }, tag);
};

const aeads: Record<AeadName, MakeAead> = {
  aes_128_gcm: aead("aes-128-gcm"),
  aes_256_gcm: aead("aes-256-gcm"),
  chacha20_poly1305: aead("chacha20-poly1305"),
  aes_128_ccm: ccmOver(128),
  aes_256_ccm: ccmOver(256),
  aes_128_ccm_8: ccmOver(128),
  aes_256_ccm_8: ccmOver(256),
};

const cbcNames: Record<CbcName, { readonly cipher: string; readonly key: number; readonly from: number }> = {
  aes_128_cbc: { cipher: "aes-128-cbc", key: 16, from: CBC_FROM },
  aes_256_cbc: { cipher: "aes-256-cbc", key: 32, from: CBC_FROM },
  "3des_ede_cbc": { cipher: "des-ede3-cbc", key: 24, from: 0 },
};

/** The block ciphers in CBC mode. A few blocks of AES are left to noble. */
export const makeCbc = (
  { createCipheriv, createDecipheriv }: NativeCrypto,
): CryptoService["cbc"] =>
(name, key) => {
  const { cipher, key: length, from } = cbcNames[name];
  const own = checked(name, key, length);
  const noble = nobleCbc(name, key);
  const by = (make: NativeCrypto["createCipheriv"], short: (iv: Bytes, data: Bytes) => Bytes) =>
  (
    iv: Bytes,
    data: Bytes,
  ): Bytes => {
    if (data.length < from || data.length === 0) return short(iv, data);
    const state = make(cipher, own, iv);
    state.setAutoPadding(false);
    const out = bytesOf(state.update(data));
    state.final();
    return out;
  };
  return {
    blockLength: noble.blockLength,
    encrypt: by(createCipheriv, noble.encrypt),
    decrypt: by(createDecipheriv, noble.decrypt),
  };
};
