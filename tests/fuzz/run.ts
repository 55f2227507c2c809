/** Tries inputs, round after round, and says what became of them. @module */
import { toHex } from "../../src/wire/bytes.ts";
import { type Input, inputOf, type Target } from "./target.ts";

/** What to try: until so many inputs were tried in all, or so many seconds are over. */
export interface Plan {
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
}

/** An input that something could not bear. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  readonly index: number;
  /** The parts of the input in hexadecimal; none where it could not even be drawn. */
  readonly input: ReadonlyArray<string>;
  readonly problem: string;
}

/** What became of a target's inputs. */
export interface Tally {
  readonly target: string;
  inputs: number;
  accepted: number;
  refused: number;
  milliseconds: number;
  /** The slowest input, and how long it took. */
  slowest: { index: number; milliseconds: number };
}

/** Told where the run stands, so that somebody can see when it stands still. */
export type At = (target: number, index: number) => void;

/** Of one target; more of the same tell nothing. */
const ENOUGH = 5;

const problemOf = (e: unknown): string => e instanceof Error ? e.stack ?? e.message : String(e);

/** Tries one input; a finding if it could not be borne. */
export const tryOne = async (
  target: Target,
  seed: number,
  index: number,
  tally: Tally,
): Promise<Finding | undefined> => {
  let input: Input = [];
  const start = performance.now();
  try {
    const drawn = inputOf(target, seed, index);
    input = drawn instanceof Promise ? await drawn : drawn;
    const begun = performance.now();
    const verdict = target.run(input);
    tally[verdict instanceof Promise ? await verdict : verdict]++;
    const took = performance.now() - begun;
    if (took > tally.slowest.milliseconds) tally.slowest = { index, milliseconds: took };
  } catch (e) {
    return { target: target.name, seed, index, input: input.map(toHex), problem: problemOf(e) };
  } finally {
    tally.inputs++;
    tally.milliseconds += performance.now() - start;
  }
};

/** A tally of nothing. */
export const emptyTally = ({ name }: Target): Tally => ({
  target: name,
  inputs: 0,
  accepted: 0,
  refused: 0,
  milliseconds: 0,
  slowest: { index: 0, milliseconds: 0 },
});

/** Tries the targets in turn, each by its weight, so that a longer run begins with all of a shorter one. */
export const fuzz = async (
  targets: ReadonlyArray<Target>,
  { seed, runs, seconds }: Plan,
  found: (finding: Finding) => void,
  at: At = () => {},
  halfway: () => void = () => {},
): Promise<ReadonlyArray<Tally>> => {
  const tallies = targets.map(emptyTally);
  const faults = targets.map(() => 0);
  const end = performance.now() + seconds * 1000;
  const half = performance.now() + seconds * 500;
  let tried = 0;
  let pastHalf = false;
  const over = () => tried >= runs || performance.now() >= end;
  while (!over() && faults.some((n) => n < ENOUGH)) {
    for (const [i, target] of targets.entries()) {
      const tally = tallies[i]!;
      for (let n = 0; n < target.weight && faults[i]! < ENOUGH && !over(); n++) {
        at(i, tally.inputs);
        const finding = await tryOne(target, seed, tally.inputs, tally);
        tried++;
        if (!finding) continue;
        faults[i]!++;
        found(finding);
      }
    }
    if (!pastHalf && (tried >= runs / 2 || performance.now() >= half)) {
      pastHalf = true;
      halfway();
    }
  }
  return tallies;
};
