/** Cryptography with random bytes from a seed, as one service. @module */
import type { CryptoService } from "../../ports/crypto.ts";
import { type Bytes, utf8 } from "../../wire/bytes.ts";
import { chacha20 } from "./noble/deps.ts";
import { hash } from "./noble/hash.ts";
import { makeNoble } from "./noble/provider.ts";

/** The provider whose random bytes follow from a seed: for tests only. */
export const makeDeterministic = (seed: number | string): CryptoService => makeNoble(stream(seed));

/** ChaCha20 keyed by the seed's hash. Each draw starts at a new block. */
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
