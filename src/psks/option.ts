/** External PSKs as options, which are decoded once. @module */
import { Schema } from "../deps.ts";
import { word } from "../options.ts";
import type { ExternalPsk, PskHash } from "../ports/pre_shared_keys.ts";
import { type Bytes, isBytes } from "../wire/bytes.ts";

/** The most bytes of an identity, a context or a key. */
const MOST = 2 ** 16 - 1;

const bytesFrom = (least: number): Schema.Schema<Bytes> =>
  Schema.declare(
    (u: unknown): u is Bytes => isBytes(u) && u.length >= least && u.length <= MOST,
    { description: `a Uint8Array of ${least} to ${MOST} bytes` },
  );

/** The name of a hash that a PSK can be for. */
export const pskHashOption: Schema.Schema<PskHash> = word("sha256", "sha384");

/** What keys are imported with. */
export const importedOption: Schema.Schema<NonNullable<ExternalPsk["imported"]>> = Schema.Struct({
  context: bytesFrom(0),
});

/** An external PSK. */
export const externalPskOption: Schema.Schema<ExternalPsk> = Schema.Struct({
  identity: bytesFrom(1),
  key: bytesFrom(1),
  hash: Schema.optional(pskHashOption),
  imported: Schema.optional(importedOption),
}).pipe(
  Schema.filter(
    ({ identity, imported }) => !imported || identity.length + imported.context.length <= MOST - 8,
    {
      description: `an identity and a context of at most ${MOST - 8} bytes together`,
    },
  ),
);

/** Whether a value is an external PSK: for what the user's own service gives. */
export const isExternalPsk: (u: unknown) => u is ExternalPsk = Schema.is(externalPskOption);
