/** External PSKs that are given, or none. @module */
import { Effect, Layer } from "../../deps.ts";
import { InvalidOption } from "../../faults/errors/connection.ts";
import { decodeOption, list } from "../../options.ts";
import { type ExternalPsk, PreSharedKeys } from "../../ports/pre_shared_keys.ts";
import { externalPskOption } from "../../psks/option.ts";
import { repeated, serviceOf } from "./service.ts";

const decode = decodeOption(list(externalPskOption, 1), "keys");

/**
 * External PSKs from a list, the preferred first. A client offers all of them to every server. Fails with InvalidOption
 * when there is none, a member is empty or too long, or two have one identity.
 */
export const layerFixed = (
  keys: readonly [ExternalPsk, ...ReadonlyArray<ExternalPsk>],
): Layer.Layer<never, InvalidOption> =>
  Layer.effect(
    PreSharedKeys,
    Effect.flatMap(Effect.suspend(() => decode(keys)), (decoded) =>
      repeated(decoded) === undefined ? Effect.succeed(serviceOf(decoded.map(own))) : new InvalidOption({
        option: "keys",
        expected: "keys with distinct identities",
        got: "two of one identity",
      })),
  ) as Layer.Layer<never, InvalidOption>;

/** No external PSKs: for a part of a program whose other parts have some. */
export const layerNone: Layer.Layer<never> = Layer.succeed(PreSharedKeys, undefined) as Layer.Layer<never>;

/** A copy, because the caller may overwrite its own. */
const own = ({ identity, key, imported, ...rest }: ExternalPsk): ExternalPsk => ({
  ...rest,
  identity: identity.slice(),
  key: key.slice(),
  imported: imported && { context: imported.context.slice() },
});
