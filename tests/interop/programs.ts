/** Our own programs as subprocesses, for what is about flags, output and exit codes. @module */
import { Effect } from "../deps.ts";
import { repository, start } from "./peers.ts";

const deno = (program: string, args: ReadonlyArray<string>) =>
  start(Deno.execPath(), [
    ...["run", "--quiet", "--frozen", "--allow-net", "--allow-read", "--allow-write", "--allow-env"],
    `${repository}examples/${program}.ts`,
    ...args,
  ], { cwd: repository, env: { NO_COLOR: "1" } });

/** Our server; gives its port and the peer. */
export const server = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* deno("server", ["--port", "0", ...args]);
    const [, port] = yield* peer.until(/listening [^\n]*?:(\d+)\n|"port":(\d+)/);
    return { peer, port: Number(port ?? peer.output().match(/"port":(\d+)/)![1]) };
  });

/** Our client, run to its end: exit code, output, and its JSON lines where there are some. */
export const client = (...args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const peer = yield* deno("client", args);
    yield* peer.endInput;
    const code = yield* peer.ended;
    const output = peer.output();
    const events = output.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line) as Record<string, unknown>
    );
    return { code, output, events };
  });
