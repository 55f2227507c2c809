/** The footprint of the library: the memory of connections, and the start time of a program. @module */
import { Effect, Exit, Layer, Scope } from "../src/deps.ts";
import { ByteStream, Client, type Connection, Server } from "../mod.ts";
import { ends } from "./bulk.ts";

/** The bytes in use after garbage collection. */
const inUse = (): number => {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (!gc) throw new Error("memory is measured with --v8-flags=--expose-gc, as `deno task bench` does");
  for (let i = 0; i < 3; i++) gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
};

/** The KiB per end of an idle open connection, averaged over many connections. */
export const idleConnection = async (count: number): Promise<number> => {
  const scope = await Effect.runPromise(Scope.make());
  // Built once, as in a real program.
  const client = await Effect.runPromise(Scope.extend(Layer.build(ends.client), scope));
  const server = await Effect.runPromise(Scope.extend(Layer.build(ends.server), scope));
  const held: Array<readonly [Connection, Connection]> = [];
  const meet = Effect.flatMap(ByteStream.makePair(), ([a, b]) =>
    Effect.all([
      Effect.provide(Client.over(a, { serverName: "localhost" }), client),
      Effect.provide(Server.over(b), server),
    ], { concurrency: 2 })).pipe(Scope.extend(scope));
  for (let i = 0; i < 20; i++) await Effect.runPromise(meet); // what is made once
  const before = inUse();
  for (let i = 0; i < count; i++) held.push(await Effect.runPromise(meet));
  const after = inUse();
  await Effect.runPromise(Scope.close(scope, Exit.void));
  if (held.length !== count) throw new Error("a connection is missing");
  return (after - before) / 1024 / (2 * count);
};

/** The MiB by which `run` grows the heap. */
export const growth = async (run: () => Promise<unknown>): Promise<number> => {
  const before = inUse();
  await run();
  return (inUse() - before) / 2 ** 20;
};

/** The milliseconds of a program that only imports these modules. */
export const importing = async (...modules: ReadonlyArray<string>): Promise<number> => {
  const program = modules.map((m) => `import ${JSON.stringify(new URL(`../${m}`, import.meta.url).href)};`);
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, program.join("\n"));
  const config = new URL("../deno.json", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--config", config, "--allow-all", file],
    stdout: "null",
  });
  const times: Array<number> = [];
  for (let i = 0; i < 3; i++) {
    const begun = performance.now();
    const { success } = await command.output();
    if (!success) throw new Error(`a program with ${modules.join(", ")} did not run`);
    times.push(performance.now() - begun);
  }
  await Deno.remove(file);
  return Math.min(...times);
};
