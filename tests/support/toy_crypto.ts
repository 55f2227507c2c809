/**
 * Cryptography whose public-key operations are toys: a signature is a hash, a shared secret a hash of both shares.
 * Hashes, MACs and ciphers are real. For tests of the order of messages, of which there are tens of thousands.
 *
 * @module
 */
import { Effect, Layer } from "../deps.ts";
import { makeDeterministic } from "../../src/layers/crypto/seeded.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import { answerByShare, Crypto, type CryptoService, type KeyShare } from "../../src/ports/crypto.ts";
import { type Bytes, concat, EMPTY, sameBytes, toHex } from "../../src/wire/bytes.ts";

/** As deterministic as the real one of the same seed, and never safe. */
export const makeToy = (seed: string): CryptoService => {
  const real = makeDeterministic(seed);
  const sha256 = (...data: ReadonlyArray<Bytes>) => real.hash("sha256").digest(data);
  /** As long as the key is public, whoever has it can sign. */
  const signature = (scheme: number, data: Bytes) => sha256(Uint8Array.of(scheme >> 8, scheme), data);
  const share = (length: number): KeyShare => {
    const own = real.random(length);
    own[0] = 4; // an uncompressed point, where somebody looks
    return {
      publicKey: own,
      agree: (theirs) => {
        const both = toHex(own) < toHex(theirs) ? concat(own, theirs) : concat(theirs, own);
        return Effect.succeed(concat(sha256(both), EMPTY));
      },
    };
  };
  const keyShare = (group: NamedGroup) => Effect.sync(() => share(lengths.get(group) ?? 256));
  return {
    ...real,
    keyShare,
    answerShare: answerByShare(keyShare),
    finiteFieldShare: (prime) => Effect.sync(() => share(prime.length)),
    sign: (_, scheme, data) => Effect.sync(() => signature(scheme, data)),
    verify: (_, scheme, data, said) => Effect.sync(() => sameBytes(signature(scheme, data), said)),
    rsaEncrypt: (key, message) =>
      Effect.sync(() => {
        const padding = new Uint8Array(key.modulus.length - message.length - 3).fill(0xff);
        return concat(Uint8Array.of(0, 2), padding, Uint8Array.of(0), message);
      }),
    rsaDecryptRaw: (_, ciphertext) => Effect.succeed(ciphertext.slice()),
  };
};

/** Bytes in a share. */
const lengths = new Map<NamedGroup, number>([
  [NamedGroup.x25519, 32],
  [NamedGroup.secp256r1, 65],
  [NamedGroup.secp384r1, 97],
  [NamedGroup.secp521r1, 133],
  [NamedGroup.x448, 56],
  [NamedGroup.X25519MLKEM768, 1216],
  [NamedGroup.SecP256r1MLKEM768, 1249],
]);

/** The same as a layer. */
export const layerToy = (seed: string): Layer.Layer<Crypto> => Layer.sync(Crypto, () => makeToy(seed));
