/**
 * A program for node:tls, run by Node as it is, and here with its import changed: whichever end is ours, both ends see and say
 * the same as when both are Node's.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { freePort, start, withPeer } from "./peers.ts";

const program = new URL("node_program.js", import.meta.url);
const certificates = new URL("../golden/certificates/", import.meta.url).pathname.replace(/\/$/, "");
const ours = new URL("../../src/node/mod.ts", import.meta.url).href;

/** Who runs the program. */
type Runner = "node" | "ours";

/** Runs it in one role. */
const run = (by: Runner, ...args: ReadonlyArray<string>) =>
  by === "node"
    ? start("node", [program.pathname, ...args])
    : Effect.flatMap(changed, (file) =>
      start(Deno.execPath(), ["run", "--allow-all", "--quiet", file, ...args]));

/** The program with its import changed. */
const changed = Effect.acquireRelease(
  Effect.sync(() => {
    const file = Deno.makeTempFileSync({ suffix: ".js" });
    const text = Deno.readTextFileSync(program);
    assert.equal(text.split(`"node:tls"`).length, 2);
    Deno.writeTextFileSync(file, text.replace(`"node:tls"`, JSON.stringify(ours)));
    return file;
  }),
  (file) => Effect.sync(() => Deno.removeSync(file)),
);

/** The lines of JSON that a peer has said. */
const said = (output: string): ReadonlyArray<Record<string, unknown>> =>
  output.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

/** What both ends say; of the exported keys, only whether they are the same. */
const told = Effect.fnUntraced(function* (server: Runner, client: Runner, version: string) {
  const port = String(yield* freePort);
  const serving = yield* run(server, "server", certificates, port, version);
  yield* serving.until(/listening/);
  const visiting = yield* run(client, "client", certificates, port, version);
  yield* visiting.until(/"last"/);
  assert.equal(yield* visiting.ended, 0, visiting.output());
  // A client of Node's ends the handshake before it looks at the name, and ours does not: the server need not see the same.
  const [theirs, mine] = [said(serving.output()).slice(0, 2), said(visiting.output())];
  const exported = (all: typeof mine) =>
    all.flatMap((one) => one.exported === undefined ? [] : [one.exported]);
  assert.equal(exported(mine).length, 2, visiting.output() + serving.output());
  assert.deepEqual(exported(mine), exported(theirs));
  const rest = (all: typeof mine) => all.map(({ exported: _, ...one }) => one);
  return { server: rest(theirs), client: rest(mine) };
}, Effect.scoped);

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  withPeer(
    "node",
    `${version}: a program for node:tls sees the same with its import changed, in either role and in both`,
    Effect.gen(function* () {
      const expected = yield* told("node", "node", version);
      for (const [server, client] of [["ours", "node"], ["node", "ours"], ["ours", "ours"]] as const) {
        assert.deepEqual(
          yield* told(server, client, version),
          expected,
          `server: ${server}, client: ${client}`,
        );
      }
    }),
  );
}
