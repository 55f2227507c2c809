/** The check that type-checks the code blocks of the documentation, by pages with a fault in them. @module */
import { assert } from "./deps.ts";
import { check, unseenIn } from "./doc_blocks.ts";
import { exhaustiveOnly } from "./support/exhaustive.ts";

/** A page of one block, whose import is on line 4. */
const page = (path: string, from: string, more: string) => ({
  path,
  text: `# A page\n\n\`\`\`ts\nimport { Policy } from "${from}";
export const { versions } = Policy.modern;\n${more}\`\`\`\n\n\`\`\`sh\nnot TypeScript\n\`\`\`\n`,
});

Deno.test(
  "of blocks that import mod.ts by path or by URL, the wrong ones are named by page and line",
  exhaustiveOnly,
  async () => {
    const faults = await check([
      page("PATH.md", "./mod.ts", ""),
      page("URL.md", "https://example.org/mod.ts", ""),
      page("docs/WRONG.md", "./mod.ts", "export const n: number = versions;\n"),
    ]);
    assert.match(faults, /^TS2322 [^]*at docs\/WRONG\.md:6:14/);
    assert.doesNotMatch(faults, /PATH\.md|URL\.md|TS(?!2322)\d/);
  },
);

Deno.test("a block that is indented or fenced by tildes is found, because it would not be checked", () => {
  const text = "- one\n\n  ```ts\n  x\n  ```\n\n~~~ts\nx\n~~~\n\n```ts\nx\n```\n";
  assert.deepEqual(unseenIn({ path: "PAGE.md", text }), [3, 7, 9]);
});
