/** `deno task fuzz`: `--help` tells how. @module */
import { Effect } from "../deps.ts";
import { help, noArguments, numberOf, parse, positiveOf, UsageError } from "../../examples/lib/flags.ts";
import { run } from "../../examples/lib/program.ts";
import type { Finding, Tally } from "./run.ts";
import type { Order, Word } from "./worker.ts";

const flags = {
  seconds: { takes: "N", help: "for how long (10, or as long as --runs takes)" },
  runs: { takes: "N", help: "how many inputs in all: the same ones each time" },
  seed: { takes: "N", help: "what the inputs follow from (1)" },
  target: { takes: "PREFIX", help: "only targets whose names begin so" },
  only: { takes: "INDEX", help: "only this input of each" },
  patience: { takes: "SECONDS", help: "how long one input may take (5)" },
  json: { help: "one JSON object a line on stdout" },
  help: { help: "this text" },
} as const;
const about =
  "Draws values from the schemas, spoils them, and tries what must bear any input: decoders and whole engines.";

/** Bytes that the second half of a run may leave behind. */
const MAX_GROWTH = 64 * 2 ** 20;

/** Something was found; it was told already. */
class Found extends Error {
  constructor(count: number) {
    super(count === 1 ? "1 finding" : `${count} findings`);
  }
}

/** What a run came to. */
interface Outcome {
  readonly tallies: ReadonlyArray<Tally>;
  readonly findings: number;
  /** Bytes that its second half left behind; `undefined` where nobody could count them. */
  readonly grown: number | undefined;
}

/** Runs the fuzzer; `tell` hears each finding as soon as it is there. */
const fuzzing = (order: Omit<Order, "where">, patience: number, tell: (finding: Finding) => void) =>
  Effect.async<Outcome, unknown>((resume) => {
    const resolve = (outcome: Outcome) => resume(Effect.succeed(outcome));
    const reject = (error: unknown) => resume(Effect.fail(error));
    const where = new SharedArrayBuffer(8);
    const stand = new Int32Array(where).fill(-1);
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    let names: ReadonlyArray<string> = [];
    let findings = 0;
    let [last, since] = ["", performance.now()];
    const found = (finding: Finding) => {
      findings++;
      tell(finding);
    };
    const end = (tallies: ReadonlyArray<Tally>, grown?: number) => {
      clearInterval(watch);
      worker.terminate();
      resolve({ tallies, findings, grown });
    };
    const watch = setInterval(() => {
      const now = stand.join();
      if (now !== last) [last, since] = [now, performance.now()];
      const allowed = stand[0]! < 0 ? START : patience;
      if (performance.now() - since > allowed * 1000) {
        const problem = `it takes longer than ${allowed} s`;
        const target = names[stand[0]!] ?? "start";
        found({ target, seed: order.seed, index: stand[1]!, input: [], problem });
        end([]);
      }
    }, 250);
    worker.onmessage = ({ data }: MessageEvent<Word>) => {
      if (data._tag === "finding") return found(data.finding);
      if (data._tag === "targets") {
        names = data.names;
        if (names.length > 0) return;
        reject(new UsageError(`--target: no target's name begins with ${order.only}`));
        return end([]);
      }
      if (data.grown !== undefined && data.grown > MAX_GROWTH) {
        const problem = `the second half of the run left ${data.grown} bytes behind`;
        found({ target: "memory", seed: order.seed, index: 0, input: [], problem });
      }
      end(data.tallies, data.grown);
    };
    worker.onerror = (event) => {
      clearInterval(watch);
      reject(new Error(event.message));
    };
    worker.postMessage({ ...order, where });
    return Effect.sync(() => {
      clearInterval(watch);
      worker.terminate();
      // A thread that hangs would keep the process, and what was found is found.
      Deno.exit(findings > 0 ? 1 : INTERRUPTED);
    });
  });

/** Seconds in which the thread must have begun. */
const START = 60;
/** The exit code of a run that was interrupted: nothing was found, and not all was tried. */
const INTERRUPTED = 130;

const repeatedBy = ({ target, seed, index }: Finding): string =>
  `deno task fuzz --target ${target} --seed ${seed} --only ${index}`;

const printFinding = (finding: Finding): void => {
  const { target, seed, index, input, problem } = finding;
  console.log(`FOUND  ${target}, seed ${seed}, index ${index}\n${problem}`);
  console.log(`input: ${input.join(" ") || "none"}\nagain: ${repeatedBy(finding)}\n`);
};

const printTallies = (tallies: ReadonlyArray<Tally>, grown: number | undefined): void => {
  const row = (...cells: ReadonlyArray<string | number>) =>
    console.log(cells.map((cell, i) => i === 0 ? `${cell}`.padEnd(42) : `${cell}`.padStart(10)).join(""));
  const perSecond = ({ inputs, milliseconds }: { readonly inputs: number; readonly milliseconds: number }) =>
    Math.round(inputs / milliseconds * 1000) || 0;
  row("target", "inputs", "a second", "accepted", "refused", "slowest", "its index");
  for (const t of tallies) {
    row(
      t.target,
      t.inputs,
      perSecond(t),
      t.accepted,
      t.refused,
      `${t.slowest.milliseconds.toFixed(1)} ms`,
      t.slowest.index,
    );
  }
  const sum = (of: "inputs" | "milliseconds" | "accepted" | "refused") =>
    tallies.reduce((n, t) => n + t[of], 0);
  row(
    "all",
    sum("inputs"),
    perSecond({ inputs: sum("inputs"), milliseconds: sum("milliseconds") }),
    sum("accepted"),
    sum("refused"),
  );
  const untried = tallies.filter(({ inputs }) => inputs === 0).map(({ target }) => target);
  if (untried.length > 0) console.log(`not tried for want of time: ${untried.join(", ")}`);
  if (grown !== undefined) console.log(`memory: the second half of the run left ${grown} bytes behind`);
};

/** A flag's number, which may not be nothing: a run that tries nothing finds nothing. */
const main = () => {
  const given = parse(flags, Deno.args);
  if (given.flags["help"] !== undefined) {
    return Effect.sync(() => console.log(help("deno task fuzz [flags]", about, flags)));
  }
  noArguments(given);
  const { runs: counted, only: single, json, target = "" } = given.flags;
  const runs = counted === undefined ? Infinity : positiveOf(given, "runs", 0);
  const order = {
    seed: numberOf(given, "seed", 1),
    runs,
    seconds: positiveOf(given, "seconds", counted === undefined ? 10 : Infinity),
    only: target,
    index: single === undefined ? undefined : numberOf(given, "only", 0),
  };
  const patience = positiveOf(given, "patience", 5);
  const tell = json === undefined
    ? printFinding
    : (finding: Finding) =>
      console.log(JSON.stringify({ event: "finding", ...finding, again: repeatedBy(finding) }));
  return Effect.gen(function* () {
    const { tallies, findings, grown } = yield* fuzzing(order, patience, tell);
    if (json === undefined) printTallies(tallies, grown);
    else for (const tally of tallies) console.log(JSON.stringify({ event: "tally", ...tally }));
    if (findings > 0) yield* Effect.fail(new Found(findings));
  });
};

const complain = (e: unknown): void => {
  const wrong = e instanceof UsageError;
  console.error(e instanceof Found ? e.message : wrong ? `${e.message} (see --help)` : e);
  if (wrong) Deno.exit(2);
  // A thread that hangs would keep the process.
  if (e instanceof Found) Deno.exit(1);
};

await run(main, { complain });
