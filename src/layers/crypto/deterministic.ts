/** Cryptography without chance, for tests. @module */
import { Layer } from "../../deps.ts";
import { Crypto, type CryptoService } from "../../ports/crypto.ts";
import type { Bytes } from "../../wire/bytes.ts";
import { chacha20 } from "./noble/deps.ts";
import { hash } from "./noble/hash.ts";
import { makeNoble } from "./noble/layer.ts";

/**
 * Cryptography whose every random byte follows from the seed, so that a handshake is the same bytes on each run. It is
 * for tests and never safe: whoever knows the seed knows the keys. Each building of the layer starts the stream over.
 */
export const layerDeterministic = (seed: number | string): Layer.Layer<Crypto> =>
  Layer.sync(Crypto, () => makeDeterministic(seed));

/** The provider over a stream that the seed determines; for tests and never safe. */
export const makeDeterministic = (seed: number | string): CryptoService => makeNoble(stream(seed));

/** ChaCha20 under the seed's hash; each draw begins at a block of its own. */
const stream = (seed: number | string): (length: number) => Bytes => {
  const key = hash("sha256").digest([new TextEncoder().encode(`effect-tls/${seed}`)]);
  const nonce = new Uint8Array(12);
  let block = 0;
  return (length) => {
    const bytes = chacha20(key, nonce, new Uint8Array(length), undefined, block);
    block += Math.ceil(length / 64);
    return bytes;
  };
};
