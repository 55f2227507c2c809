/** The parts of the @noble packages that the layers use. No other file names these packages. @module */
export { cbc, ctr, gcm } from "npm:@noble/ciphers@^2.4.0/aes.js";
export { chacha20, chacha20poly1305 } from "npm:@noble/ciphers@^2.4.0/chacha.js";
export { invert, mod, pow } from "npm:@noble/curves@^2.4.0/abstract/modular.js";
export { ecdsa } from "npm:@noble/curves@^2.4.0/abstract/weierstrass.js";
export { ed25519, x25519 } from "npm:@noble/curves@^2.4.0/ed25519.js";
export { ed448, x448 } from "npm:@noble/curves@^2.4.0/ed448.js";
export { p256, p384, p521 } from "npm:@noble/curves@^2.4.0/nist.js";
export { bytesToNumberBE, numberToBytesBE } from "npm:@noble/curves@^2.4.0/utils.js";
export { hmac } from "npm:@noble/hashes@^2.4.0/hmac.js";
export { md5, sha1 } from "npm:@noble/hashes@^2.4.0/legacy.js";
export { pbkdf2Async } from "npm:@noble/hashes@^2.4.0/pbkdf2.js";
export { scryptAsync } from "npm:@noble/hashes@^2.4.0/scrypt.js";
export { sha224, sha256, sha384, sha512 } from "npm:@noble/hashes@^2.4.0/sha2.js";
export { ml_kem768 } from "npm:@noble/post-quantum@^0.7.1/ml-kem.js";
