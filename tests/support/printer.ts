/** A task that prints a page of the documentation, as a program: its flags, and what it does without. @module */
import { Effect } from "../deps.ts";
import { type Flags, type Given, help, noArguments, parse } from "../../examples/lib/flags.ts";
import { run } from "../../examples/lib/program.ts";

/** Runs `deno task NAME`, which `about` tells of: `print` does what it is for. */
export const printer = (
  { name, about, flags = {} }: { readonly name: string; readonly about: string; readonly flags?: Flags },
  print: (given: Given) => Promise<void>,
): Promise<void> =>
  run(() => {
    const all: Flags = { ...flags, help: { help: "this text" } };
    const given = parse(all, Deno.args);
    if (given.flags["help"] !== undefined) {
      return Effect.sync(() => console.log(help(`deno task ${name} [flags]`, about, all)));
    }
    noArguments(given);
    return Effect.promise(() => print(given));
  });
