/** The changes that are known to change nothing, as docs/mutants.md lists them. @module */

const page = new URL("../../docs/mutants.md", import.meta.url);

/** Their names: file, rule, what stood there, what it becomes; from rows `| file | rule | from | to | why |`. */
export const known = (text: string = Deno.readTextFileSync(page)): ReadonlySet<string> =>
  new Set(
    text.split("\n")
      .map((line) => /^\| (src\/\S+) \| (\w+) \| `(.*?)` \| `(.*?)` \| \S.* \|$/.exec(line))
      .flatMap((row) => row ? [`${row[1]} | ${row[2]} | ${bare(row[3]!)} | ${bare(row[4]!)}`] : []),
  );

/** A bar within a cell is written with a backslash. */
const bare = (cell: string): string => cell.replaceAll("\\|", "|");
