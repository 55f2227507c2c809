import { assert } from "./deps.ts";

/** Who may import whom: a number imports smaller ones and its own, and nothing imports itself by a detour. */
const levels: Readonly<Record<string, number>> = {
  "src/deps.ts": 0,
  "src/wire/": 1,
  "src/names/": 2,
  "src/messages/": 3,
  "src/faults/": 3.5,
  "src/ports/": 4,
  "src/crypto/": 5,
  "src/options.ts": 6,
  "src/x509/": 6,
  "src/record/": 6,
  "src/tickets/": 6,
  "src/grammar/": 7,
  "src/tables/key_kinds.ts": 8.1,
  "src/tables/suites.ts": 8.2,
  "src/tables/versions/": 8.3,
  "src/tables/exchanges/": 8.4,
  "src/tables/frozen.ts": 8,
  "src/tables/policy.ts": 8.5,
  "src/tables/policy_option.ts": 8.6,
  "src/flights/states.ts": 9.2,
  "src/flights/until12/": 9.1,
  "src/flights/": 9,
  "src/connection/": 10,
  "src/client.ts": 10,
  "src/server.ts": 10,
  "src/layers/": 11,
  "src/platform/": 11,
  "src/public/": 12,
  "mod.ts": 13,
};

/** Where packages may be named. */
const packagesIn = ["src/deps.ts", "src/layers/", "src/platform/"];

/** Each module by its path, with what it imports: paths, or specifiers of packages. */
type Graph = ReadonlyMap<string, ReadonlyArray<string>>;

const root = new URL("../", import.meta.url);
const entries = ["mod.ts", "src/platform/mod.ts"];

/** What an entry reaches, types as well as code. */
const graphOf = async (entry: string): Promise<Graph> => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: root,
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly modules: ReadonlyArray<{
      readonly specifier: string;
      readonly dependencies?: ReadonlyArray<
        Partial<Record<"code" | "type", { readonly specifier?: string; readonly error?: string }>>
      >;
    }>;
  };
  const path = (specifier: string) => specifier.replace(root.href, "");
  return new Map(
    modules.filter((m) => m.specifier.startsWith(root.href)).map((m) => [
      path(m.specifier),
      (m.dependencies ?? []).map(({ code, type }) => {
        const found = code?.specifier ?? type?.specifier;
        return found === undefined ? `unresolved: ${code?.error ?? type?.error}` : path(found);
      }),
    ]),
  );
};

const levelOf = (module: string): number | undefined =>
  Object.entries(levels).find(([where]) => where.endsWith("/") ? module.startsWith(where) : module === where)
    ?.[1];

/** The imports that go up, or that reach into the leaves. */
const wrongImports = (graph: Graph): ReadonlyArray<string> =>
  edges(graph).filter(([from, to]) => {
    if (!graph.has(to)) return !to.startsWith("npm:") || !packagesIn.some((where) => from.startsWith(where));
    const [above, below] = [levelOf(from), levelOf(to)];
    if (above === undefined || below === undefined || below > above) return true;
    return to.startsWith("src/layers/") && !/^src\/(layers|public)\//.test(from);
  }).map(([from, to]) => `${from} imports ${to}`);

const edges = (graph: Graph) => [...graph].flatMap(([from, all]) => all.map((to) => [from, to] as const));

/** A way from a module back to itself, if there is one. */
const cycle = (graph: Graph): ReadonlyArray<string> | undefined => {
  const done = new Set<string>();
  const walk = (module: string, path: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
    if (path.includes(module)) return [...path.slice(path.indexOf(module)), module];
    if (done.has(module)) return undefined;
    for (const next of graph.get(module) ?? []) {
      const found = walk(next, [...path, module]);
      if (found) return found;
    }
    done.add(module);
    return undefined;
  };
  for (const module of graph.keys()) {
    const found = walk(module, []);
    if (found) return found;
  }
  return undefined;
};

const graphs = new Map(await Promise.all(entries.map(async (e) => [e, await graphOf(e)] as const)));
const whole: Graph = new Map([...graphs.values()].flatMap((graph) => [...graph]));

Deno.test("every module imports what is below it, and only the public names reach into the layers", () => {
  assert.deepEqual(wrongImports(whole), []);
});

Deno.test("no module imports itself by a detour", () => {
  assert.equal(cycle(whole), undefined);
});

Deno.test("mod.ts reaches neither node: modules nor @effect/platform, so that it runs anywhere", () => {
  const packages = edges(graphs.get("mod.ts")!).map(([, to]) => to).filter((to) => /^\w+:/.test(to));
  assert.ok(packages.length > 10);
  assert.deepEqual(packages.filter((p) => !/^npm:(effect|des\.js|pako|@noble\/\w+)@\^/.test(p)), []);
});

Deno.test("every file under src is reached from an entry point", () => {
  const files = (folder: string): ReadonlyArray<string> =>
    [...Deno.readDirSync(new URL(folder, root))].flatMap(({ name, isDirectory }) =>
      isDirectory ? files(`${folder}${name}/`) : [`${folder}${name}`]
    );
  assert.deepEqual(files("src/").filter((file) => !whole.has(file)), []);
});

/** What stands in a closure is made for each handshake anew; `Effect.gen(() => body(args))` is not (docs/adr/0014). */
const closedGenerator = /\.gen\(\s*(?:\w+,\s*)?function\*/;

Deno.test("what runs in each handshake is a generator that is written once", () => {
  const often = ["src/tables/exchanges/", "src/flights/", "src/grammar/", "src/record/", "src/connection/"];
  const read = [...whole.keys()].filter((path) => often.some((folder) => path.startsWith(folder)));
  assert.ok(read.length > 30);
  const closed = read.filter((path) => closedGenerator.test(Deno.readTextFileSync(new URL(path, root))));
  assert.deepEqual(closed, []);
  assert.match("x => Effect.gen(function* () {", closedGenerator);
  assert.doesNotMatch("Effect.fnUntraced(function* (x) {", closedGenerator);
});

Deno.test("the rules of this test are broken by graphs that break them", () => {
  const wrong = (from: string, to: string) => wrongImports(new Map([[from, [to]], [to, []]])).length;
  assert.equal(wrong("src/flights/until12/client.ts", "src/wire/bytes.ts"), 0);
  assert.equal(wrong("src/wire/bytes.ts", "src/flights/until12/client.ts"), 1);
  assert.equal(wrong("src/connection/establish.ts", "src/layers/trust/roots.ts"), 1);
  assert.equal(wrong("src/platform/mod.ts", "src/layers/trust/roots.ts"), 1);
  assert.equal(wrong("src/new/thing.ts", "src/wire/bytes.ts"), 1);
  assert.equal(wrongImports(new Map([["src/wire/bytes.ts", ["npm:effect@^3.22.4/Effect"]]])).length, 1);
  assert.equal(wrongImports(new Map([["src/deps.ts", ["npm:effect@^3.22.4/Effect"]]])).length, 0);
  assert.equal(wrongImports(new Map([["src/layers/trust/roots.ts", ["node:fs"]]])).length, 1);
  assert.deepEqual(cycle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["c", []], ["d", ["b"]]])), [
    "b",
    "d",
    "b",
  ]);
});
