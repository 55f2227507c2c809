/**
 * Data that others made, which is no part of this repository: recordings and test vectors. Where there are none
 * a test is ignored, by name.
 *
 * @module
 */

/** A folder of data below the one that EFFECT_TLS_DATA names, which must be there; `undefined` when that names none. */
export const dataFolder = (name: string): URL | undefined => {
  const root = Deno.env.get("EFFECT_TLS_DATA");
  if (root === undefined) return undefined;
  const folder = new URL(`${name}/`, new URL(`${Deno.realPathSync(root)}/`, "file:///"));
  if (!Deno.statSync(folder).isDirectory) throw new Error(`${folder} is no folder`);
  return folder;
};
