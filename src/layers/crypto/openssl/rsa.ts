/** RSA with OpenSSL: its operations are blinded, checked and, with the private key, on another thread. @module */
import { Effect } from "../../../deps.ts";
import { PrivateKeyError } from "../../../faults/errors/crypto.ts";
import type { CryptoService } from "../../../ports/crypto.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { privateNumbers, publicNumbers, type RsaPrivateKey, type RsaPublicKey } from "../noble/rsa.ts";
import { BAD_KEY, rsaSchemes, TOO_SHORT } from "../noble/rsa_schemes.ts";
import type { Symbols } from "./symbols.ts";

/** No padding: the block is a number as it is. */
const RAW = 3;

const owned = (bytes: Bytes): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>; // none is shared

/** The operations with keys, each made once and freed with its owner. */
const makeOperations = (openssl: Symbols) => {
  const freed = new FinalizationRegistry<Deno.PointerValue>((key) => openssl.RSA_free(key));
  const kept = new WeakMap<object, Deno.PointerValue>();
  const number = (bytes: Bytes): Deno.PointerValue => openssl.BN_bin2bn(owned(bytes), bytes.length, null);
  const keyOf = (key: RsaPublicKey | RsaPrivateKey): Deno.PointerValue => {
    const known = kept.get(key);
    if (known) return known;
    const own = openssl.RSA_new();
    const secret = "privateExponent" in key ? key : undefined;
    const exponent = secret ? number(secret.privateExponent) : null;
    openssl.RSA_set0_key(own, number(key.modulus), number(key.publicExponent), exponent);
    if (secret) {
      openssl.RSA_set0_factors(own, number(secret.prime1), number(secret.prime2));
      const [dp, dq, inverse] = [secret.exponent1, secret.exponent2, secret.coefficient].map(number);
      openssl.RSA_set0_crt_params(own, dp!, dq!, inverse!);
    }
    kept.set(key, own);
    freed.register(key, own);
    return own;
  };
  return {
    /** x^e mod n of a block below the modulus and as long. */
    open: (key: RsaPublicKey, block: Bytes): Bytes => {
      const out = new Uint8Array(block.length);
      if (openssl.RSA_public_encrypt(block.length, owned(block), out, keyOf(key), RAW) === block.length) {
        return out;
      }
      openssl.ERR_clear_error();
      throw new Error("OpenSSL does not apply the RSA public key");
    },
    /** c^d mod n of a block below the modulus and as long. OpenSSL checks its result, and computes it anew if it is wrong. */
    close: (key: RsaPrivateKey, block: Bytes): Effect.Effect<Bytes | undefined> =>
      Effect.promise(async () => {
        const out = new Uint8Array(block.length);
        const length = await openssl.RSA_private_decrypt(block.length, owned(block), out, keyOf(key), RAW);
        // The key, which owns the one in OpenSSL, must live until here.
        return length === block.length && kept.has(key) ? out : undefined;
      }),
  };
};

/** Whether a block of the modulus's length is a number below it. */
const isBelow = (block: Bytes, modulus: Bytes): boolean => {
  const n = modulus.subarray(modulus.length - block.length);
  const at = block.findIndex((byte, i) => byte !== n[i]);
  return at >= 0 && block[at]! < n[at]!;
};

/** The parts of a provider that RSA has; other keys are left to `below`. */
export const withRsa = (openssl: Symbols, below: CryptoService): CryptoService => {
  const { open, close } = makeOperations(openssl);
  const fails = (operation: "sign" | "decrypt", reason: string) =>
    Effect.fail(new PrivateKeyError({ operation, reason }));
  return {
    ...below,
    verify: (key, scheme, data, signature) => {
      const rsa = rsaSchemes.get(scheme);
      if (!rsa || !rsa.fits(key)) return below.verify(key, scheme, data, signature);
      return Effect.sync(() => {
        const one = key as RsaPublicKey; // as it fits
        const numbers = publicNumbers(one);
        return numbers !== undefined && signature.length === numbers.length &&
          isBelow(signature, one.modulus) &&
          rsa.holds(data, open(one, signature), numbers.bits);
      });
    },
    sign: (key, scheme, data) => {
      const rsa = rsaSchemes.get(scheme);
      if (!rsa || !rsa.fits(key)) return below.sign(key, scheme, data);
      return Effect.suspend(() => {
        const one = key as RsaPrivateKey; // as it fits
        const numbers = privateNumbers(one);
        if (numbers === undefined) return fails("sign", BAD_KEY);
        const block = rsa.encode(data, numbers.bits, below.random);
        if (block === undefined) return fails("sign", TOO_SHORT);
        // A PSS block may be a byte shorter than the modulus (RFC 8017 §8.1.1).
        const padded = new Uint8Array(numbers.length);
        padded.set(block, numbers.length - block.length);
        return Effect.flatMap(
          close(one, padded),
          (signature) => signature ? Effect.succeed(signature) : fails("sign", "OpenSSL failed"),
        );
      });
    },
    // A ciphertext of another length, or not below the modulus, costs the same and gives zeros: see the layer below.
    rsaDecryptRaw: (key, ciphertext) =>
      Effect.suspend(() => {
        if (key._tag !== "rsa") return fails("decrypt", `a key of ${key._tag} does not decrypt`);
        const numbers = privateNumbers(key);
        if (numbers === undefined) return fails("decrypt", BAD_KEY);
        const { modulus } = key;
        const good = ciphertext.length === numbers.length && isBelow(ciphertext, modulus);
        const two = modulus.slice(modulus.length - numbers.length);
        two[two.length - 1]! -= 1; // the modulus is odd: one less is below it
        return Effect.flatMap(close(key, good ? ciphertext : two), (block) =>
          block === undefined
            ? fails("decrypt", "OpenSSL failed")
            : Effect.succeed(good ? block : new Uint8Array(numbers.length)));
      }),
  };
};
