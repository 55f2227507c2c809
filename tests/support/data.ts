/**
 * Data that others made, which is no part of this repository: recordings, test vectors, corpora. It lies in the folder
 * that EFFECT_TLS_DATA names, or else in `shared/data` beside the repository. Where a part is not there its tests are
 * ignored, by name.
 *
 * @module
 */

const named = Deno.env.get("EFFECT_TLS_DATA");
const root = named === undefined
  ? new URL("../../../shared/data/", import.meta.url)
  : new URL(`${Deno.realPathSync(named)}/`, "file:///"); // what is named must be there

/** A part of the data; `undefined` where it is not there. */
export const findFolder = (part: string): URL | undefined => {
  const folder = new URL(`${part}/`, root);
  try {
    if (Deno.statSync(folder).isDirectory) return folder;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return undefined;
};

/** The same for tests: where it is not there, an ignored test says so. */
export const dataFolder = (part: string): URL | undefined => {
  const folder = findFolder(part);
  if (folder) return folder;
  Deno.test.ignore(`${part} is not here, and was not tried: EFFECT_TLS_DATA can name its folder`, () => {});
  return undefined;
};
