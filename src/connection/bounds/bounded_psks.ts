/** External PSKs of a user's own service, which can neither delay a handshake for long nor end it. @module */
import { Effect, Option } from "../../deps.ts";
import type { ExternalPsk, PreSharedKeysService } from "../../ports/pre_shared_keys.ts";
import { isExternalPsk } from "../../psks/option.ts";
import { answered } from "./answered.ts";

/** The most keys that a client offers. */
const MOST = 16;

/** A service with a deadline in milliseconds. If the given one takes longer, throws, or gives what is no key, it gives none. */
export const boundedPsks = (
  keys: PreSharedKeysService,
  milliseconds: number,
): PreSharedKeysService => {
  const asked = <A>(ask: () => Effect.Effect<A>) => answered("pre-shared keys", milliseconds, ask);
  const areKeys = (given: unknown): given is ReadonlyArray<ExternalPsk> =>
    Array.isArray(given) && given.every(isExternalPsk);
  return {
    choose: (request) =>
      Effect.map(
        asked(() => keys.choose(request)),
        (given) => Option.isSome(given) && areKeys(given.value) ? given.value.slice(0, MOST) : [],
      ),
    lookup: (identity) =>
      Effect.map(
        asked(() => keys.lookup(identity)),
        (given) =>
          Option.isSome(given) && Option.isOption(given.value)
            ? Option.filter(given.value, isExternalPsk)
            : Option.none(),
      ),
  };
};
