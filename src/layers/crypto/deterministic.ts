/** Cryptography without chance, for tests. @module */
import { Layer } from "../../deps.ts";
import { Crypto } from "../../ports/crypto.ts";
import { makeDeterministic } from "./seeded.ts";

/**
 * Cryptography whose every random byte follows from the seed, so that a handshake is the same bytes on each run. It is
 * for tests and never safe: whoever knows the seed knows the keys. Each building of the layer starts the stream over.
 */
export const layerDeterministic = (seed: number | string): Layer.Layer<Crypto> =>
  Layer.sync(Crypto, () => makeDeterministic(seed));
