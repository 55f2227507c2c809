/**
 * Cryptography by the platform's `node:crypto` where that is faster, and on @noble where it is not.
 *
 * Microseconds, noble and native, on a machine at rest with Deno 2.9 (`deno task bench --only crypto` measures anew);
 * what is faster serves:
 *
 * FIGURES
 *
 * @module
 */
import { Layer } from "../deps.ts";
import { Crypto, type CryptoService } from "../services/crypto.ts";
import type { Bytes } from "../wire/bytes.ts";
import { makeNoble, platformRandom } from "./crypto_noble.ts";
import { nativeCrypto } from "./native.ts";
import { makeKeyShare, makeSign, makeVerify } from "./native_public.ts";
import { makeAead, makeCbc, makeHash } from "./native_symmetric.ts";

/** The provider over a source of random bytes; noble's where there is no `node:crypto`. */
export const makeNative = (random: (length: number) => Bytes): CryptoService => {
  const noble = makeNoble(random);
  const native = nativeCrypto();
  return !native ? noble : {
    ...noble,
    hash: makeHash(native),
    aead: makeAead(native),
    cbc: makeCbc(native),
    keyShare: makeKeyShare(native, random),
    sign: makeSign(native, random),
    verify: makeVerify(native),
  };
};

/**
 * The fastest cryptography that the platform has: each operation by `node:crypto` or on @noble, whichever is faster.
 * The same as `layerNoble` in all but speed, and nothing else where there is no `node:crypto`.
 */
export const layerNative: Layer.Layer<Crypto> = Layer.sync(Crypto, () => makeNative(platformRandom));
