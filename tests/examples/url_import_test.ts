/**
 * `mod.ts` imported by URL from elsewhere: it runs, type-checks, bundles for a browser, and reaches few packages.
 *
 * @module
 */
import { assert, Effect } from "../deps.ts";
import { serve } from "../../examples/serve_source.ts";
import { certificates, start, temporary } from "../interop/peers.ts";
import * as Programs from "../interop/programs.ts";
import { live } from "../support/effect.ts";
import { exhaustiveOnly } from "../support/exhaustive.ts";
import { textOf } from "../support/text.ts";

/** This repository behind HTTP, and what Deno keeps of it gone with the scope. */
const source = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, serve)),
    (server) =>
      Effect.promise(async () => {
        await server.shutdown();
        const { denoDir } = JSON.parse(await deno("info", "--json").then((r) => r.stdout)) as {
          denoDir: string;
        };
        await Deno.remove(`${denoDir}/remote/http/127.0.0.1_PORT${server.addr.port}`, { recursive: true });
      }),
  ),
  ({ addr }) => ({ origin: `http://127.0.0.1:${addr.port}`, allow: `127.0.0.1:${addr.port}` }),
);

const deno = async (...args: ReadonlyArray<string>) => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) };
};

/** The script for people, as somebody else has it: in another folder, and with another origin. */
const pasted = (origin: string, change = (text: string) => text) =>
  Effect.gen(function* () {
    const folder = yield* temporary;
    const text = Deno.readTextFileSync(new URL("../../examples/url_import.ts", import.meta.url));
    const script = `${folder}/url_import.ts`;
    Deno.writeTextFileSync(script, change(text.replace("http://127.0.0.1:8000", origin)));
    return script;
  });
const bare = (origin: string, allow: string) =>
  ["--no-config", "--no-lock", `--reload=${origin}`, `--allow-import=${allow}`] as const;

live(
  "a script elsewhere imports mod.ts by URL, without configuration, and makes HTTPS requests over it",
  exhaustiveOnly,
  Effect.gen(function* () {
    const { origin, allow } = yield* source;
    const script = yield* pasted(origin);
    const { port } = yield* Programs.server(
      ...["--reply", "page", "--cert", `${certificates}/p256.pem`, "--key", `${certificates}/p256.key`],
    );
    const run = yield* start(Deno.execPath(), [
      ...[
        "run",
        "--quiet",
        "--no-prompt",
        ...bare(origin, allow),
        "--allow-net",
        "--allow-read",
        "--allow-env",
      ],
      ...[script, `localhost:${port}`],
    ], { env: { NO_COLOR: "1", SSL_CERT_FILE: `${certificates}/root.pem` } });
    assert.equal(yield* run.ended, 0, run.output());
    assert.match(
      run.output(),
      /^kept a session of localhost@localhost:\d+\nkept a session of localhost@localhost:\d+ \(before\)\n— full handshake —\nHTTP\/1\.1 200 OK\r\n[^]*— resumed —\n/,
    );
    assert.equal(run.complaints(), "");
  }),
);

live(
  "imported by URL or by path it type-checks under default options, and a program that forgets a layer does not",
  exhaustiveOnly,
  Effect.gen(function* () {
    const { origin, allow } = yield* source;
    // What comes by URL is not checked itself, what comes by path is.
    const path = new URL("../..", import.meta.url).href.replace(/\/$/, "");
    const right = [yield* pasted(origin), yield* pasted(path)];
    const forgetful = yield* pasted(origin, (text) => text.replace("  Credentials.layerNone,\n", ""));
    const misspelt = yield* pasted(origin, (text) => text.replace("resumed }", "resumd }"));
    const { code, stderr } = yield* Effect.promise(() =>
      deno("check", ...bare(origin, allow), ...right, forgetful, misspelt)
    );
    assert.notEqual(code, 0);
    // Each error says where it is; those scripts that are right are nowhere.
    const errors = stderr.split(/(?=^TS\d+ )/m).slice(1);
    const of = (script: string) => errors.filter((error) => error.includes(`${script}:`)).join("");
    assert.match(of(forgetful), /TS2345[^]*'Credentials' is not assignable to type 'never'/);
    assert.match(of(misspelt), /'resumd' does not exist on type 'Negotiated'/);
    assert.deepEqual(right.map(of), ["", ""]);
    assert.equal(errors.length, 3, stderr); // a name that is not there makes two
  }),
);

live(
  "imported by URL it reaches effect, noble, des.js and pako alone: no node: module, no @effect/platform",
  Effect.gen(function* () {
    const { origin, allow } = yield* source;
    const told = yield* Effect.promise(() =>
      deno("info", "--json", ...bare(origin, allow), `${origin}/mod.ts`)
    );
    const { modules, npmPackages } = JSON.parse(told.stdout) as {
      readonly modules: ReadonlyArray<{ readonly specifier: string; readonly error?: string }>;
      readonly npmPackages: Readonly<Record<string, unknown>>;
    };
    assert.deepEqual(modules.filter((m) => m.error !== undefined), []);
    const strangers = modules.map((m) => m.specifier).filter((s) =>
      !s.startsWith(`${origin}/`) && !/^npm:\/(effect|des\.js|pako|@noble\/[\w-]+)@/.test(s)
    );
    assert.deepEqual(strangers, []);
    assert.deepEqual(Object.keys(npmPackages).filter((name) => name.startsWith("@effect/")), []);
  }),
);

live(
  "it bundles for a browser, and the bundle loads",
  exhaustiveOnly,
  Effect.gen(function* () {
    const folder = yield* temporary;
    const mod = new URL("../../mod.ts", import.meta.url).pathname;
    const bundle = `${folder}/effect-tls.js`;
    const { code, stderr } = yield* Effect.promise(() =>
      deno("bundle", "--quiet", "--platform", "browser", "-o", bundle, mod)
    );
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(Deno.readTextFileSync(bundle), /(from|import|require)\s*\(?\s*["']node:/);
    const { Client, Messages } = yield* Effect.promise(() => import(`file://${bundle}`));
    assert.equal(typeof Client.over, "function");
    assert.equal(Messages.ClientHello._tag, "ClientHello");
  }),
);
