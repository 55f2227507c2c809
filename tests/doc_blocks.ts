/**
 * Type-checks every TypeScript block of the Markdown pages, and of the comments of entry points, against this repository's `mod.ts`, whichever path or URL of
 * it a block shows. `deno run -A tests/doc_blocks.ts`.
 *
 * @module
 */

/** A Markdown page, with its path in the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** The code of one fenced block, with the page's line on which it starts. */
interface Block {
  readonly line: number;
  readonly code: string;
}

const root = new URL("../", import.meta.url);

/** The blocks of a page that are fenced as `ts` or `typescript`, whatever follows the word. */
export const blocksOf = ({ text }: Page): ReadonlyArray<Block> =>
  [...text.matchAll(/^```(?:ts|typescript)\b.*\n([^]*?)^```$/gm)].map(({ index, 1: code }) => ({
    line: text.slice(0, index).split("\n").length + 1,
    code: code!,
  }));

/** The lines of TypeScript blocks that are fenced so that nobody would check them: by `~~~`, or indented. */
export const unseenIn = ({ text }: Page): ReadonlyArray<number> =>
  text.split("\n").flatMap((line, i) => /^\s*~~~|^\s+```(?:ts|typescript)\b/.test(line) ? [i + 1] : []);

/** The same code, importing from here what it imports from the repository's root or from a server of it. */
const here = (code: string): string =>
  code.replace(
    /(from |import )"(?:\.\/|https?:\/\/[^/"]+\/)([\w/]+\.ts)"/g,
    (_, word, path) => `${word}"${new URL(path, root)}"`,
  );

/** What `deno check` finds wrong in the blocks of these pages, each place as PATH:LINE:COLUMN; nothing if all is well. */
export const check = async (pages: ReadonlyArray<Page>): Promise<string> => {
  const unseen = pages.flatMap((page) => unseenIn(page).map((line) => `${page.path}:${line}`));
  if (unseen.length > 0) return `blocks begin with \`\`\` at the start of a line: ${unseen.join(", ")}`;
  const folder = await Deno.makeTempDir();
  try {
    const files: Array<string> = [];
    for (const [i, page] of pages.entries()) {
      for (const { line, code } of blocksOf(page)) {
        const file = `${folder}/${i}-${line}.ts`;
        // Empty lines before it give the code the line numbers that it has on its page.
        await Deno.writeTextFile(file, "\n".repeat(line - 1) + here(code));
        files.push(file);
      }
    }
    if (files.length === 0) return "";
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--frozen", "--config", new URL("deno.json", root).pathname, ...files],
      env: { NO_COLOR: "1" },
    }).output();
    if (code === 0) return "";
    return new TextDecoder().decode(stderr).replaceAll(
      new RegExp(`file://${folder}/(\\d+)-\\d+\\.ts`, "g"),
      (_, i) => pages[i]!.path,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};

/** The paths of the files of a kind in a folder of the repository and below. */
const filesBelow = (folder: string, kind: string): ReadonlyArray<string> =>
  [...Deno.readDirSync(new URL(folder, root))]
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .flatMap(({ name, isDirectory }) =>
      isDirectory ? filesBelow(`${folder}${name}/`, kind) : [`${folder}${name}`]
    )
    .filter((path) => path.endsWith(kind));

/** The text of a file's comments, which say how to use what is below them; other lines are empty. */
const commentsOf = (text: string): string =>
  text.split("\n").map((line) => /^ *\* ?(.*)$/.exec(line)?.[1] ?? "").join("\n");

/** Entry points whose examples import from the repository's root. `mod.ts` and `starttls` run theirs. */
const rooms = ["deno", "http", "node", "platform"];

if (import.meta.main) {
  const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
  const pages = [
    ...filesBelow("./", ".md").map((path) => ({ path: path.slice(2), text: read(path) })),
    ...rooms.flatMap((room) => filesBelow(`./src/${room}/`, ".ts"))
      .map((path) => ({ path: path.slice(2), text: commentsOf(read(path)) })),
  ];
  const faults = await check(pages);
  if (faults !== "") {
    console.error(faults);
    Deno.exit(1);
  }
  const count = pages.reduce((n, page) => n + blocksOf(page).length, 0);
  console.log(
    `All ${count} TypeScript blocks of the Markdown pages and of the entry points are type-correct.`,
  );
}
