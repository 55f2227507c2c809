/**
 * Whether the documentation says enough: every export of the entry points has a sentence, and every message and
 * extension cites its RFC in the one form; `deno doc --lint` has nothing to say; and no type is left for the tools to
 * infer, but for superclasses (docs/adr/0020). `deno run -A tests/doc_check.ts`.
 *
 * @module
 */

/** As much of `deno doc --json` as is read here. */
interface Symbol {
  readonly name: string;
  readonly declarations: ReadonlyArray<{
    readonly kind: string;
    readonly location: { readonly filename: string };
    readonly jsDoc?: { readonly doc?: string };
    readonly def?: { readonly elements?: ReadonlyArray<Symbol> };
  }>;
}

const root = new URL("../", import.meta.url);
const entries = [
  "mod.ts",
  "src/deno/mod.ts",
  "src/http/mod.ts",
  "src/node/mod.ts",
  "src/openssl/mod.ts",
  "src/platform/mod.ts",
  "src/starttls/mod.ts",
];

const symbolsOf = async (entry: string): Promise<ReadonlyArray<Symbol>> => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", entry],
    cwd: root,
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly nodes: Readonly<Record<string, { readonly symbols: ReadonlyArray<Symbol> }>>;
  };
  return Object.values(nodes).flatMap((module) => module.symbols);
};

/** A sentence begins and ends as one. */
const isSentence = (doc: string): boolean => /^[^\s][^]*[.:)]$/.test(doc.split("\n\n")[0]!.trim());
const cites = (doc: string): boolean => /\bRFC \d{3,5}( §[\dA-F]+(\.\d+)*)\b/.test(doc);

/** Messages are classes; extensions have a file each, and members beside them. */
const isOfProtocol = ({ declarations }: Symbol): boolean =>
  declarations.some(({ kind, location }) =>
    kind === "class" && location.filename.includes("/src/messages/") ||
    /\/src\/messages\/extensions\/(?!carriers\.ts)/.test(location.filename)
  );

/** The faults of a symbol and of what it holds. */
const faultsOf = (symbol: Symbol, path: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const { name, declarations } = symbol;
  const here = [...path, name];
  // A value and a type of one name, or the overloads of a function, share one sentence.
  const docs = declarations.map((d) => d.jsDoc?.doc ?? "");
  const own = docs.some(isSentence)
    ? isOfProtocol(symbol) && !docs.some(cites) ? [`${here.join(".")} cites no section of an RFC`] : []
    : [`${here.join(".")} has no sentence`];
  return [...own, ...declarations.flatMap((d) => d.def?.elements ?? []).flatMap((e) => faultsOf(e, here))];
};

/** The complaints of a tool of Deno's: `error[code]: message`. */
const complaintsOf = async (...args: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const complaints = new TextDecoder().decode(stderr).split("\n").filter((line) => /^error\[/.test(line));
  if (code !== 0 && complaints.length === 0) throw new Error(new TextDecoder().decode(stderr));
  return complaints;
};

/** An entry point beside mod.ts speaks of types that mod.ts or another package hands on. */
const lintOf = async (entry: string): Promise<ReadonlyArray<string>> =>
  (await complaintsOf("doc", "--lint", entry))
    .filter((line) => entry === "mod.ts" || !line.startsWith("error[private-type-ref]"))
    .map((line) => `${entry}, deno doc --lint: ${line}`);

const slowTypes = async (): Promise<ReadonlyArray<string>> =>
  (await complaintsOf("publish", "--dry-run", "--allow-dirty"))
    .filter((line) => !line.startsWith("error[unsupported-super-class-expr]"))
    .map((line) => `deno publish: ${line}`);

if (import.meta.main) {
  const symbols = await Promise.all(entries.map(symbolsOf));
  const faults = [
    ...symbols.flat().flatMap((symbol) => faultsOf(symbol)),
    ...(await Promise.all(entries.map(lintOf))).flat(),
    ...await slowTypes(),
  ];
  faults.forEach((fault) => console.error(fault));
  if (faults.length > 0) Deno.exit(1);
  console.log(`Every export of ${entries.join(" and ")} is documented, and says its type.`);
}
