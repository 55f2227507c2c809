/**
 * The test files, dealt to the files of `tests/parts`. Deno gives each file that it runs an isolate of its own, which takes
 * longer to load the library than most test files take to run; a part loads it once.
 *
 * @module
 */
import { assert } from "../deps.ts";

const tests = new URL("../", import.meta.url);

/** The files below a folder of `tests`, in order. */
const below = (folder: string): ReadonlyArray<string> =>
  [...Deno.readDirSync(new URL(folder, tests))].flatMap(({ name, isDirectory }) =>
    isDirectory ? below(`${folder}${name}/`) : [`${folder}${name}`]
  ).sort();

/**
 * Registers the tests of a part, by its own address. The tests of real peers belong to none, nor do those of HTTP: undici's
 * clock would tick into the tests after them.
 */
export const runPart = async (part: string): Promise<void> => {
  const parts = below("parts/");
  const files = below("").filter((file) => file.endsWith("_test.ts") && !/^(interop|http)\//.test(file));
  const mine = parts.findIndex((one) => new URL(one, tests).href === part);
  assert.ok(mine >= 0, `${part} is no part`);
  for (const [i, file] of files.entries()) {
    if (i % parts.length === mine) await import(new URL(file, tests).href);
  }
};
