/**
 * Cryptography with the platform's `node:crypto` and WebCrypto where they are faster, and with @noble where they are
 * not.
 *
 * The table says how many times as long noble takes, measured with Deno 2.9 on x86-64
 * (`deno task bench --only crypto/` measures again).
 *
 * | operation                                | noble ÷ native | taken                       |
 * | ---------------------------------------- | -------------- | --------------------------- |
 * | x25519, a share and a secret             | 7.0            | native                      |
 * | x448, the same                           | 1.5            | native                      |
 * | secp256r1, secp384r1                     | 2.7, 1.6       | native                      |
 * | X25519MLKEM768, SecP256r1MLKEM768        | 3.2, 1.8       | native, if WebCrypto has it |
 * | secp521r1                                |                | noble: native throws        |
 * | Ed25519, sign and verify                 | 7.6, 14        | native                      |
 * | Ed448, sign and verify                   | 1.1, 1.1       | noble: no gain              |
 * | ECDSA verify, P-256 and P-384            | 2.2, 1.8       | native                      |
 * | ECDSA verify, other pairs with a hash    |                | noble: native fails some    |
 * | ECDSA sign                               | 0.7            | noble                       |
 * | RSA, with the private key and the public | 0.8, 0.1       | noble, blinded              |
 * | finite fields                            | 0.3            | noble                       |
 * | AES-GCM, 64 bytes and 16 KiB             | 3.2, 3.9       | native                      |
 * | ChaCha20-Poly1305, the same              | 3.1, 6.2       | native                      |
 * | AES-CCM, the same, on CBC and CTR        | 0.9, 2.1       | native                      |
 * | AES-CBC, 64 bytes and 16 KiB             | 0.7, 3.5       | noble below 256 bytes       |
 * | 3DES-CBC (on des.js)                     | 2.8            | native                      |
 * | SHA-256, 64 bytes and 16 KiB             | 1.2, 8.9       | native                      |
 * | HMAC-SHA-256, the same                   | 0.4, 4.1       | noble below 512 bytes       |
 *
 * @module
 */
import { Layer } from "../../../deps.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { platformRandom } from "../noble/provider.ts";
import { makeNative } from "./provider.ts";

/**
 * The fastest cryptography on this platform: each operation uses `node:crypto`, WebCrypto (for ML-KEM) or @noble,
 * whichever is fastest. The shares of hybrid groups are asynchronous where WebCrypto has ML-KEM. Apart from that and
 * from speed, it behaves as `layerNoble`, and it is `layerNoble` on a platform without `node:crypto`.
 */
export const layerNative: Layer.Layer<Crypto> = Layer.sync(Crypto, () => makeNative(platformRandom));
