/** Everything that is fuzzed. @module */
import { corpus } from "./corpus.ts";
import { decoders } from "./decoders.ts";
import { records } from "./records.ts";
import { replays } from "./replays.ts";
import { engines } from "./scenes.ts";
import { outside } from "./stored.ts";
import { faulty, SELF_CHECK } from "./self_check.ts";
import type { Target } from "./target.ts";
import { trust } from "./trust.ts";
import { x509 } from "./x509.ts";

/** All targets; those of a corpus where it is there. */
export const targets: ReadonlyArray<Target> = [
  ...decoders,
  ...records,
  ...x509,
  ...trust,
  ...outside,
  ...replays,
  ...engines,
  ...corpus().targets,
];

/** Those whose names begin so. */
export const targetsOf = (prefix: string): ReadonlyArray<Target> =>
  (prefix.startsWith(SELF_CHECK) ? faulty : targets).filter(({ name }) => name.startsWith(prefix));
