/** Cryptography without randomness, for tests. @module */
import { Layer } from "../../deps.ts";
import { Crypto } from "../../ports/crypto.ts";
import { makeDeterministic } from "./seeded.ts";

/**
 * Cryptography whose random bytes all follow from a seed, so that a handshake has the same bytes on each run. For
 * tests only: whoever knows the seed knows the keys. Each build of the layer restarts the stream.
 */
export const layerDeterministic = (seed: number | string): Layer.Layer<Crypto> =>
  Layer.sync(Crypto, () => makeDeterministic(seed));
