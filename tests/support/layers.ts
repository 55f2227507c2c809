/** The providers of cryptography that the vectors of others are put to. @module */
import { assert, Effect, Either } from "../deps.ts";
import { makeNative } from "../../src/layers/crypto/native/provider.ts";
import { openLibrary } from "../../src/layers/crypto/openssl/library.ts";
import { makeOpenSsl } from "../../src/layers/crypto/openssl/provider.ts";
import { makeNoble } from "../../src/layers/crypto/noble/provider.ts";
import { NamedGroup } from "../../src/names/named_group.ts";
import type { CryptoService, HashName, KeyShare } from "../../src/ports/crypto.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { hex } from "./keys.ts";

/** A provider, and a share of it whose secret is known: big-endian for a curve of NIST's, as it is for x25519. */
export interface Tried {
  readonly name: string;
  readonly crypto: CryptoService;
  /** The same over other random bytes. */
  readonly make: (random: (length: number) => Bytes) => CryptoService;
  readonly shareOf: (group: NamedGroup, secret: Bytes) => Effect.Effect<KeyShare>;
}

/**
 * A provider that makes its secrets of what it draws: those of x25519 and x448 are drawn as they are; that of another curve is the number
 * drawn plus one, so that it is never zero (FIPS 186-5 §A.2.1).
 */
const drawing = (name: string, make: (random: (length: number) => Bytes) => CryptoService): Tried => ({
  name,
  make,
  crypto: make((length) => crypto.getRandomValues(new Uint8Array(length))),
  shareOf: (group, secret) => {
    const drawn = (length: number): Bytes =>
      group === NamedGroup.x25519 || group === NamedGroup.x448
        ? secret.slice(0, length)
        : hex((BigInt(`0x${toHex(secret)}`) - 1n).toString(16).padStart(2 * length, "0"));
    return make(drawn).keyShare(group);
  },
});

/** The portable layer. */
export const noble = drawing("noble", makeNoble);

/** OpenSSL 3, where the system has it. */
const openssl = Either.getOrUndefined(Effect.runSync(Effect.either(openLibrary())));

/** All there are. The deterministic layer is noble's code on other random bytes, which no vector can tell. */
export const layers: ReadonlyArray<Tried> = [
  noble,
  drawing("native", makeNative),
  ...openssl ? [drawing("openssl", (random) => makeOpenSsl(openssl, random))] : [],
];

/** The hash function that a name has in it: `hmac_sha256`, `SHA-256`, `SHA2-256`. */
export const hashIn = (name: string): HashName => {
  const [, bits] = /sha(?:2?-)?(1|224|256|384|512)/i.exec(name) ?? assert.fail(`no hash of ours: ${name}`);
  return `sha${bits}` as HashName;
};
