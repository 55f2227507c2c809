/** Effects run for programs of Node: how they end is told to a callback, with the codes that Node has for errors. @module */
import type { Effect } from "../deps.ts";
import { advised, toldTo } from "../promises/run.ts";
import { coded } from "./codes.ts";

/**
 * Runs an effect and tells how it ended: with an error, which is the typed one itself, or with a value. Gives a function that
 * interrupts the effect.
 */
export const run = <A, E>(
  effect: Effect.Effect<A, E>,
  told: (error: Error | null, value?: A) => void,
): () => void =>
  toldTo(effect, (error, value) => error === null ? told(null, value) : told(coded(errorOf(error))), "node");

/** An error that did not come from an effect, as `run` would tell it. */
export const asTold = (error: Error): Error => coded(errorOf(advised(error, "node")));

/** What was thrown, as an Error. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
