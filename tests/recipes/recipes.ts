/**
 * The programs of `docs/recipes`, taken from their pages and started as their pages say, in a folder that has the files which
 * they name. The packages that they use have a lock of their own, so that none of them is in that of the library;
 * `deno task recipes` writes it anew.
 *
 * @module
 */
import { assert, Effect, type Scope } from "../deps.ts";
import * as Golden from "../golden/certificates.ts";
import { type Peer, repository, start, temporary } from "../interop/peers.ts";

/** A page, and what is in it. */
export interface Recipe {
  /** The name of the page and of its program, without their endings. */
  readonly name: string;
  /** The page. */
  readonly text: string;
  /** The program as it is on the page; empty if there is not exactly one. */
  readonly program: string;
  /** What the page tells to start it with: `run` or `test`, and its permissions; empty if it does not tell. */
  readonly command: ReadonlyArray<string>;
}

/** A program has fewer lines. */
export const programLimit = 40;

/** Where the pages are. */
export const folder: URL = new URL("../../docs/recipes/", import.meta.url);

const blocksIn = (text: string, language: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm")), ([, code]) => code!);

/** What is in a page. */
export const recipeOf = (name: string, text: string): Recipe => {
  const [program = "", ...others] = blocksIn(text, "ts");
  const [line = ""] = blocksIn(text, "sh");
  const [, command] =
    new RegExp(`^(?:\\w+=\\S+ )*deno ((?:run|test)(?: --\\S+)*) ${name}\\.ts\\b`, "m").exec(line) ??
      [];
  return { name, text, program: others.length === 0 ? program : "", command: command?.split(" ") ?? [] };
};

/** Every page but the index, by name. */
export const recipes: ReadonlyMap<string, Recipe> = new Map(
  [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((file) => file.endsWith(".md") && file !== "README.md")
    .toSorted()
    .map((
      file,
    ) => [file.slice(0, -3), recipeOf(file.slice(0, -3), Deno.readTextFileSync(new URL(file, folder)))]),
);

/** How a program ended, and what it said. */
export interface Ran {
  readonly code: number;
  /** Standard output and error. */
  readonly output: string;
  /** Standard error alone. */
  readonly complaints: string;
}

/** What a program is given. */
export interface Given {
  readonly args?: ReadonlyArray<string | number>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program in a folder of its own. */
export interface Placed {
  readonly folder: string;
  /** Starts it; it ends with the scope. */
  readonly start: (given: Given) => Effect.Effect<Peer, never, Scope.Scope>;
  /** Runs it to its end. */
  readonly run: (given: Given) => Effect.Effect<Ran>;
}

/** The files beside each program: certificates and keys of a server and a client, and the root that signed both. */
const beside = (): Readonly<Record<string, string>> => {
  const [server, client] = [Golden.server("rsa"), Golden.client("p256")];
  return {
    "root.pem": Golden.root,
    "cert.pem": server.certificate,
    "key.pem": server.privateKey,
    "client.pem": client.certificate,
    "client.key": client.privateKey,
  };
};

/** What starts Deno for a program of a page, besides its permissions. */
const settings = [
  "--quiet",
  `--config=${repository}deno.json`,
  `--lock=${new URL("deno.lock", import.meta.url).pathname}`,
];

/** The program of a page as a file of a folder; gives its path. */
const written = async ({ name, program }: Recipe, folder: string): Promise<string> => {
  const path = `${folder}/${name}.ts`;
  await Deno.writeTextFile(path, program.replaceAll(`from "../../`, `from "file://${repository}`));
  return path;
};

/** What else a program is placed with. */
export interface More {
  /** Files that it needs. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Changes the program, to see that it would not pass for what it does not do. */
  readonly change?: (program: string) => string;
}

/** Puts the program of a page into a folder, gone with the scope, with certificates and what other files it needs. */
export const placed = (name: string, more: More = {}) =>
  Effect.gen(function* () {
    const page = recipes.get(name) ?? (yield* Effect.dieMessage(`there is no page ${name}`));
    const recipe = { ...page, program: more.change?.(page.program) ?? page.program };
    if (more.change) assert.notEqual(recipe.program, page.program);
    const [verb = "run", ...permissions] = recipe.command;
    const folder = yield* temporary;
    const path = yield* Effect.promise(() => written(recipe, folder));
    yield* Effect.promise(async () => {
      for (const [file, text] of Object.entries(beside())) {
        await Deno.writeTextFile(`${folder}/${file}`, text);
      }
      for (const [file, bytes] of Object.entries(more.files ?? {})) {
        await Deno.writeFile(`${folder}/${file}`, bytes);
      }
    });
    const started = ({ args = [], env = {} }: Given) =>
      start(
        Deno.execPath(),
        [
          verb,
          ...settings,
          "--frozen",
          "--no-prompt",
          "--no-check",
          ...permissions,
          path,
          ...args.map(String),
        ],
        { cwd: folder, env: { NO_COLOR: "1", ...env } },
      );
    const run = (given: Given) => Effect.scoped(Effect.flatMap(started(given), ended));
    return { folder, start: started, run } satisfies Placed;
  });

/** Runs the program of a page to its end. */
export const ran = (name: string, given: Given, more?: More) =>
  Effect.scoped(Effect.flatMap(placed(name, more), ({ run }) => run(given)));

/** Waits for the end of a program. */
export const ended = (peer: Peer): Effect.Effect<Ran> =>
  Effect.map(peer.ended, (code) => ({ code, output: peer.output(), complaints: peer.complaints() }));

/** What a program printed that ended well. */
export const clean = ({ code, output, complaints }: Ran): string => {
  assert.deepEqual({ code, complaints }, { code: 0, complaints: "" }, output);
  return output;
};

/** Asks a server to end, as Ctrl-C does, and waits until it has. */
export const interrupted = (peer: Peer): Effect.Effect<Ran> =>
  Effect.zipRight(peer.kill("SIGINT"), ended(peer));

if (import.meta.main) {
  const folder = await Deno.makeTempDir();
  try {
    const paths = await Promise.all([...recipes.values()].map((recipe) => written(recipe, folder)));
    const args = ["check", ...settings, ...paths];
    Deno.exitCode = (await new Deno.Command(Deno.execPath(), { args }).spawn().status).code;
    await new Deno.Command(Deno.execPath(), { args: ["cache", ...settings, ...paths] }).spawn().status;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
