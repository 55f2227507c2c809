/**
 * Data that others made, which is no part of this repository: recordings and test vectors. A test that finds none says so
 * by name, and passes.
 *
 * @module
 */

/** A folder of data, below the one that EFFECT_TLS_DATA names or beside the repository; `undefined` where there is none. */
export const dataFolder = (name: string): URL | undefined => {
  const root = Deno.env.get("EFFECT_TLS_DATA") ?? new URL("../../../shared/data", import.meta.url).pathname;
  const folder = new URL(`file://${root}/${name}/`);
  try {
    return Deno.statSync(folder).isDirectory ? folder : undefined;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound) return undefined;
    throw e;
  }
};
