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

/** Runs a program. SIGINT and SIGTERM end it normally, with exit code 0. */
export const run = async <E>(
  make: () => Effect.Effect<void, E>,
  complain: (error: unknown) => void = (error) => console.error(explained(error)),
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
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  const exit = await Effect.runPromise(Fiber.await(fiber));
  Deno.removeSignalListener("SIGINT", stop);
  Deno.removeSignalListener("SIGTERM", stop);
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return;
  complain(Cause.squash(exit.cause));
  Deno.exitCode = 1;
};
