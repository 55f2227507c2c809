/** The service of a list of external PSKs. @module */
import { Effect, Option } from "../../deps.ts";
import type { ExternalPsk, PreSharedKeysService } from "../../ports/pre_shared_keys.ts";
import { toHex } from "../../wire/bytes.ts";

/** A service whose client offers all keys, in their order. */
export const serviceOf = (keys: ReadonlyArray<ExternalPsk>): PreSharedKeysService => {
  const known = new Map(keys.map((one) => [toHex(one.identity), one]));
  return {
    choose: () => Effect.succeed(keys),
    lookup: (identity) => Effect.sync(() => Option.fromNullable(known.get(toHex(identity)))),
  };
};

/** The index of the first key whose identity one before it has; `undefined` if there is none. */
export const repeated = (keys: ReadonlyArray<ExternalPsk>): number | undefined => {
  const seen = new Set<string>();
  const at = keys.findIndex(({ identity }) => seen.size === seen.add(toHex(identity)).size);
  return at < 0 ? undefined : at;
};
