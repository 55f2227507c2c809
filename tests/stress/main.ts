/** `deno task stress`: `--help` tells how. @module */
import { Effect, Logger, LogLevel } from "../deps.ts";
import { help, noArguments, numberOf, parse, UsageError } from "../../examples/lib/flags.ts";
import { run } from "../../examples/lib/program.ts";
import { type Plan, planOf } from "./plan.ts";
import { play } from "./round.ts";

const flags = {
  seconds: { takes: "N", help: "for how long (10)" },
  rounds: { takes: "N", help: "how many rounds, however long they take" },
  seed: { takes: "N", help: "the first round's seed; each next round's is one more (1)" },
  json: { help: "one JSON object a line on stdout" },
  help: { help: "this text" },
} as const;
const about =
  "Bulk data both ways, renegotiations from both ends, interruptions, ends of every kind, streams and stores that are\n" +
  "slow or fail: rounds that follow from a seed. Nothing may be lost, invented, hang or throw.";

/** Rounds at once. */
const BESIDE = 8;

/** Something was found; it was told already. */
class Found extends Error {}

const printFound = (plan: Plan, problems: ReadonlyArray<string>): void => {
  console.log(`FOUND  seed ${plan.seed}\n${problems.join("\n")}`);
  console.log(`plan: ${JSON.stringify(plan)}\nagain: deno task stress --rounds 1 --seed ${plan.seed}\n`);
};

const main = () => {
  const given = parse(flags, Deno.args);
  const { json } = given.flags;
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task stress [flags]", about, flags)));
  }
  noArguments(given);
  const first = numberOf(given, "seed", 1);
  const counted = given.flags["rounds"] === undefined ? undefined : numberOf(given, "rounds", 0);
  const seconds = numberOf(given, "seconds", 10);
  if (counted === 0 || (counted === undefined && seconds === 0)) {
    throw new UsageError("--rounds and --seconds: must be more than 0");
  }
  const until = counted === undefined ? performance.now() + seconds * 1000 : Infinity;
  let next = first;
  let found = 0;
  const goesOn = () => performance.now() < until && (counted === undefined || next < first + counted);
  const one = Effect.suspend(() => {
    const plan = planOf(next++);
    return Effect.map(play(plan), (problems) => {
      if (problems.length === 0) return;
      found++;
      if (json === undefined) printFound(plan, problems);
      else console.log(JSON.stringify({ event: "finding", seed: plan.seed, problems, plan }));
    });
  });
  const loop = Effect.whileLoop({ while: goesOn, body: () => one, step: () => {} });
  return Effect.gen(function* () {
    yield* Effect.all(Array.from({ length: BESIDE }, () => loop), {
      concurrency: "unbounded",
      discard: true,
    });
    const rounds = next - first;
    if (json === undefined) console.log(`${rounds} rounds, ${found} findings`);
    else console.log(JSON.stringify({ event: "end", rounds, findings: found }));
    if (found > 0) yield* Effect.fail(new Found(`${found} findings`));
    // Warnings of stores and observers that fail by plan are expected.
  }).pipe(Logger.withMinimumLogLevel(LogLevel.None));
};

const complain = (e: unknown): void => {
  const wrong = e instanceof UsageError;
  console.error(e instanceof Found ? e.message : wrong ? `${e.message} (see --help)` : e);
  if (wrong) Deno.exit(2);
  if (e instanceof Found) Deno.exit(1);
};

await run(main, { complain });
