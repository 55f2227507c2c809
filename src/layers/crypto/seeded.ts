/** Cryptography whose random bytes come from a seed, as one service. @module */
import type { CryptoService } from "../../ports/crypto.ts";
import { type Bytes, utf8 } from "../../wire/bytes.ts";
import { chacha20 } from "./noble/deps.ts";
import { hash } from "./noble/hash.ts";
import { makeNoble } from "./noble/provider.ts";

/** The provider over a stream that the seed determines; for tests and never safe. */
export const makeDeterministic = (seed: number | string): CryptoService => makeNoble(stream(seed));

/** ChaCha20 under the seed's hash; each draw begins at a block of its own. */
const stream = (seed: number | string): (length: number) => Bytes => {
  const key = hash("sha256").digest([utf8(`effect-tls/${seed}`)]);
  const nonce = new Uint8Array(12);
  let block = 0;
  return (length) => {
    const bytes = chacha20(key, nonce, new Uint8Array(length), undefined, block);
    block += Math.ceil(length / 64);
    return bytes;
  };
};
