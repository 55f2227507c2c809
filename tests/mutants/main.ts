/** `deno task mutants`: `--help` tells how. @module */
import { Effect } from "../deps.ts";
import { help, noArguments, numberOf, parse, positiveOf, UsageError } from "../../examples/lib/flags.ts";
import { run } from "../../examples/lib/program.ts";
import { Random } from "../fuzz/random.ts";
import { known } from "./known.ts";
import { changed, type Mutant, mutantsOf, nameOf, rules } from "./rules.ts";

const flags = {
  only: { takes: "PATH", help: "only files below this path (src)" },
  sample: { takes: "N", help: "only so many, drawn by --seed" },
  seed: { takes: "N", help: "what the draw follows from (1)" },
  beside: { takes: "N", help: "how many at once (2)" },
  seconds: { takes: "N", help: "how long the tests of one may take (120)" },
  list: { help: "list the changes and make none" },
  json: { help: "one JSON object a line on stdout" },
  help: { help: "this text" },
} as const;
const about =
  `Plants small changes in the sources, one at a time in a copy, and tells which no test notices:\n${
    Object.entries(rules).map(([rule, words]) => `  ${rule.padEnd(9)} ${words}`).join("\n")
  }\nWhat is known to change nothing is in docs/mutants.md, with the reason, and is left out.
One change costs from one to a hundred seconds.`;

const root = new URL("../../", import.meta.url).pathname;

/** The tests of a folder, the quickest first: what it is held to by itself. */
const testsOf: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["src/wire/", ["tests/wire", "tests/messages"]],
  ["src/messages/", ["tests/messages", "tests/golden"]],
  ["src/names/", ["tests/messages", "tests/x509/names_test.ts", "tests/flights/rules_test.ts"]],
  ["src/crypto/", ["tests/crypto", "tests/golden", "tests/record/protection/protection_test.ts"]],
  ["src/record/", [
    "tests/record",
    "tests/golden",
    "tests/attacks/regressions_test.ts",
    "tests/connection/connection_test.ts",
  ]],
  ["src/x509/", ["tests/x509"]],
  ["src/connection", [
    "tests/connection",
    "tests/attacks/renegotiation_test.ts",
    "tests/flights/renegotiation_rules_test.ts",
  ]],
  ["src/server.ts", [
    "tests/server_test.ts",
    "tests/connection/renegotiation_test.ts",
    "tests/flights/resumption_test.ts",
  ]],
  ["src/client.ts", ["tests/connection/renegotiation_test.ts", "tests/flights/session_owners_test.ts"]],
  ["src/layers/", ["tests/layers"]],
  ["src/platform/", ["tests/platform", "tests/connection/ends_test.ts"]],
  ["src/", [
    "tests/tables",
    "tests/faults",
    "tests/flights",
    "tests/golden",
    "tests/attacks",
    "tests/connection",
  ]],
];
const testsFor = (file: string): ReadonlyArray<string> =>
  testsOf.find(([folder]) => file.startsWith(folder))![1];

/** What became of a change. */
type Fate = "noticed" | "survived" | "too slow";

const isThere = (path: string): boolean => {
  try {
    return Deno.statSync(`${root}${path}`) !== undefined;
  } catch (e) {
    if (e instanceof Deno.errors.NotFound || e instanceof Deno.errors.NotADirectory) return false;
    throw e;
  }
};

const filesBelow = (path: string): ReadonlyArray<string> => {
  if (Deno.statSync(`${root}${path}`).isFile) return [path];
  return [...Deno.readDirSync(`${root}${path}`)].sort((a, b) => a.name < b.name ? -1 : 1).flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${path}/${entry.name}`)
      : entry.name.endsWith(".ts")
      ? [`${path}/${entry.name}`]
      : []
  );
};

const copied = [
  "deno.json",
  "deno.lock",
  "mod.ts",
  "src",
  "tests",
  "examples",
  "docs",
  "bench",
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
];

/** A copy of the repository, in which changes can be made. */
const copy = Effect.acquireRelease(
  Effect.promise(async () => {
    const folder = await Deno.makeTempDir({ prefix: "mutants-" });
    const { success } = await new Deno.Command("cp", {
      args: ["-R", ...copied.map((name) => `${root}${name}`), folder],
    }).output();
    if (!success) throw new Error(`no copy could be made in ${folder}`);
    return folder;
  }),
  (folder) => Effect.promise(() => Deno.remove(folder, { recursive: true })),
);

/** Makes the change in the copy, runs the tests of its folder, and takes it back. */
const fateOf = async (mutant: Mutant, folder: string, seconds: number): Promise<Fate> => {
  const file = `${folder}/${mutant.file}`;
  const source = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, changed(source, mutant));
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "--fail-fast", "--allow-all", "--quiet", ...testsFor(mutant.file)],
      cwd: folder,
      env: { EFFECT_TLS_TESTS: "exhaustive" },
      stdout: "null",
      stderr: "null",
    }).spawn();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, seconds * 1000);
    const { success } = await child.status;
    clearTimeout(timer);
    return late ? "too slow" : success ? "survived" : "noticed";
  } finally {
    await Deno.writeTextFile(file, source);
  }
};

const main = () => {
  const given = parse(flags, Deno.args);
  const { only = "src", sample, json, list } = given.flags;
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task mutants [flags]", about, flags)));
  }
  noArguments(given);
  const path = only.replace(/\/+$/, "");
  if (!/^src($|\/)/.test(path)) throw new UsageError(`--only: ${only} is not in src`);
  if (!isThere(path)) throw new UsageError(`--only: there is no ${only}`);
  const seconds = positiveOf(given, "seconds", 120);
  const beside = positiveOf(given, "beside", 2);
  const most = positiveOf(given, "sample", Infinity);
  const random = new Random(numberOf(given, "seed", 1));
  const equivalent = known();
  const all = filesBelow(path).flatMap((file) => mutantsOf(file, Deno.readTextFileSync(`${root}${file}`)));
  const real = all.filter((mutant) => !equivalent.has(nameOf(mutant)));
  const drawn = sample === undefined ? real : real.map((mutant) => [random.below(2 ** 30), mutant] as const)
    .sort(([a], [b]) => a - b).slice(0, most).map(([, mutant]) => mutant);
  const words = (m: Mutant): string =>
    `${m.file}:${m.line} ${m.rule}: ${m.from.slice(0, 90)} -> ${m.to.slice(0, 90)}`;
  const tell = (event: string, mutant: Mutant): void =>
    console.log(
      json === undefined ? `${event.padEnd(9)} ${words(mutant)}` : JSON.stringify({ event, ...mutant }),
    );
  if (list !== undefined) return Effect.sync(() => drawn.forEach((mutant) => tell("listed", mutant)));

  return Effect.scoped(Effect.gen(function* () {
    const tally: Record<Fate, number> = { noticed: 0, survived: 0, "too slow": 0 };
    const waiting = [...drawn];
    const worker = Effect.gen(function* () {
      const folder = yield* copy;
      for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
        const next = mutant;
        const fate = yield* Effect.promise(() => fateOf(next, folder, seconds));
        tally[fate]++;
        if (fate !== "noticed") tell(fate, next);
      }
    });
    yield* Effect.all(Array.from({ length: beside }, () => worker), { concurrency: "unbounded" });
    const { survived } = tally;
    const noticed = tally.noticed + tally["too slow"]; // a test that hangs fails
    const share = Math.round(1000 * noticed / Math.max(1, noticed + survived)) / 10;
    const sum = { changes: drawn.length, noticed, survived, share, equivalent: all.length - real.length };
    console.log(
      json === undefined
        ? `${sum.changes} changes: ${noticed} noticed (${share} %), ${survived} survived; ${sum.equivalent} known to change nothing`
        : JSON.stringify({ event: "end", ...sum }),
    );
  }));
};

await run(main);
