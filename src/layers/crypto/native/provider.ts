/** The platform's cryptography as one service. @module */
import type { CryptoService } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { withHybrids } from "../noble/hybrid.ts";
import { makeNoble } from "../noble/provider.ts";
import { makeKem } from "./kem.ts";
import { nativeCrypto } from "./platform.ts";
import { makeKeyShare, makeSign, makeVerify } from "./public.ts";
import { makeAead, makeCbc, makeHash } from "./symmetric.ts";

/** The provider with a given source of random bytes. Without `node:crypto`, it is noble's. */
export const makeNative = (random: (length: number) => Bytes): CryptoService => {
  const noble = makeNoble(random);
  const native = nativeCrypto();
  return !native ? noble : {
    ...noble,
    hash: makeHash(native),
    aead: makeAead(native),
    cbc: makeCbc(native),
    ...withHybrids(makeKeyShare(native, random), makeKem(random)),
    sign: makeSign(native, random),
    verify: makeVerify(native),
  };
};
