/** Opens what is encrypted with a passphrase: PKCS#12 files and private keys. @module */
import { Effect, Either } from "../../deps.ts";
import { PemError } from "../../faults/errors/pem.ts";
import type { PrivateKey } from "../../ports/crypto.ts";
import { parseEncryptedKey } from "../../x509/keys/encrypted_key.ts";
import {
  blocksIn,
  type Content,
  ENCRYPTED,
  keyOf,
  type PemBlock,
  PKCS12,
  privateKeyBlock,
} from "../../x509/pem.ts";
import { decrypt, old } from "./decrypt.ts";
import type { Passphrase } from "./options.ts";

/** How to open what is encrypted. */
export interface Opening<E = never> {
  readonly passphrase?: Passphrase<E> | undefined;
  readonly legacy?: boolean | undefined;
}

/** The blocks in a file, in their order, with what its PKCS#12 files hold in their place. Fails with PemError. */
export const openedBlocks = <E = never>(
  content: Content,
  opening: Opening<E>,
): Effect.Effect<ReadonlyArray<PemBlock>, PemError | E> =>
  Effect.gen(function* () {
    const opened: Array<PemBlock> = [];
    for (const block of yield* Either.all(blocksIn(content))) {
      if (block.label === PKCS12) {
        // Loaded only now: most programs have no such file, and would start later for it.
        const { openedPkcs12 } = yield* Effect.promise(() => import("./pkcs12.ts"));
        opened.push(...yield* openedPkcs12(block, yield* textOf(opening), opening.legacy ?? false));
      } else opened.push(block);
    }
    return opened;
  });

const textOf = <E>({ passphrase }: Opening<E>): Effect.Effect<string | undefined, E> =>
  Effect.isEffect(passphrase) ? passphrase : Effect.succeed(passphrase);

/** The first private key in a file, decrypted with `passphrase` if it is encrypted. Fails with PemError. */
export const openedPrivateKeyFromPem = <E = never>(
  content: Content,
  passphrase: Passphrase<E> | undefined,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.flatMap(
    openedBlocks(content, { passphrase }),
    (blocks) => openedPrivateKey(blocks, { passphrase }),
  );

/** The first private key among the blocks, decrypted if it is encrypted. Fails with PemError. */
export const openedPrivateKey = <E = never>(
  blocks: ReadonlyArray<PemBlock>,
  opening: Opening<E>,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.flatMap(
    privateKeyBlock(blocks),
    (block) =>
      block.label === ENCRYPTED && opening.passphrase !== undefined ? opened(block, opening) : keyOf(block),
  );

const opened = <E>(
  { bytes, line }: PemBlock,
  opening: Opening<E>,
): Effect.Effect<PrivateKey, PemError | E> =>
  Effect.gen(function* () {
    const parsed = parseEncryptedKey(bytes);
    if (Either.isLeft(parsed)) return yield* pemError("malformed", line, parsed.left.message);
    const encrypted = parsed.right;
    const refused = encrypted._tag === "unsupported"
      ? encrypted
      : opening.legacy
      ? undefined
      : old(encrypted);
    if (refused) {
      const advice = `\`openssl pkcs8 -topk8 ${
        refused.legacy ? "-provider legacy -provider default " : ""
      }-in FILE -out NEW\` converts it`;
      return yield* pemError("unsupported", line, `${refused.detail}; ${advice}`);
    }
    const text = yield* textOf(opening);
    const der = encrypted._tag === "encrypted" ? yield* decrypt(encrypted, text ?? "") : undefined;
    const key = der && keyOf({ label: "PRIVATE KEY", bytes: der, line, encrypted: false });
    // What is no key was decrypted with a wrong passphrase.
    return !key || Either.isLeft(key) && key.left.reason === "malformed"
      ? yield* pemError("passphrase", line, "the private key does not open: the passphrase is wrong")
      : yield* key;
  });

const pemError = (reason: PemError["reason"], line: number, detail: string) =>
  new PemError({ reason, line, detail });
