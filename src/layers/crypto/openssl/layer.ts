/** Cryptography with the OpenSSL of the system. @module */
import { Effect, Layer } from "../../../deps.ts";
import { Crypto } from "../../../ports/crypto.ts";
import { platformRandom } from "../noble/provider.ts";
import { openLibrary } from "./library.ts";
import { makeOpenSsl } from "./provider.ts";
import type { OpenSslUnavailable } from "./unavailable.ts";

/** Which OpenSSL to use. */
export interface OpenSslOptions {
  /** The path of libcrypto; the first of the usual ones that is OpenSSL 3 unless given. */
  readonly library?: string | undefined;
}

/**
 * Cryptography with OpenSSL 3's libcrypto, called by FFI: hashes, AES-GCM, ChaCha20-Poly1305, CBC, the curves of NIST, ECDSA and
 * RSA; the rest is `layerNative`'s. RSA private keys are used on other threads. Needs `--allow-ffi=PATH`, which is the end
 * of Deno's sandbox: see SECURITY.md. Fails with OpenSslUnavailable.
 */
export const layerOpenSsl = ({ library }: OpenSslOptions = {}): Layer.Layer<Crypto, OpenSslUnavailable> =>
  Layer.effect(Crypto, Effect.map(openLibrary(library), (openssl) => makeOpenSsl(openssl, platformRandom)));
