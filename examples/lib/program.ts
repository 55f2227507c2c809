/** How a program starts, logs and exits: with 0 for success, 1 for a failure, 2 for wrong usage. @module */
import * as Cause from "npm:effect@^3.22.4/Cause";
import * as Effect from "npm:effect@^3.22.4/Effect";
import * as Exit from "npm:effect@^3.22.4/Exit";
import * as Fiber from "npm:effect@^3.22.4/Fiber";
import * as Logger from "npm:effect@^3.22.4/Logger";
import { UsageError } from "./flags.ts";
import { Errors } from "../../mod.ts";
import { explained } from "./report.ts";

/** Logs go to stderr, so that stdout has only the program's output. */
const logs = Logger.replace(
  Logger.defaultLogger,
  Logger.withConsoleError(Logger.map(Logger.logfmtLogger, Errors.printable)),
);

/** A signal that ends a program. */
type Ending = "SIGINT" | "SIGTERM";

/** Ends when a signal comes. */
export const signalled = (signal: Ending): Effect.Effect<void> =>
  Effect.async((resume) => {
    const tell = () => resume(Effect.void);
    Deno.addSignalListener(signal, tell);
    return Effect.sync(() => Deno.removeSignalListener(signal, tell));
  });

/** Runs a program. The signals, SIGINT and SIGTERM unless given, end it at once and normally, with exit code 0. */
export const run = async <E>(
  make: () => Effect.Effect<void, E>,
  { complain = (error) => console.error(explained(error)), endings = ["SIGINT", "SIGTERM"] }: {
    readonly complain?: (error: unknown) => void;
    readonly endings?: ReadonlyArray<Ending>;
  } = {},
): Promise<void> => {
  let program: Effect.Effect<void, E>;
  try {
    program = make();
  } catch (e) {
    if (!(e instanceof UsageError)) throw e;
    console.error(Errors.printable(`${e.message.replaceAll("\n", " ")} (see --help)`));
    Deno.exit(2);
  }
  const fiber = Effect.runFork(Effect.provide(program, logs));
  const stop = () => void Effect.runFork(Fiber.interrupt(fiber));
  endings.forEach((signal) => Deno.addSignalListener(signal, stop));
  const exit = await Effect.runPromise(Fiber.await(fiber));
  endings.forEach((signal) => Deno.removeSignalListener(signal, stop));
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return;
  complain(Cause.squash(exit.cause));
  Deno.exitCode = 1;
};
