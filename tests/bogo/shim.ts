/**
 * The shim of BoGo, BoringSSL's TLS test suite: its runner plays a peer that misbehaves and starts this program for each
 * of its tests. Exit code 0: the connections went as they should; 1: they did not, and stderr says why; 89: the test
 * needs what is not here; 90: a defect.
 *
 * @module
 */
import { Cause, Effect, Layer, Option } from "../../src/deps.ts";
import { layerNoble } from "../../src/layers/crypto/noble/layer.ts";
import { layerMemory } from "../../src/layers/sessions/memory.ts";
import { layerRotating } from "../../src/layers/tickets/rotating.ts";
import { run, type ShimError } from "./connection.ts";
import { configOf, parse, Unimplemented } from "./flags.ts";
import { wordOf } from "./words.ts";

const UNIMPLEMENTED = 89;
const DEFECT = 90;

const main = (args: ReadonlyArray<string>): Effect.Effect<number> =>
  Effect.gen(function* () {
    const said = parse(args);
    const count = 1 + (configOf(said, 0)["resume-count"] ?? 0);
    const usesStore = said.some(({ flag }) => flag === "enable-early-data");
    for (let i = 0; i < count; i++) yield* run((retries) => configOf(said, i, retries), i > 0, usesStore);
    return 0;
  }).pipe(
    Effect.provide(Layer.mergeAll(layerNoble, layerMemory(), layerRotating())),
    Effect.catchAllCause((cause) => Effect.sync(() => failed(cause))),
  );

const failed = (cause: Cause.Cause<ShimError>): number => {
  const error = Cause.squash(cause);
  if (error instanceof Unimplemented) {
    console.error(`not served: ${error.message}`);
    return UNIMPLEMENTED;
  }
  const failure = Option.getOrUndefined(Cause.failureOption(cause));
  if (failure) {
    console.error(`${failure._tag}: ${failure.message}`);
    const word = wordOf(failure);
    if (word !== undefined) console.error(word);
    return 1;
  }
  console.error(Cause.pretty(cause));
  return DEFECT;
};

if (Deno.args.includes("-is-handshaker-supported")) console.log("No");
else Deno.exitCode = await Effect.runPromise(main(Deno.args));
Deno.exit();
