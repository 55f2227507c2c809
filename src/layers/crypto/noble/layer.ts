/** Cryptography in portable JavaScript, with the @noble packages and BigInt. @module */
import { Layer } from "../../../deps.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { makeNoble, platformRandom } from "./provider.ts";

/** Cryptography in portable JavaScript, with random bytes from the platform. */
export const layerNoble: Layer.Layer<Crypto> = Layer.sync(Crypto, () => makeNoble(platformRandom));
