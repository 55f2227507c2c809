/** CRLs of a user's own source, which can neither delay a handshake for long nor end it otherwise than by a refusal. @module */
import { Cause, Effect, Either, Exit } from "../../deps.ts";
import type { RevocationRequest, RevocationSourceService } from "../../ports/revocation.ts";
import { type Bytes, isBytes } from "../../wire/bytes.ts";
import { wordsOf } from "../../wire/words_of.ts";
import { settled } from "./deadline.ts";

/** How long a source may take, in milliseconds. */
const PATIENCE = 5000;

/** The most CRLs that one answer may have, and the most bytes of one, which is more than the parser takes. */
const MOST_CRLS = 64;
const MOST_BYTES = 2 ** 24;

/** A source that always answers: with CRLs, or why there are none. */
interface Asking {
  readonly crls: (about: RevocationRequest) => Effect.Effect<Either.Either<ReadonlyArray<Bytes>, string>>;
  /** The revision; `undefined` if the source has none that can be read. */
  readonly revision: () => string | undefined;
}

/** Asks a source: it has no answer if it takes too long, throws, fails, or gives what are no CRLs, or too many. */
export const askingFor = (source: RevocationSourceService): Asking => ({
  crls: (about) =>
    Effect.map(settled(PATIENCE, Effect.map(Effect.suspend(() => source.crls(about)), read)), (exit) => {
      if (!exit) return Either.left(`no answer within ${PATIENCE} ms`);
      return Exit.isSuccess(exit)
        ? exit.value
        : Either.left(`it failed: ${wordsOf(Cause.squash(exit.cause))}`);
    }),
  revision: () => {
    try {
      const revision: unknown = source.revision?.();
      return typeof revision === "string" ? revision : undefined;
    } catch {
      return undefined; // without a revision, nothing is remembered
    }
  },
});

const read = (given: unknown): Either.Either<ReadonlyArray<Bytes>, string> => {
  if (!Array.isArray(given)) return Either.left("what it gave is no list");
  if (given.length > MOST_CRLS) return Either.left(`it gave more than ${MOST_CRLS} CRLs`);
  const all: ReadonlyArray<unknown> = [...given];
  if (!all.every(isBytes)) return Either.left("what it gave are no bytes");
  return all.some(({ length }) => length > MOST_BYTES)
    ? Either.left(`it gave a CRL of more than ${MOST_BYTES} bytes`)
    : Either.right(all);
};
