/** Fibers that are run one step at a time, so that one of them can be interrupted at each. @module */
import { Effect, type Fiber, FiberId } from "../deps.ts";

/** Runs nothing by itself. A step is a task: a fiber yields after every few operations. */
export class Steps {
  #tasks: Array<() => void> = [];
  /** A fiber that yields only where it waits. */
  whole: Fiber.RuntimeFiber<unknown, unknown> | undefined;
  constructor(readonly operations: number = OPERATIONS) {}
  scheduleTask(task: () => void): void {
    this.#tasks.push(task);
  }
  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    return fiber.currentOpCount > this.operations && fiber !== this.whole ? 0 : false;
  }
  /** One step; `false` when there is nothing to do. */
  step(): boolean {
    const task = this.#tasks.shift();
    task?.();
    return task !== undefined;
  }
}

/** Few, so that an interruption falls between any two parts of what is tested; yielding itself takes a dozen. */
const OPERATIONS = 24;

/** Lets what waits for the event loop happen: last words are no business of a scheduler. */
const breathe = () =>
  new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });

/** Runs until nothing is left to do, or all wait for what does not come. */
export const toEnd = async (steps: Steps): Promise<void> => {
  for (let idle = 0; idle < 2;) {
    let did = false;
    while (steps.step()) did = true;
    await breathe();
    idle = did ? 0 : idle + 1;
  }
};

/** Effects beside each other. */
export type Scene = Readonly<Record<string, Effect.Effect<unknown, unknown>>>;

/** What became of a scene. */
export interface Outcome {
  /** Whether there was such a step, and the target had not ended before it. */
  readonly hit: boolean;
  readonly ended: Readonly<Record<string, boolean>>;
  /** Runs something else to its end, where the scene's own fibers still are; fails when it has none. */
  readonly go: <A, E>(effect: Effect.Effect<A, E>) => Promise<A>;
}

/**
 * Runs a scene's effects at once. At step `at` the one named `target` is interrupted; then all go on until they end or
 * wait for something that does not come, and are interrupted then. `whole`: the target yields only where it waits; for
 * Effect drops what an interrupted fiber was just given, which no effect can help.
 */
export const interruptedAt = async (
  scene: Scene,
  target: string,
  at: number,
  { whole = false } = {},
): Promise<Outcome> => {
  const steps = new Steps();
  const run = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.runFork(Effect.exit(effect), { scheduler: steps, immediate: false });
  const fibers = Object.entries(scene).map(([name, effect]) => [name, run(effect)] as const);
  const aim = fibers.find(([name]) => name === target)![1];
  if (whole) steps.whole = aim;
  let busy = true;
  for (let i = 0; i < at && busy; i++) busy = steps.step();
  const hit = busy && aim.unsafePoll() === null;
  if (hit) aim.unsafeInterruptAsFork(FiberId.none);
  await toEnd(steps);
  const ended = Object.fromEntries(fibers.map(([name, fiber]) => [name, fiber.unsafePoll() !== null]));
  for (const [, fiber] of fibers) fiber.unsafeInterruptAsFork(FiberId.none);
  await toEnd(steps);
  const go: Outcome["go"] = async (effect) => {
    const fiber = run(effect);
    await toEnd(steps);
    const exit = fiber.unsafePoll();
    if (exit === null) throw new Error("it has no end");
    return Effect.runSync(Effect.flatten(exit));
  };
  return { hit, ended, go };
};
