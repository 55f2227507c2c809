/**
 * How much is tried. `deno task test` tries every rule, and of long products and lists a fixed sample; `deno task
 * exhaustive` tries all, as it sets `EFFECT_TLS_TESTS=exhaustive`, which is read here alone. What is left out is told by
 * an ignored test: of a single test that is its own name, of a product how much of it.
 *
 * @module
 */
import { assert } from "../deps.ts";

const asked = Deno.env.get("EFFECT_TLS_TESTS") ?? "";
assert.ok(
  ["", "exhaustive"].includes(asked),
  `EFFECT_TLS_TESTS is "exhaustive" or nothing, and not "${asked}"`,
);

/** Whether all is tried. */
export const exhaustive: boolean = asked === "exhaustive";

/** For a test that `deno task exhaustive` alone runs: `Deno.test(name, exhaustiveOnly, …)`, `live(name, exhaustiveOnly, …)`. */
export const exhaustiveOnly = { ignore: !exhaustive } as const;

/** Says what is left out, where anything is. */
const leaves = (what: string): void => {
  if (!exhaustive) Deno.test.ignore(`${what}: left to deno task exhaustive`, () => {});
};

/**
 * The rows of a product. In `deno task test` these are the first ones that, together, show each trait of any row: `traits`
 * says what a row is an example of.
 */
export const covering = <Row>(
  what: string,
  rows: Iterable<Row>,
  traits: (row: Row) => ReadonlyArray<unknown>,
): ReadonlyArray<Row> => {
  const all = [...rows];
  if (exhaustive) return all;
  const seen = new Set<string>();
  const some = all.filter((row) => {
    const unseen = traits(row).map((trait, i) => `${i} ${String(trait)}`).filter((trait) => !seen.has(trait));
    unseen.forEach((trait) => seen.add(trait));
    return unseen.length > 0;
  });
  if (some.length < all.length) leaves(`${what}: ${all.length - some.length} of ${all.length}`);
  return some;
};

/** How far to go from one position, step or seed to the next: by `n` in `deno task test`, and by 1 where all are tried. */
export const stride = (what: string, n: number): number => {
  leaves(`${what}: ${n - 1} of ${n}`);
  return exhaustive ? 1 : n;
};

/** How often something random is tried, of as often as it should be: one time of `n` in `deno task test`. */
export const fewer = (what: string, n: number): (times: number) => number => {
  leaves(`${what}: ${n - 1} of ${n}`);
  return (times) => exhaustive ? times : Math.ceil(times / n);
};
