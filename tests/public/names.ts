/**
 * Every public name of every entry point, as `deno doc` shows it: `deno task names` prints the list to
 * docs/public-names.txt, so that a change of a name is seen in review.
 *
 * @module
 */

/** A file that people import, and its name in deno.json's `exports`. */
export interface EntryPoint {
  readonly name: string;
  readonly file: string;
}

/** As much of `deno doc --json` as is read here. */
interface Symbol {
  readonly name: string;
  readonly declarations: ReadonlyArray<{
    readonly kind: string;
    readonly def?: { readonly elements?: ReadonlyArray<Symbol> };
  }>;
}

const root = new URL("../../", import.meta.url);

/** Where the list is. */
export const page = new URL("docs/public-names.txt", root);

/** The entry points that deno.json names. */
export const entryPoints: ReadonlyArray<EntryPoint> = Object.entries(
  (JSON.parse(Deno.readTextFileSync(new URL("deno.json", root))) as {
    readonly exports: Readonly<Record<string, string>>;
  }).exports,
).map(([name, file]) => ({ name, file }));

/** A name with the path to it, as `Client.connect`, and what it is: `function`, `interface` … */
export type PublicName = readonly [path: string, kinds: string];

/** The names that `deno doc` shows of an entry point, in order. */
export const documented = async ({ file }: EntryPoint): Promise<ReadonlyArray<PublicName>> => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", file],
    cwd: root,
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly nodes: Readonly<Record<string, { readonly symbols: ReadonlyArray<Symbol> }>>;
  };
  return sorted(Object.values(nodes).flatMap(({ symbols }) => symbols.flatMap((s) => namesIn(s, ""))));
};

const namesIn = ({ name, declarations }: Symbol, prefix: string): ReadonlyArray<PublicName> => {
  const path = prefix + name;
  const kinds = [...new Set(declarations.map(({ kind }) => kind))].toSorted().join(", ");
  const inside = declarations.flatMap(({ kind, def }) => kind === "namespace" ? def?.elements ?? [] : []);
  return [[path, kinds], ...inside.flatMap((symbol) => namesIn(symbol, `${path}.`))];
};

/** The names that an imported module has when it runs, in order; modules that it hands on are entered. */
export const atRuntime = (module: object, prefix = ""): ReadonlyArray<string> =>
  Object.entries(module).flatMap(([name, value]) => [
    prefix + name,
    ...(isModule(value) ? atRuntime(value, `${prefix}${name}.`) : []),
  ]).toSorted();

const isModule = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Module]";

const sorted = (names: ReadonlyArray<PublicName>): ReadonlyArray<PublicName> =>
  names.toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);

/** The list of some entry points, as the page has it. */
export const printed = (names: ReadonlyArray<readonly [EntryPoint, ReadonlyArray<PublicName>]>): string =>
  names.map(([{ name, file }, all]) =>
    [`# ${name} (${file})`, ...all.map(([path, kinds]) => `${path}: ${kinds}`)].join("\n")
  ).join("\n\n") + "\n";

/** The list as it is now. */
export const current = async (): Promise<string> =>
  printed(await Promise.all(entryPoints.map(async (entry) => [entry, await documented(entry)] as const)));

if (import.meta.main) {
  await Deno.writeTextFile(page, await current());
  console.log(`${page.pathname.slice(root.pathname.length)} is written.`);
}
