/** ML-KEM-768 with the platform's WebCrypto (WICG "Modern Algorithms in the Web Cryptography API"). @module */
import { Effect } from "../../../deps.ts";
import type { Bytes } from "../../../wire/bytes.ts";
import { type Kem, kemLengths, makeKem as nobleKem } from "../noble/kem.ts";

const name = "ML-KEM-768";
type Algorithm = { readonly name: typeof name };
type Usages = ReadonlyArray<"encapsulateBits" | "decapsulateBits">;

/** The operations of SubtleCrypto that are used here. */
interface Subtle {
  readonly importKey: (
    format: "raw-seed" | "raw-public",
    key: Bytes,
    algorithm: Algorithm,
    extractable: boolean,
    usages: Usages,
  ) => Promise<CryptoKey>;
  readonly exportKey: (format: "raw-public", key: CryptoKey) => Promise<ArrayBuffer>;
  readonly getPublicKey: (privateKey: CryptoKey, usages: Usages) => Promise<CryptoKey>;
  readonly encapsulateBits: (
    algorithm: Algorithm,
    publicKey: CryptoKey,
  ) => Promise<{ readonly ciphertext: ArrayBuffer; readonly sharedKey: ArrayBuffer }>;
  readonly decapsulateBits: (
    algorithm: Algorithm,
    privateKey: CryptoKey,
    ciphertext: Bytes,
  ) => Promise<ArrayBuffer>;
}

const used = ["importKey", "exportKey", "getPublicKey", "encapsulateBits", "decapsulateBits"] as const;

/** The platform's ML-KEM; `undefined` where it has none. */
const platformKem = (): Subtle | undefined => {
  const { SubtleCrypto, crypto } = globalThis as {
    readonly SubtleCrypto?: { readonly supports?: (operation: string, algorithm: string) => boolean };
    readonly crypto?: { readonly subtle?: unknown };
  };
  const has = used.every((operation) => SubtleCrypto?.supports?.(operation, name) === true);
  return has ? crypto?.subtle as Subtle : undefined;
};

/**
 * ML-KEM-768 with the platform's WebCrypto, or else noble's. Keys come from `random`; what an encapsulation draws, the
 * platform draws itself.
 */
export const makeKem = (random: (length: number) => Bytes): Kem => {
  const subtle = platformKem();
  return subtle ? webCryptoKem(subtle, random) : nobleKem(random);
};

const webCryptoKem = (subtle: Subtle, random: (length: number) => Bytes): Kem => ({
  keyPair: Effect.promise(async () => {
    const seed = random(kemLengths.seed);
    const privateKey = await subtle.importKey("raw-seed", seed, { name }, false, ["decapsulateBits"]);
    const publicKey = await subtle.getPublicKey(privateKey, ["encapsulateBits"]);
    return {
      publicKey: new Uint8Array(await subtle.exportKey("raw-public", publicKey)),
      decapsulate: (ciphertext) =>
        Effect.promise(async () =>
          new Uint8Array(await subtle.decapsulateBits({ name }, privateKey, ciphertext))
        ),
    };
  }),
  encapsulate: (publicKey) =>
    Effect.promise(async () => {
      try {
        const key = await subtle.importKey("raw-public", publicKey, { name }, false, ["encapsulateBits"]);
        const { ciphertext, sharedKey } = await subtle.encapsulateBits({ name }, key);
        return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) };
      } catch (error) {
        if (error instanceof DOMException && checks.includes(error.name)) return undefined;
        throw error;
      }
    }),
});

/** The errors of an encapsulation key that fails its check, when it is imported or when it is used. */
const checks = ["DataError", "OperationError"];
