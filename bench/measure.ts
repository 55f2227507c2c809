/** Measures ratios within one run. @module */

/** One figure: the cost of `name` relative to what it is compared with. */
export interface Figure {
  readonly name: string;
  /** The median of all rounds' ratios, and the quartiles. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly unit: string;
}

const at = (sorted: ReadonlyArray<number>, q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!;

/** The microseconds of one call, averaged over enough calls to fill `milliseconds`. */
const time = (run: () => void, milliseconds: number): number => {
  const start = performance.now();
  let calls = 0;
  let now = start;
  do {
    run();
    calls++;
    now = performance.now();
  } while (now - start < milliseconds);
  return (now - start) * 1000 / calls;
};

/** The raw measurements of a figure. */
export interface Options {
  readonly rounds?: number;
  /** The measurements of both sides, for each round. */
  readonly milliseconds?: number;
  /**
   * How many milliseconds to run each side before the first round: long code needs a thousand runs until it is
   * optimized.
   */
  readonly warmup?: number;
}

const sample = (
  ours: () => void,
  bare: () => void,
  of: (ours: number, bare: number) => number,
  { rounds = 15, milliseconds = 40, warmup = 2 * milliseconds }: Options,
): ReadonlyArray<number> => {
  time(ours, warmup);
  time(bare, warmup);
  const once = () => of(time(ours, milliseconds), time(bare, milliseconds));
  return Array.from({ length: rounds }, once).toSorted((a, b) => a - b);
};

const figure = (name: string, unit: string, sorted: ReadonlyArray<number>): Figure => ({
  name,
  ratio: at(sorted, 0.5),
  low: at(sorted, 0.25),
  high: at(sorted, 0.75),
  unit,
});

/** Measures how many times as long `ours` takes as `bare`, both in each round. */
export const ratio = (
  name: string,
  unit: string,
  ours: () => void,
  bare: () => void,
  options: Options = {},
): Figure => figure(name, unit, sample(ours, bare, (ours, bare) => ours / bare, options));

/** Measures how many microseconds more than `bare` `ours` takes, both in each round. */
export const beyond = (
  name: string,
  unit: string,
  ours: () => void,
  bare: () => void,
  parts: number,
  options: Options = {},
): Figure => figure(name, unit, sample(ours, bare, (ours, bare) => (ours - bare) / parts, options));

/** The same for what may be asynchronous: how many times as long `ours` takes as `bare`. */
export const ratioOfAsync = (
  name: string,
  unit: string,
  ours: () => Promise<unknown>,
  bare: () => Promise<unknown>,
  milliseconds = 60,
): Promise<Figure> =>
  ratioOf(name, unit, async () => await timeAsync(ours, milliseconds) / await timeAsync(bare, milliseconds));

const timeAsync = async (run: () => Promise<unknown>, milliseconds: number): Promise<number> => {
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < milliseconds) {
    await run();
    calls++;
  }
  return (performance.now() - start) / calls;
};

/** Repeats `measure` for several rounds. */
export const ratioOf = async (
  name: string,
  unit: string,
  measure: () => number | Promise<number>,
  rounds = 7,
): Promise<Figure> => {
  await measure(); // warm
  const found: Array<number> = [];
  for (let i = 0; i < rounds; i++) found.push(await measure());
  return figure(name, unit, found.toSorted((a, b) => a - b));
};
