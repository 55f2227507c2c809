/**
 * Serves this repository's sources on loopback, so that `mod.ts` can be imported by URL from anywhere:
 * `deno run --allow-net --allow-read examples/serve_source.ts [PORT]` (8000; 0 lets the system choose).
 *
 * @module
 */

const root = new URL("../", import.meta.url);
const sources = /^\/(mod\.ts|(src|examples)\/[\w/]+\.ts)$/;

/** Answers a request for a source file. Deno takes a module for TypeScript by its type: another makes it all `any`. */
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

if (import.meta.main) {
  const port = Number(Deno.args[0] ?? 8000);
  Deno.serve({
    hostname: "127.0.0.1",
    port,
    onListen: ({ hostname, port }) => console.log(`http://${hostname}:${port}/mod.ts`),
  }, serve);
}
