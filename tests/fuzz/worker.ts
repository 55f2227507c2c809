/** The fuzzer in a thread of its own: whoever started it can see when an input takes for ever. @module */
import { emptyTally, type Finding, fuzz, type Plan, type Tally, tryOne } from "./run.ts";
import { targetsOf } from "./targets.ts";

/** What the thread is to do. */
export interface Order extends Plan {
  /** The beginning of the names of the targets. */
  readonly only: string;
  /** One input alone. */
  readonly index: number | undefined;
  /** Number of the target that is tried, and of its input: two numbers of 32 bits. */
  readonly where: SharedArrayBuffer;
}

/** What it says. */
export type Word =
  | { readonly _tag: "targets"; readonly names: ReadonlyArray<string> }
  | { readonly _tag: "finding"; readonly finding: Finding }
  | { readonly _tag: "end"; readonly tallies: ReadonlyArray<Tally>; readonly grown: number | undefined };

const say = (word: Word): void => self.postMessage(word);

/** Bytes that are held, once all that can go is gone; `undefined` without `--v8-flags=--expose-gc`. */
const held = (): number | undefined => {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (!gc) return undefined;
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
};

declare const self: {
  onmessage: (event: MessageEvent<Order>) => void;
  postMessage: (word: Word) => void;
};

self.onmessage = async ({ data: { only, index, where, ...plan } }) => {
  const chosen = targetsOf(only);
  say({ _tag: "targets", names: chosen.map(({ name }) => name) });
  const stand = new Int32Array(where);
  const at = (target: number, input: number) => {
    Atomics.store(stand, 0, target);
    Atomics.store(stand, 1, input);
  };
  if (index !== undefined) {
    const tallies = chosen.map(emptyTally);
    for (const [i, target] of chosen.entries()) {
      at(i, index);
      const finding = await tryOne(target, plan.seed, index, tallies[i]!);
      if (finding) say({ _tag: "finding", finding });
    }
    return say({ _tag: "end", tallies, grown: undefined });
  }
  let before: number | undefined;
  const tallies = await fuzz(
    chosen,
    plan,
    (finding) => say({ _tag: "finding", finding }),
    at,
    () => void (before = held()),
  );
  const after = held();
  say({
    _tag: "end",
    tallies,
    grown: before === undefined || after === undefined ? undefined : after - before,
  });
};
