/** Targets that cannot bear their inputs: they show that the fuzzer finds something. Only who names them meets them. @module */
import type { Target } from "./target.ts";

/** How their names begin. */
export const SELF_CHECK = "self-check/";

/** One that fails every third time or so, and one that never ends. */
export const faulty: ReadonlyArray<Target> = [
  {
    name: `${SELF_CHECK}fault`,
    weight: 10,
    draw: (random) => [random.bytes(4)],
    run: ([bytes]) => {
      if (bytes![0]! < 85) throw new Error("it cannot bear this");
      return "accepted";
    },
  },
  {
    name: `${SELF_CHECK}hang`,
    weight: 1,
    draw: (random) => [random.bytes(4)],
    run: ([bytes]) => {
      while (bytes!.length > 0) { /* for ever */ }
      return "accepted";
    },
  },
];
