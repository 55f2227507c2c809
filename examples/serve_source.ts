/**
 * Serves this repository's sources on loopback, so that `mod.ts` can be imported by URL from anywhere: `deno run
 * --allow-net --allow-read examples/serve_source.ts [--port N]`.
 *
 * @module
 */
import * as Effect from "npm:effect@^3.22.4/Effect";
import { common, help, noArguments, numberOf, parse, UsageError } from "./lib/flags.ts";
import { run } from "./lib/program.ts";

const root = new URL("../", import.meta.url);
const sources = /^\/(mod\.ts|(src|examples)\/[\w/]+\.ts)$/;

/**
 * Answers a request for a source file. Deno recognizes TypeScript by its media type; with another type, every import
 * would be `any`.
 */
export const serve = async (request: Request): Promise<Response> => {
  const path = sources.exec(new URL(request.url).pathname)?.[1];
  try {
    if (path === undefined) throw new Deno.errors.NotFound();
    const text = await Deno.readTextFile(new URL(path, root));
    return new Response(text, { headers: { "content-type": "application/typescript; charset=utf-8" } });
  } catch (e) {
    if (!(e instanceof Deno.errors.NotFound)) throw e;
    return new Response("not found\n", { status: 404 });
  }
};

const flags = {
  port: { takes: "N", help: "the port of 127.0.0.1 to listen at; 0 lets the system choose (8000)" },
  help: common.help,
} as const;

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() =>
      console.log(help("examples/serve_source.ts [--port N]", "Serves mod.ts over HTTP.", flags))
    );
  }
  noArguments(given);
  const port = numberOf(given, "port", 8000);
  if (port > 65535) throw new UsageError(`--port: ${port} is more than 65535`);
  const onListen = ({ port }: Deno.NetAddr) => console.log(`http://127.0.0.1:${port}/mod.ts`);
  const open = Effect.try({
    try: () => Deno.serve({ hostname: "127.0.0.1", port, onListen }, serve),
    catch: (e) => e,
  });
  const close = (server: Deno.HttpServer) => Effect.promise(() => server.shutdown());
  return Effect.acquireUseRelease(open, () => Effect.never, close);
};

if (import.meta.main) await run(() => main(Deno.args));
