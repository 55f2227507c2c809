/** The pages of `docs/recipes`: each has one short program, says what it needs, and is in the index. @module */
import { assert } from "../deps.ts";
import { folder, programLimit, recipeOf, recipes } from "./recipes.ts";

/** What is wrong with a page and its line in the index. */
const faultsOf = ({ name, text, program, command }: ReturnType<typeof recipeOf>, index: string) => [
  ...program === "" ? ["has not exactly one program"] : [],
  ...program.split("\n").length > programLimit ? [`has a program of ${programLimit} lines or more`] : [],
  ...program.split("\n").some((line) => line.length > 110) ? ["has a line of more than 110 characters"] : [],
  ...command.length === 0 ? ["does not say how to start its program"] : [],
  ...command.some((flag) => /^(-A|--allow-all)$/.test(flag)) ? ["allows everything"] : [],
  ...!/^# .+\n\n\w/.test(text) ? ["does not begin with a title and what it is for"] : [],
  ...!text.includes("\n## To change\n\n- ") ? ["does not say what to change"] : [],
  ...index.split(`- [${name}](${name}.md): `).length !== 2 ? ["is not in the index once"] : [],
];

Deno.test("every page has one program under 40 lines, its permissions, what to change, and a line in the index", () => {
  const index = Deno.readTextFileSync(new URL("README.md", folder));
  const faults = [...recipes.values()].map((recipe) => [recipe.name, faultsOf(recipe, index)] as const);
  assert.deepEqual(faults.filter(([, some]) => some.length > 0), []);
  const listed = Array.from(index.matchAll(/^- \[([\w-]+)\]/gm), ([, name]) => name!);
  assert.deepEqual(listed.toSorted(), [...recipes.keys()]);
});

Deno.test("a page without a program, permissions or a place in the index is found", () => {
  assert.equal(faultsOf(recipeOf("bare", "nothing\n"), "").length, 5);
  const long = `# Long\n\nFor all.\n\n\`\`\`ts\n${
    "x();\n".repeat(40)
  }\`\`\`\n\n\`\`\`sh\ndeno run -A long.ts\n\`\`\`\n\n## To change\n\n- x\n`;
  assert.deepEqual(faultsOf(recipeOf("long", long), "- [long](long.md): x\n"), [
    "has a program of 40 lines or more",
    "does not say how to start its program",
  ]);
});

Deno.test("every program is run by a test, here or with servers of others", () => {
  const tests = ["programs_test.ts", "../interop/recipes_test.ts"]
    .map((file) => Deno.readTextFileSync(new URL(file, import.meta.url))).join("");
  assert.deepEqual([...recipes.keys()].filter((name) => !tests.includes(`"${name}"`)), []);
});
