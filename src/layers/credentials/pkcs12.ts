/** Opens PKCS#12 files with a passphrase (RFC 7292 §5.1). @module */
import { Effect, Either } from "../../deps.ts";
import { PemError } from "../../faults/errors/pem.ts";
import { type Bytes, sameBytes, utf8 } from "../../wire/bytes.ts";
import {
  bagsOf,
  parsePkcs12,
  type Pkcs12,
  type Pkcs12Mac,
  type Safe,
  safesOf,
} from "../../x509/files/pkcs12.ts";
import {
  MAX_ITERATIONS,
  unsupported,
  type UnsupportedEncryption,
  workOf,
} from "../../x509/keys/encrypted_key.ts";
import type { PemBlock } from "../../x509/pem.ts";
import { hmac } from "../crypto/noble/deps.ts";
import { nobleHashes } from "../crypto/noble/hash.ts";
import { bmpString, decrypt, derive, MAC_KEY, old } from "./decrypt.ts";

/**
 * The certificates and keys of a PKCS#12 file as blocks; keys may still be encrypted. The MAC is verified before
 * anything else is read. Fails with PemError: `passphrase` when the passphrase is wrong or the file was changed, which
 * cannot be told apart.
 */
export const openedPkcs12 = (
  { bytes, line }: PemBlock,
  passphrase: string | undefined,
  legacy: boolean,
): Effect.Effect<ReadonlyArray<PemBlock>, PemError> =>
  Effect.gen(function* () {
    const fail = (reason: PemError["reason"], detail: string) => new PemError({ reason, line, detail });
    const refused = ({ detail, legacy }: UnsupportedEncryption) =>
      fail(
        "unsupported",
        `${detail}; \`openssl pkcs12 ${legacy ? "-legacy " : ""}-in FILE -out NEW\` converts it`,
      );
    const malformed = ({ message }: { readonly message: string }) => fail("malformed", message);
    const closed = passphrase === undefined
      ? fail(
        "encrypted",
        "the PKCS#12 file is encrypted and no passphrase is given (`passphrase`, or --key-pass in the programs)",
      )
      : fail(
        "passphrase",
        "the PKCS#12 file does not open: the passphrase is wrong, or the file is damaged",
      );
    const file = yield* Either.mapLeft(parsePkcs12(bytes), malformed);
    if (file._tag === "unsupported") return yield* refused(file);

    const text = passphrase ?? "";
    if (file.mac && !(yield* verified(file.mac, file.safes, text))) return yield* closed;
    // Without a MAC nothing is known of the passphrase yet.
    const unreadable = file.mac ? malformed : () => closed;
    const safes = yield* Either.mapLeft(safesOf(file.safes), malformed);
    const costly = tooMuch(file, safes);
    if (costly) return yield* refused(costly);

    const blocks: Array<PemBlock> = [];
    for (const safe of safes) {
      if (safe._tag === "unsupported") return yield* refused(safe);
      const not = safe._tag === "encrypted" && !legacy && old(safe);
      if (not) return yield* refused(not);
      const content = safe._tag === "plain" ? safe.content : yield* decrypt(safe, text);
      if (!content) return yield* closed;
      for (
        const bag of yield* Either.mapLeft(bagsOf(content), safe._tag === "plain" ? malformed : unreadable)
      ) {
        blocks.push({ ...bag, line, encrypted: false });
      }
    }
    return blocks;
  });

/** An honest file derives a few keys; one that has many of the highest cost would keep a process busy for hours. */
const tooMuch = ({ mac }: Pkcs12, safes: ReadonlyArray<Safe>): UnsupportedEncryption | undefined => {
  const work = safes.reduce(
    (sum, safe) => sum + (safe._tag === "encrypted" ? workOf(safe.derivation) : 0),
    mac ? workOf(mac.derivation) : 0,
  );
  return work > MAX_ITERATIONS
    ? unsupported(`a PKCS#12 file with more than ${MAX_ITERATIONS} iterations is refused`)
    : undefined;
};

const verified = ({ derivation, keyLength, hash, digest }: Pkcs12Mac, content: Bytes, text: string) =>
  Effect.gen(function* () {
    // No passphrase is either an empty text or nothing at all.
    const tries = derivation._tag !== "pkcs12"
      ? [utf8(text)]
      : [bmpString(text), ...(text ? [] : [utf8("")])];
    for (const one of tries) {
      const key = yield* derive(derivation, one, keyLength, MAC_KEY);
      if (sameBytes(hmac(nobleHashes[hash], key, content), digest)) return true;
    }
    return false;
  });
