/** External PSKs of a user's own service, which can neither delay a handshake for long nor end it. @module */
import { Effect, Option, Schema } from "../../deps.ts";
import type { ExternalPsk, PreSharedKeysService } from "../../ports/pre_shared_keys.ts";
import { externalPskOption } from "../../psks/option.ts";
import { answered } from "./answered.ts";

/** The most keys that a client offers. */
const MOST = 16;

/** A service with a deadline in milliseconds. If the given one takes longer, throws, or gives what is no key, it gives none. */
export const boundedPsks = (
  keys: PreSharedKeysService,
  milliseconds: number,
): PreSharedKeysService => {
  const asked = <A, B>(ask: () => Effect.Effect<A>, read: (given: A) => B): Effect.Effect<Option.Option<B>> =>
    answered("pre-shared keys", milliseconds, () => Effect.map(Effect.suspend(ask), read));
  return {
    choose: (request) =>
      Effect.map(
        asked(() => keys.choose(request), (given) => copies(given).slice(0, MOST)),
        Option.getOrElse(() => []),
      ),
    lookup: (identity) =>
      Effect.map(
        asked(() => keys.lookup(identity), (given) =>
          Option.isOption(given) && Option.isSome(given) ? copies([given.value])[0] : undefined),
        (given) =>
          Option.flatMap(given, Option.fromNullable),
      ),
  };
};

/** Keys as objects of our own, read once: those given may be objects whose members throw. None if one of them is no key. */
const copies = (given: unknown): ReadonlyArray<ExternalPsk> => Option.getOrElse(readKeys(given), () => []);

const readKeys = Schema.decodeUnknownOption(Schema.Array(externalPskOption));
