/**
 * The architecture, as rules about imports: who may import whom, where packages and platforms may be named, and what an
 * entry point may reach. ARCHITECTURE.md tells them; each has a case here that breaks it.
 *
 * @module
 */
import { assert } from "./deps.ts";

/**
 * The rooms from the ground up. A module imports modules of a smaller number, and of its own room; the longest prefix
 * counts.
 */
const levels: Readonly<Record<string, number>> = {
  "src/deps.ts": 0,
  "src/wire/": 1,
  "src/names/": 2,
  "src/zlib.ts": 2,
  "src/messages/": 3,
  "src/faults/": 3,
  "src/ports/": 4,
  "src/crypto/": 5,
  "src/options.ts": 5,
  "src/x509/der/": 6.1,
  "src/x509/keys/": 6.2,
  "src/x509/names/": 6.2,
  "src/x509/certificate/": 6.3,
  "src/x509/path/": 6.4,
  "src/x509/ocsp/": 6.5,
  "src/x509/files/": 6.3,
  "src/x509/pem.ts": 6.5,
  "src/x509/ct/": 6.6,
  "src/x509/crl/": 6.6,
  "src/x509/judge.ts": 6.7,
  "src/record/protection/": 6.1,
  "src/record/": 6.2,
  "src/tickets/": 6,
  "src/psks/": 6,
  "src/grammar/": 7,
  "src/tables/frozen.ts": 8,
  "src/tables/key_kinds.ts": 8.1,
  "src/tables/suites.ts": 8.2,
  "src/tables/suites13.ts": 8.2,
  "src/tables/versions/": 8.3,
  "src/tables/exchanges/": 8.4,
  "src/tables/limits.ts": 8,
  "src/tables/policy.ts": 8.5,
  "src/tables/policy_option.ts": 8.6,
  "src/flights/base/": 9,
  "src/flights/agreed/": 9.1,
  "src/flights/hellos/": 9.2,
  "src/flights/sessions/": 9.3,
  "src/flights/": 9.4,
  "src/flights/until12/": 9.5,
  "src/flights/tls13/": 9.5,
  "src/flights/client.ts": 9.6,
  "src/flights/server.ts": 9.6,
  "src/flights/states.ts": 9.7,
  "src/connection/": 10,
  "src/connection/bounds/": 9.9,
  "src/connection/handshakes/": 10.1,
  "src/connection/establish.ts": 10.2,
  "src/client.ts": 10.3,
  "src/server.ts": 10.3,
  "src/layers/": 11.1,
  "src/layers/crypto/": 11,
  "src/public/": 12,
  "src/platform/": 13,
  "src/openssl/": 13,
  "src/starttls/": 13,
  "src/promises/": 13.05,
  "src/deno/": 13.1,
  "src/node/": 13.1,
  "src/http/": 13.2,
  "mod.ts": 14,
};

/** Modules that know the flights of an era: everything else is the same for all versions. */
const knowsEras = [
  "src/flights/until12/",
  "src/flights/tls13/",
  "src/flights/client.ts",
  "src/flights/server.ts",
  "src/flights/states.ts",
  "src/connection/handshakes/",
];

/** Where packages may be named, where node: modules may, and where Deno may. */
const packagesIn = [
  "src/deps.ts",
  "src/layers/crypto/noble/deps.ts",
  "src/platform/deps.ts",
  "src/http/deps.ts",
];
const nodeModulesIn = ["src/node/deps.ts", "src/http/deps.ts"];
const platformsIn = ["src/layers/", "src/platform/", "src/deno/", "src/node/", "src/http/"];

/** What an entry point may import, beside its own room: what everybody may, and the door for options. */
const doors = /^src\/(public\/\w+|client|server|options|deps|messages\/mod|names\/mod)\.ts$/;
const entryRooms = [
  "src/platform/",
  "src/openssl/",
  "src/starttls/",
  "src/promises/",
  "src/deno/",
  "src/node/",
  "src/http/",
];

/** Files that are tables, and may be longer than 300 lines. */
const tables = ["src/names/cipher_suite.ts"];

/** Each module by its path, with what it imports: paths, or specifiers of packages. */
type Graph = ReadonlyMap<string, ReadonlyArray<string>>;

const root = new URL("../", import.meta.url);
const entries = [
  "mod.ts",
  "src/platform/mod.ts",
  "src/openssl/mod.ts",
  "src/starttls/mod.ts",
  "src/deno/mod.ts",
  "src/node/mod.ts",
  "src/http/mod.ts",
];

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

/** The room of a module: the longest prefix that has a level. */
const roomOf = (module: string): string | undefined =>
  Object.keys(levels).filter((room) => room.endsWith("/") ? module.startsWith(room) : module === room)
    .toSorted((a, b) => b.length - a.length)[0];

const isIn = (rooms: ReadonlyArray<string>, module: string): boolean =>
  rooms.some((room) => module.startsWith(room));

/** Why an import is wrong; `undefined` when it is not. */
const wrong = (from: string, to: string, known: (module: string) => boolean): string | undefined => {
  if (!known(to)) {
    const at = to.startsWith("npm:") ? packagesIn : to.startsWith("node:") ? nodeModulesIn : [];
    return at.includes(from) ? undefined : "names a package or a platform";
  }
  const [above, below] = [roomOf(from), roomOf(to)];
  if (above === undefined || below === undefined) return "is in no room";
  if (above !== below && levels[below]! >= levels[above]!) return "goes up, or to a room beside it";
  if (to.startsWith("src/layers/") && !/^src\/(layers|public)\//.test(from)) return "reaches into the layers";
  if (
    from.startsWith("src/layers/") && to.startsWith("src/layers/") && !to.startsWith("src/layers/crypto/")
  ) {
    const shelf = (module: string) => module.split("/")[2];
    if (shelf(from) !== shelf(to)) return "goes from one layer to another";
  }
  if (isIn(["src/flights/until12/", "src/flights/tls13/"], to) && !isIn(knowsEras, from)) {
    return "knows the flights of an era";
  }
  if (isIn(entryRooms, from) && !isIn(entryRooms, to) && !doors.test(to)) {
    return "goes round the public modules";
  }
  return undefined;
};

/** The imports that break a rule, each with it. */
const wrongImports = (graph: Graph): ReadonlyArray<string> =>
  edges(graph).flatMap(([from, to]) => {
    const why = wrong(from, to, (module) => graph.has(module));
    return why === undefined ? [] : [`${from} imports ${to}: it ${why}`];
  });

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

Deno.test("every module imports what is below it, by the rules above", () => {
  assert.deepEqual(wrongImports(whole), []);
});

Deno.test("no module imports itself by a detour", () => {
  assert.equal(cycle(whole), undefined);
});

Deno.test("mod.ts reaches neither node: modules nor @effect/platform, so that it runs anywhere", () => {
  const packages = edges(graphs.get("mod.ts")!).map(([, to]) => to).filter((to) => /^\w+:/.test(to));
  assert.ok(packages.length > 10);
  assert.deepEqual(packages.filter((p) => !/^npm:(effect|des\.js|pako|@noble\/[\w-]+)@\^/.test(p)), []);
});

Deno.test("only ./openssl reaches what calls a foreign library", () => {
  const reaching = [...graphs].filter(([, graph]) =>
    [...graph.keys()].some((path) => path.startsWith("src/layers/crypto/openssl/"))
  );
  assert.deepEqual(reaching.map(([entry]) => entry), ["src/openssl/mod.ts"]);
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
  const often = [
    "src/tables/exchanges/",
    "src/tables/versions/",
    "src/flights/",
    "src/grammar/",
    "src/record/",
    "src/connection/",
  ];
  const read = [...whole.keys()].filter((path) => often.some((folder) => path.startsWith(folder)));
  assert.ok(read.length > 30);
  const closed = read.filter((path) => closedGenerator.test(Deno.readTextFileSync(new URL(path, root))));
  assert.deepEqual(closed, []);
  assert.match("x => Effect.gen(function* () {", closedGenerator);
  assert.doesNotMatch("Effect.fnUntraced(function* (x) {", closedGenerator);
});

Deno.test("no module of the core names Deno, or asks a platform for more than the web has", () => {
  const core = [...whole.keys()].filter((path) => path.startsWith("src/") && !isIn(platformsIn, path));
  assert.ok(core.length > 100);
  assert.deepEqual(core.filter((path) => namesPlatform(code(path))), []);
  assert.ok(namesPlatform(code("src/layers/transport/tcp.ts")));
  for (const line of [`"//"; Deno.cwd()`, "const { cwd } = Deno;", `globalThis["Deno"].cwd()`]) {
    assert.ok(namesPlatform(bare(line)), line);
  }
  assert.ok(!namesPlatform(bare(`"Deno" /* Deno */ // Deno`)));
});

const namesPlatform = (code: string): boolean => /\bDeno\b|\bprocess\.|\bBuffer\b|\bglobalThis\[/.test(code);

/** Code without its comments and without what its strings say. */
const bare = (text: string): string => text.replace(/\/\*[^]*?\*\/|\/\/.*|(["'])(?:\\.|(?!\1).)*\1/g, '""');
const code = (path: string): string => bare(Deno.readTextFileSync(new URL(path, root)));

Deno.test("no file of src is longer than 300 lines, but tables", () => {
  const long = [...whole.keys()].filter((path) =>
    Deno.readTextFileSync(new URL(path, root)).split("\n").length > 301
  );
  assert.deepEqual(long.toSorted(), tables);
});

Deno.test("a public module hands on files, and declares nothing but former names", () => {
  const declared = [...whole.keys()].filter((path) => path.startsWith("src/public/")).flatMap((path) =>
    [...code(path).matchAll(/^(?:export )?(?:const|function|class|interface|type|enum) (\w+)/gm)]
      .map(([, name]) => `${path} ${name}`)
  );
  assert.deepEqual(declared, [
    "src/public/errors.ts HandshakeError",
    "src/public/errors.ts ConnectionError",
  ]);
  // What is handed on by name, `deno doc` hides (docs/adr/0019).
  const byName = (text: string) => /^export (?:type )?\{/m.test(text);
  const files = [...whole.keys()].filter((path) => path.startsWith("src/public/"));
  assert.deepEqual(files.filter((path) => byName(code(path))), []);
  assert.ok(byName(`export { addressText } from "../names/address_text.ts";`));
});

Deno.test("the rules of this test are broken by graphs that break them", () => {
  const why = (from: string, to: string) => wrong(from, to, (module) => module.startsWith("src/"));
  assert.equal(why("src/flights/until12/client.ts", "src/wire/bytes.ts"), undefined);
  assert.match(why("src/wire/bytes.ts", "src/flights/until12/client.ts")!, /goes up/);
  assert.match(why("src/record/records.ts", "src/grammar/places.ts")!, /goes up/);
  assert.match(why("src/messages/finished.ts", "src/faults/faults.ts")!, /goes up, or to a room beside it/);
  assert.match(why("src/tables/suites.ts", "src/tables/versions/mod.ts")!, /goes up/);
  assert.match(why("src/x509/der/der.ts", "src/x509/path/path.ts")!, /goes up/);
  assert.match(why("src/connection/pump.ts", "src/connection/establish.ts")!, /goes up/);
  assert.match(why("src/client.ts", "src/layers/trust/roots.ts")!, /goes up/);
  assert.match(why("src/platform/mod.ts", "src/layers/trust/roots.ts")!, /reaches into the layers/);
  assert.match(why("src/layers/trust/roots.ts", "src/layers/tickets/file.ts")!, /one layer to another/);
  assert.equal(why("src/layers/trust/roots.ts", "src/layers/crypto/noble/hash.ts"), undefined);
  assert.match(why("src/connection/pump.ts", "src/flights/until12/client.ts")!, /of an era/);
  assert.equal(
    why("src/connection/handshakes/client_program.ts", "src/flights/until12/client.ts"),
    undefined,
  );
  assert.match(why("src/platform/socket.ts", "src/ports/transport.ts")!, /round the public modules/);
  assert.equal(why("src/platform/socket.ts", "src/public/transport.ts"), undefined);
  assert.match(why("src/new/thing.ts", "src/wire/bytes.ts")!, /in no room/);
  assert.match(why("src/wire/bytes.ts", "npm:effect@^3.22.4/Effect")!, /package or a platform/);
  assert.equal(why("src/deps.ts", "npm:effect@^3.22.4/Effect"), undefined);
  assert.match(why("src/layers/transport/tcp.ts", "node:fs")!, /package or a platform/);
  assert.match(why("src/node/tls_duplex.ts", "node:stream")!, /package or a platform/);
  assert.match(why("src/node/deps.ts", "npm:effect@^3.22.4/Effect")!, /package or a platform/);
  assert.equal(why("src/node/deps.ts", "node:stream"), undefined);
  assert.match(why("src/node/tls_duplex.ts", "src/deno/conn.ts")!, /goes up, or to a room beside it/);
  assert.deepEqual(
    wrongImports(new Map([["src/wire/bytes.ts", ["src/wire/fault.ts"]], ["src/wire/fault.ts", []]])),
    [],
  );
  assert.deepEqual(cycle(new Map([["a", ["b"]], ["b", ["c", "d"]], ["c", []], ["d", ["b"]]])), [
    "b",
    "d",
    "b",
  ]);
});
