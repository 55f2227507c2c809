/** The timeout of a socket as Node has it: it tells of idle time, and ends nothing by itself. @module */
import { clearTimeout, setTimeout } from "./deps.ts";

/** Counts the time in which nothing happened. */
export interface Idle {
  /** The time after which it tells, in milliseconds; 0 for never. */
  readonly after: () => number;
  /** Sets the time, and starts to count. */
  readonly set: (milliseconds: number) => void;
  /** Something happened: counts from the start. */
  readonly moved: () => void;
  /** Counts no more. */
  readonly stop: () => void;
}

/** Calls `told` whenever nothing has happened for the time that was set. It keeps no program alive. */
export const makeIdle = (told: () => void): Idle => {
  let after = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const moved = () => {
    clearTimeout(timer);
    timer = after > 0 ? setTimeout(told, after).unref() : undefined;
  };
  return {
    after: () => after,
    set: (milliseconds) => {
      after = milliseconds;
      moved();
    },
    moved,
    stop: () => clearTimeout(timer),
  };
};
