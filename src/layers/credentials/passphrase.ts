/** Opens what is encrypted with a passphrase: PKCS#12 files and private keys. @module */
import { Effect, Either } from "../../deps.ts";
import type { PemError } from "../../faults/errors/pem.ts";
import type { PrivateKey } from "../../ports/crypto.ts";
import {
  blocksIn,
  type Content,
  ENCRYPTED,
  keyOf,
  type PemBlock,
  PKCS12,
  privateKeyBlock,
} from "../../x509/pem.ts";
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
        // Loaded only now: most programs have nothing to decrypt, and would start later for it.
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
    Effect.fnUntraced(function* (block) {
      if (block.label !== ENCRYPTED || opening.passphrase === undefined) return yield* keyOf(block);
      const { openedKey } = yield* Effect.promise(() => import("./encrypted_key.ts"));
      return yield* openedKey(block, textOf(opening), opening.legacy ?? false);
    }),
  );
