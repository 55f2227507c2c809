/** Makes a certificate authority for trying things out. See `deno task certs --help`. @module */
import * as Effect from "npm:effect@^3.22.4/Effect";
import { Credentials, Crypto, type Errors } from "../mod.ts";
import { common, help, list, numberOf, parse, UsageError } from "./lib/flags.ts";
import { FileError } from "./lib/layers.ts";
import { run } from "./lib/program.ts";

const flags = {
  names: { takes: "NAME,…", help: "the names in the servers' certificates (localhost,127.0.0.1,::1)" },
  days: { takes: "N", help: "how many days they are valid (365)" },
  force: { help: "replace existing files" },
  json: common.json,
  help: common.help,
} as const;

const about = `Makes a root, an intermediate authority below it, and certificates for servers and clients:
root.pem, intermediate.pem, and server-KIND.pem and client-KIND.pem, where KIND is ecdsa, rsa or ed25519.
Each has its private key in a .key file beside it, which only its owner may read.
For trying things out only: whoever has root.key can impersonate anybody to those who trust root.pem.`;

const kinds = { ecdsa: "ecdsa_p256", rsa: "rsa", ed25519: "ed25519" } as const;

/** A file's name and text. Private keys are readable by the owner only. */
type File = readonly [name: string, text: string];

const files = (
  names: ReadonlyArray<string>,
  days: number,
): Effect.Effect<ReadonlyArray<File>, Errors.InvalidOption, Crypto.Crypto> =>
  Effect.gen(function* () {
    const root = yield* Credentials.makeAuthority({ commonName: "effect-tls trial root", days });
    const below = yield* root.intermediate({ commonName: "effect-tls trial intermediate", days });
    const pair = (
      name: string,
      { certificatePem, privateKeyPem }: { readonly certificatePem: string; readonly privateKeyPem: string },
    ): ReadonlyArray<File> => [[`${name}.pem`, certificatePem], [`${name}.key`, privateKeyPem]];
    const leaves = yield* Effect.forEach(
      Object.entries(kinds),
      ([kind, key]) =>
        Effect.all([
          Effect.map(below.issue({ names, key, days }), (made) => pair(`server-${kind}`, made)),
          Effect.map(
            below.issue({
              names: [],
              commonName: `trial client ${kind}`,
              key,
              days,
              purposes: ["clientAuth"],
            }),
            (made) => pair(`client-${kind}`, made),
          ),
        ]),
    );
    return [...pair("root", root), ...pair("intermediate", below), ...leaves.flat(2)];
  });

/** Runs the program with its arguments. Throws UsageError. */
export const main = (args: ReadonlyArray<string>) => {
  const given = parse(flags, args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task certs DIR [flags]", about, flags)));
  }
  const [folder, ...more] = given.rest;
  if (folder === undefined || more.length > 0) throw new UsageError("give exactly one DIR");
  const days = numberOf(given, "days", 365);
  if (days === 0 || days > 36_500) throw new UsageError(`--days: ${days} is not between 1 and 36500`);
  const names = list(given.flags["names"] ?? "localhost,127.0.0.1,::1");
  if (names.length === 0) throw new UsageError("--names: names nobody");
  const force = given.flags["force"] !== undefined;
  const asJson = given.flags["json"] !== undefined;

  return Effect.gen(function* () {
    const made = yield* files(names, days);
    yield* attempt(() => write(folder, made, force));
    for (const [name] of made) {
      const file = `${folder}/${name}`;
      console.log(asJson ? JSON.stringify({ event: "written", file }) : file);
    }
  }).pipe(Effect.provide(Crypto.layerNoble));
};

/** Writes all files, or none if one exists already and `force` is not given. */
const write = async (folder: string, made: ReadonlyArray<File>, force: boolean): Promise<void> => {
  await Deno.mkdir(folder, { recursive: true });
  const there = new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  const taken = made.map(([name]) => name).filter((name) => there.has(name));
  if (taken.length > 0 && !force) {
    throw new Error(`${folder} has ${taken.join(", ")} already; --force replaces what is there`);
  }
  for (const [name, text] of made) {
    // An overwritten file would keep its mode, which might let others read it.
    if (there.has(name)) await Deno.remove(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/${name}`, text, {
      createNew: true,
      mode: name.endsWith(".key") ? 0o600 : 0o644,
    });
  }
};

const attempt = (what: () => Promise<void>): Effect.Effect<void, FileError> =>
  Effect.tryPromise({ try: what, catch: (e) => new FileError(e instanceof Error ? e.message : String(e)) });

if (import.meta.main) await run(() => main(Deno.args));
