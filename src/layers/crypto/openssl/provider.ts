/** OpenSSL's cryptography as one service. @module */
import type { CryptoService } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { makeKem } from "../native/kem.ts";
import { makeNative } from "../native/provider.ts";
import { withHybrids } from "../noble/hybrid.ts";
import { makeAead, makeCbc } from "./ciphers.ts";
import { makeKeyShare, makeSign, makeVerify } from "./curves.ts";
import { makeHash } from "./hash.ts";
import { withRsa } from "./rsa.ts";
import type { Symbols } from "./symbols.ts";

/** The provider with a given source of random bytes. What OpenSSL has not, or does no faster, is the native provider's. */
export const makeOpenSsl = (openssl: Symbols, random: (length: number) => Bytes): CryptoService => {
  const native = makeNative(random);
  const hash = makeHash(openssl);
  return withRsa(openssl, {
    ...native,
    hash,
    aead: makeAead(openssl, native.aead),
    cbc: makeCbc(openssl),
    ...withHybrids(makeKeyShare(openssl, random, native.keyShare), makeKem(random)),
    verify: makeVerify(openssl, hash, native.verify),
    sign: makeSign(openssl, hash, native.sign),
  });
};
