/** What people import: the public names, and that the tools show each of them. @module */
import { assert } from "../deps.ts";
import { atRuntime, documented, entryPoints, page, printed } from "./names.ts";

const names = await Promise.all(entryPoints.map(async (entry) => [entry, await documented(entry)] as const));

Deno.test("the public names are those of docs/public-names.txt: deno task names writes it anew", async () => {
  assert.equal(printed(names), await Deno.readTextFile(page));
});

for (const [entry, listed] of names) {
  Deno.test(`deno doc shows every name that ${entry.name} has when it runs`, async () => {
    const module = await import(new URL(`../../${entry.file}`, import.meta.url).href) as object;
    const running = atRuntime(module);
    assert.ok(running.length > 1);
    const shown = new Set(listed.map(([path]) => path));
    assert.deepEqual(running.filter((path) => !shown.has(path)), []);
  });
}

Deno.test("each former name says since when it is one, and when it goes", () => {
  const former = ["layers/credentials/former_names.ts", "layers/trust/former_names.ts", "public/errors.ts"];
  for (const path of former) {
    const text = Deno.readTextFileSync(new URL(`../../src/${path}`, import.meta.url));
    const declared = [...text.matchAll(/^export (?:const|type) /gm)];
    const told = [
      ...text.matchAll(
        /@deprecated since \d+\.\d+\.0, removed in \d+\.\d+\.0: use `\w+`\.\n \*\/\nexport (?:const|type) /g,
      ),
    ];
    assert.ok(declared.length > 0 && declared.length === told.length, path);
  }
});

Deno.test("a name that is handed on by another module's name is found when it runs, and its members are", async () => {
  const module = { Inner: await import("./names.ts"), value: 1 };
  assert.deepEqual(atRuntime(module).filter((path) => /^(Inner|Inner\.page|value)$/.test(path)), [
    "Inner",
    "Inner.page",
    "value",
  ]);
});
